export type { Identity } from "./identity.ts";
export { identityOf } from "./identity.ts";
export type { RunHereOptions } from "./runHere.ts";
export { runStepHere } from "./runHere.ts";
export { runMultiprocessJobs } from "./runMultiprocessJobs.ts";
export type {
  BatchContext,
  BatchFunction,
  BatchResult,
  Checkpoint,
  CollectContext,
  IdentityParts,
  Json,
  Phase,
  Step,
  StoredResult,
} from "./step.ts";
export type { JobTarget } from "./target.ts";
