export type { BoxPlace, SamplePlan, SampleSize, SampleTypes } from "./samplePlan.ts";
export { createSampler, samplePlan } from "./samplePlan.ts";
