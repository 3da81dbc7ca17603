export type { BoxOptions, BoxPosition } from "./boxes.ts";
export { extractBoxes } from "./boxes.ts";
export type { Canvas } from "./canvas.ts";
export { collectMatch } from "./collect.ts";
export { LEOPARD_BATCH_SIZES } from "./compat.ts";
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
export type { ConstrainedOptions, ConstrainedReport } from "./constrainedProgram.ts";
export { runConstrainedSearch } from "./constrainedProgram.ts";
export type { ConvertParticlesOptions } from "./convertParticles.ts";
export { convertParticles } from "./convertParticles.ts";
export type { MatchEstimate } from "./estimate.ts";
export { estimateMatch } from "./estimate.ts";
export type { ExtractOptions, ExtractReport } from "./extractProgram.ts";
export { extractParticles } from "./extractProgram.ts";
export type { MatchOptions, SearchProgress } from "./job.ts";
export type { NormalizeOptions, Projections } from "./normalize.ts";
export { normalizeTemplateProjection } from "./normalize.ts";
export type { BFactorOptions, BFactorReport, BFactorTrial } from "./optimizeBFactor.ts";
export { B_FACTOR_METRICS, runOptimizeBFactor } from "./optimizeBFactor.ts";
export type { ParticleStack, StackParticle } from "./particleStack.ts";
export { readParticleStack } from "./particleStack.ts";
export type { ParticleTable, ParticleValues, ResultMaps, SearchFacts } from "./particles.ts";
export { PARTICLE_COLUMNS, particleTable, valuesAtPeaks, writeParticles } from "./particles.ts";
export { particlesToStar } from "./particlesToStar.ts";
export type { Part } from "./parts.ts";
export { parsePart } from "./parts.ts";
export type { Peak, ScoreMap } from "./peaks.ts";
export { findPeaks, gaussianCutoff } from "./peaks.ts";
export type { PeakChoice } from "./peaksChoice.ts";
export type { NoiseTail } from "./peaksFdr.ts";
export { findPeaksByFdr, fitNoiseTail, noisePeakChance } from "./peaksFdr.ts";
export type { GevDistribution } from "./peaksGev.ts";
export { fitGev, gevCutoff, gevQuantileAbove } from "./peaksGev.ts";
export type { PValueMaps } from "./peaksPvalue.ts";
export { findPeaksByPValue, pValueMap } from "./peaksPvalue.ts";
export type { SearchPicture } from "./picture.ts";
export { drawSearchPicture } from "./picture.ts";
export { runMatch } from "./program.ts";
export type { RefinedParticle, RefineOptions, RefineTask } from "./refine.ts";
export { refineParticles } from "./refine.ts";
export type { RefineProgramOptions, RefineReport } from "./refineProgram.ts";
export { runRefine } from "./refineProgram.ts";
export type { MapName, MapSource } from "./resultMaps.ts";
export { resultMap } from "./resultMaps.ts";
export type { ResultOptions, SearchReport } from "./results.ts";
export { scatterParticles } from "./scatterParticles.ts";
export type { SearchOptions, SearchSize, SliceOptions } from "./search.ts";
export { searchSize, TemplateSearch } from "./search.ts";
export type { SearchInputs, TemplateSource } from "./searchInputs.ts";
export { templateFromVolume } from "./searchInputs.ts";
export type { MapOptions } from "./simulateMap.ts";
export { simulateMap } from "./simulateMap.ts";
export type { PotentialAtom } from "./simulateMapAtoms.ts";
export { VOLT_ANGSTROM2 } from "./simulateMapAtoms.ts";
export type { ScatteringFactor } from "./simulateMapFactors.ts";
export { scatteringFactor } from "./simulateMapFactors.ts";
export type { MapExposure } from "./simulateMapFilters.ts";
export { criticalExposure, exposureGain } from "./simulateMapFilters.ts";
export type { Mtf } from "./simulateMapMtf.ts";
export { mtfGain, readMtf } from "./simulateMapMtf.ts";
export type { MicrographOptions, PlantedParticle } from "./simulateMicrograph.ts";
export { simulateMicrograph } from "./simulateMicrograph.ts";
export type { Molecule, MoleculeOptions } from "./simulateMolecule.ts";
export { simulateMolecule, volumeFromMolecule } from "./simulateMolecule.ts";
export type { StarToParticlesOptions } from "./starToParticles.ts";
export { starToParticles } from "./starToParticles.ts";
export type { CrossCorrelation, EulerAngles } from "./statistics.ts";
export { doIterationStatisticsUpdates, updateGlobalStatistics } from "./statistics.ts";
