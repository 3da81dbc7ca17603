export type { Canvas } from "./canvas.ts";
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
export type { ParticleTable, ResultMaps, SearchFacts } from "./particles.ts";
export { PARTICLE_COLUMNS, particleTable, writeParticles } from "./particles.ts";
export type { Peak, ScoreMap } from "./peaks.ts";
export { findPeaks, gaussianCutoff } from "./peaks.ts";
export type { SearchPicture } from "./picture.ts";
export { drawSearchPicture } from "./picture.ts";
export { scatterParticles } from "./scatterParticles.ts";
export type { MicrographOptions, PlantedParticle } from "./simulateMicrograph.ts";
export { simulateMicrograph } from "./simulateMicrograph.ts";
export type { Molecule, MoleculeOptions } from "./simulateMolecule.ts";
export { simulateMolecule, volumeFromMolecule } from "./simulateMolecule.ts";
export type { CrossCorrelation, EulerAngles } from "./statistics.ts";
export { doIterationStatisticsUpdates, updateGlobalStatistics } from "./statistics.ts";
