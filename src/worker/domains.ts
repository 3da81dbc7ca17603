import type { Domains } from "../compute/kernels/index.ts";

/** Every domain that has kernels. A worker loads the one whose job it is given, and no other. */
export const domains: Domains = {
  compute: async () => (await import("../compute/domain.ts")).domain,
  likelihood: async () => (await import("../likelihood/kernels/domain.ts")).domain,
  match: async () => (await import("../match/kernels/domain.ts")).domain,
  pyramid: async () => (await import("../pyramid/kernels/domain.ts")).domain,
  subtomogram: async () => (await import("../subtomogram/kernels/domain.ts")).domain,
};
