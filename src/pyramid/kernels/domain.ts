import type { Domain } from "../../compute/kernels/index.ts";
import { pyramidPhasesJob } from "./registrationPlan.ts";
import { correctionJob, placeJob, tilesJob } from "./tilesJob.ts";

/** What workers load for pyramids. */
export const domain: Domain = {
  jobs: [tilesJob, placeJob, correctionJob, pyramidPhasesJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
