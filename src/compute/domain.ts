import type { Domain } from "./job.ts";
import { phasesJob } from "./phases.ts";

/** What workers load for Fourier transforms, resampling and products of matrices. */
export const domain: Domain = {
  jobs: [phasesJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
