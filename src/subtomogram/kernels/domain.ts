import type { Domain } from "../../compute/kernels/index.ts";
import { sampleJob } from "./sampleJob.ts";

/** What workers load for subtomograms. */
export const domain: Domain = {
  jobs: [sampleJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
