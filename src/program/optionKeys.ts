import type { OptionKeys } from "../io/index.ts";
import type { ProgramOptions } from "./program.ts";

/** Keys that every program takes. */
export const PROGRAM_KEYS: OptionKeys<ProgramOptions> = {
  workers: true,
  signal: true,
  onProgress: true,
  onLog: true,
  onBackend: true,
};
