import type { Domain } from "../../compute/kernels/index.ts";
import { correlateJob, imagesJob, packJob, templatesJob } from "./correlatorJob.ts";
import { sketchJob, sketchSpectraJob } from "./sketchJob.ts";

/** What workers load for likelihoods. */
export const domain: Domain = {
  jobs: [templatesJob, imagesJob, packJob, correlateJob, sketchJob, sketchSpectraJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
