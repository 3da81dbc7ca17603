export type { NormalizeOptions, Projections } from "./normalize.ts";
export { normalizeTemplateProjection } from "./normalize.ts";
export type { Peak, ScoreMap } from "./peaks.ts";
export { findPeaks, gaussianCutoff } from "./peaks.ts";
export type { CrossCorrelation, EulerAngles } from "./statistics.ts";
export { doIterationStatisticsUpdates, updateGlobalStatistics } from "./statistics.ts";
