export type {
  MatchFilters,
  MatchOptics,
  MatchSettings,
  ResultPaths,
  SearchSpace,
  SettingsOptions,
} from "./config.ts";
export { parseMatchSettings, searchSpace, toMatchSettings } from "./config.ts";
export type { MatchTemplateYaml, SearchTotals } from "./configSchema.ts";
export { formatMatchConfig, parseMatchConfig } from "./configSchema.ts";
export type { NormalizeOptions, Projections } from "./normalize.ts";
export { normalizeTemplateProjection } from "./normalize.ts";
export type { Peak, ScoreMap } from "./peaks.ts";
export { findPeaks, gaussianCutoff } from "./peaks.ts";
export type { CrossCorrelation, EulerAngles } from "./statistics.ts";
export { doIterationStatisticsUpdates, updateGlobalStatistics } from "./statistics.ts";
