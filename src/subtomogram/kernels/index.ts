export type { AlignMethod, AlignSize } from "./alignLayout.ts";
export { alignLayout } from "./alignLayout.ts";
export type { AlignOutcome, AlignPlan, AlignTypes, AlignWork, PrepareWork } from "./alignPlan.ts";
export { alignPlan, createAlignment } from "./alignPlan.ts";
export { LOW_PASS_CORNER } from "./filters.ts";
export type { Peak, PeakSearch } from "./peak.ts";
export { refinePeak, roundHalfEven, splineCoefficients } from "./peak.ts";
export type { BoxPlace, RegionView, SamplePlan, SampleSize, SampleTypes } from "./samplePlan.ts";
export { createSampler, samplePlan } from "./samplePlan.ts";
