import type { Domain } from "../../compute/kernels/index.ts";
import { boxJob } from "./boxJob.ts";
import { correlationJob, matchPhasesJob } from "./correlationJob.ts";
import { poseJob } from "./poseJob.ts";

/** What workers load for template matching. */
export const domain: Domain = {
  jobs: [matchPhasesJob, correlationJob, boxJob, poseJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
