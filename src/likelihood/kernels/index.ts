export type { Basis } from "./basis.ts";
export { basisDepth } from "./basis.ts";
export type { Kept } from "./blocks.ts";
export { depthOf, evenCount } from "./correlatorLayout.ts";
export { correlatorPlan, createCorrelator } from "./correlatorPlan.ts";
export type {
  BestOfImage,
  CorrelatorOutcome,
  CorrelatorPlan,
  CorrelatorSize,
  ModelNumbers,
} from "./correlatorTypes.ts";
export type { KernelPrecision } from "./precision.ts";
export type { Summand } from "./sketchJob.ts";
export type { FrequencyVectors, SketchPlan, SketchSize } from "./sketchPlan.ts";
export { createSketch, sketchPlan } from "./sketchPlan.ts";
export type { SlicesPlan, SlicesSize } from "./slicesPlan.ts";
export { createSlices, slicesPlan } from "./slicesPlan.ts";
