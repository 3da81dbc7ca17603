export type { BatchPlace } from "./batchFiles.ts";
export { cleanupStep } from "./cleanup.ts";
export { memoryPerCore } from "./coreShare.ts";
export type { Engine, EngineOptions, LocalEngine, SlurmEngine } from "./engine.ts";
export { ENGINE_KEYS } from "./engine.ts";
export type { Identity } from "./identity.ts";
export { identityOf } from "./identity.ts";
export type { StepPlace } from "./initStep.ts";
export { initStep } from "./initStep.ts";
export type { PhaseRecord, StepFolder, StepRecord } from "./layout.ts";
export { readStepFolder } from "./layout.ts";
export type { RunBatchOptions } from "./runBatch.ts";
export { runBatch } from "./runBatch.ts";
export type { RunHereOptions } from "./runHere.ts";
export { runStepHere } from "./runHere.ts";
export { runMultiprocessJobs } from "./runMultiprocessJobs.ts";
export type { RunStepOptions } from "./runStep.ts";
export { collectStep, collectStepFolder, resubmitStep, runStep, submitStep } from "./runStep.ts";
export type { BatchInfo, BatchState, PhaseInfo, StepInfo } from "./states.ts";
export { BATCH_STATES, readStepBatch, stepInfo, stepLog } from "./states.ts";
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
export { changeStepOptions } from "./stepOptions.ts";
export type { JobTarget } from "./target.ts";
