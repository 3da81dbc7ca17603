import type { Domain } from "../../compute/kernels/index.ts";
import { alignJob, spectraJob } from "./alignJob.ts";
import { insertJob } from "./insertJob.ts";
import { prepareJob, wedgeJob } from "./prepareJob.ts";
import { sampleJob } from "./sampleJob.ts";
import { wedgeSumJob } from "./wedgeSumJob.ts";

/** What workers load for subtomograms. */
export const domain: Domain = {
  jobs: [alignJob, spectraJob, prepareJob, wedgeJob, sampleJob, insertJob, wedgeSumJob],
  kernels: {
    plain: new URL("./kernels.wasm", import.meta.url),
    relaxed: new URL("./kernels.relaxed.wasm", import.meta.url),
  },
};
