import type { Domain } from "../../compute/kernels/index.ts";
import { correlateJob, imagesJob, packJob, templatesJob } from "./correlatorJob.ts";
import { sketchJob, sketchSpectraJob } from "./sketchJob.ts";
import { slicesJob } from "./slicesJob.ts";

/** What workers load for likelihoods. */
export const domain: Domain = {
  jobs: [templatesJob, imagesJob, packJob, correlateJob, sketchJob, sketchSpectraJob, slicesJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
