import type { Domain } from "../../compute/kernels/index.ts";
import { boxMapJob } from "./boxJob.ts";
import { correlationJob, matchPhasesJob } from "./correlationJob.ts";
import { poseJob } from "./poseJob.ts";
import { productJob } from "./productJob.ts";

/** What workers load for template matching. */
export const domain: Domain = {
  jobs: [matchPhasesJob, correlationJob, boxMapJob, productJob, poseJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
