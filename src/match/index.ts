export type { Mtf } from "../optics/index.ts";
export type { CoarseMatchOptions, CoarsePass, CoarseReport } from "./coarse/coarseProgram.ts";
export { runCoarseMatch } from "./coarse/coarseProgram.ts";
export type { CandidateOptions } from "./coarse/coarseSearch.ts";
export type {
  MatchFilters,
  MatchOptics,
  MatchSettings,
  ResultPaths,
  SearchSpace,
  SettingsOptions,
} from "./config/config.ts";
export { parseMatchSettings, searchSpace, toMatchSettings } from "./config/config.ts";
export type { ConfigProgram, ProgramConfig, ProgramYaml } from "./config/configPrograms.ts";
export { CONFIG_PROGRAMS, parseConfig, readConfig } from "./config/configPrograms.ts";
export type { MatchTemplateYaml, SearchTotals } from "./config/configSchema.ts";
export { formatMatchConfig, parseMatchConfig } from "./config/configSchema.ts";
export type { MtfFile } from "./config/mtfFile.ts";
export { readMtf, readMtfFile } from "./config/mtfFile.ts";
export type { MovieSettings } from "./config/refineConfig.ts";
export type { ConfigFormat } from "./config/writeConfig.ts";
export { configFormat, formatConfig, writeConfig } from "./config/writeConfig.ts";
export type { BoxOptions, BoxPosition } from "./particles/boxes.ts";
export { extractBoxes } from "./particles/boxes.ts";
export type {
  CompareOptions,
  ParticleComparison,
  ParticleMatch,
  ParticlePose,
  TableComparison,
  TableParticle,
} from "./particles/compareParticles.ts";
export { compareParticles, compareParticleTables } from "./particles/compareParticles.ts";
export type { ConvertParticlesOptions } from "./particles/convertParticles.ts";
export { convertParticles } from "./particles/convertParticles.ts";
export type { ParticleStack, StackParticle } from "./particles/particleStack.ts";
export { readParticleStack } from "./particles/particleStack.ts";
export type { ParticleTable, ParticleValues, ResultMaps, SearchFacts } from "./particles/particles.ts";
export { PARTICLE_COLUMNS, particleTable, valuesAtPeaks, writeParticles } from "./particles/particles.ts";
export { particlesToStar } from "./particles/particlesToStar.ts";
export type { StarToParticlesOptions } from "./particles/starToParticles.ts";
export { starToParticles } from "./particles/starToParticles.ts";
export type { Peak, ScoreMap } from "./peaks/peaks.ts";
export { findPeaks, gaussianCutoff } from "./peaks/peaks.ts";
export type { PeakChoice } from "./peaks/peaksChoice.ts";
export type { NoiseTail } from "./peaks/peaksFdr.ts";
export { findPeaksByFdr, fitNoiseTail, noisePeakChance } from "./peaks/peaksFdr.ts";
export type { GevDistribution } from "./peaks/peaksGev.ts";
export { fitGev, gevCutoff, gevQuantileAbove } from "./peaks/peaksGev.ts";
export type { PValueMaps } from "./peaks/peaksPvalue.ts";
export { findPeaksByPValue, pValueMap } from "./peaks/peaksPvalue.ts";
export type { Canvas } from "./picture/canvas.ts";
export type { SearchPicture } from "./picture/picture.ts";
export { drawSearchPicture } from "./picture/picture.ts";
export type { ConstrainedOptions, ConstrainedReport } from "./refine/constrainedProgram.ts";
export { runConstrainedSearch } from "./refine/constrainedProgram.ts";
export type { ExtractOptions, ExtractReport } from "./refine/extractProgram.ts";
export { extractParticles } from "./refine/extractProgram.ts";
export type { GradientOptions, GradientParticle, GradientRange } from "./refine/gradient.ts";
export { GRADIENT_SLICES, refineByGradient } from "./refine/gradient.ts";
export type { GradientMode } from "./refine/gradientProgram.ts";
export type { Movie } from "./refine/movie.ts";
export type { ParticleMovie } from "./refine/movieBoxes.ts";
export type { MoviePlaces } from "./refine/movieShifts.ts";
export { openParticleMovie } from "./refine/movieShifts.ts";
export type { BFactorOptions, BFactorReport, BFactorTrial } from "./refine/optimizeBFactor.ts";
export { B_FACTOR_METRICS, runOptimizeBFactor } from "./refine/optimizeBFactor.ts";
export type {
  OptimizeTemplateOptions,
  OptimizeTemplateTask,
  PixelSizeScan,
  PixelSizeTrial,
  TemplateTrial,
} from "./refine/optimizeTemplate.ts";
export { optimizeTemplate } from "./refine/optimizeTemplate.ts";
export type { ParticleChoice } from "./refine/optimizeTemplateChoice.ts";
export type {
  OptimizeTemplateProgramOptions,
  OptimizeTemplateReport,
} from "./refine/optimizeTemplateProgram.ts";
export { runOptimizeTemplate } from "./refine/optimizeTemplateProgram.ts";
export type { RefinedParticle, RefineOptions, RefineTask } from "./refine/refine.ts";
export { refineParticles } from "./refine/refine.ts";
export type { RefineProgramOptions, RefineReport, RunRefineOptions } from "./refine/refineProgram.ts";
export { runRefine } from "./refine/refineProgram.ts";
export { collectMatch } from "./search/collect.ts";
export { LEOPARD_BATCH_SIZES } from "./search/compat.ts";
export type { MatchEstimate } from "./search/estimate.ts";
export { estimateMatch } from "./search/estimate.ts";
export type { MatchOptions } from "./search/matchOptions.ts";
export type { NormalizeOptions, Projections } from "./search/normalize.ts";
export { normalizeTemplateProjection } from "./search/normalize.ts";
export type { Part } from "./search/parts.ts";
export { parsePart } from "./search/parts.ts";
export type { MatchReport } from "./search/program.ts";
export { runMatch } from "./search/program.ts";
export type { MapName, MapSource } from "./search/resultMaps.ts";
export { resultMap } from "./search/resultMaps.ts";
export type { ResultOptions, SearchReport } from "./search/results.ts";
export type { SearchOptions, SearchSize, SliceOptions } from "./search/search.ts";
export { searchSize, TemplateSearch } from "./search/search.ts";
export type { SearchInputs, TemplateSource } from "./search/searchInputs.ts";
export { templateFromVolume } from "./search/searchInputs.ts";
export type { CrossCorrelation, EulerAngles } from "./search/statistics.ts";
export { doIterationStatisticsUpdates, updateGlobalStatistics } from "./search/statistics.ts";
export type { TemplatesReport } from "./search/templatesResults.ts";
export type { PlaceOptions } from "./simulate/placeParticles.ts";
export { placeParticles } from "./simulate/placeParticles.ts";
export { scatterParticles } from "./simulate/scatterParticles.ts";
export type { SearchConfigOptions } from "./simulate/searchConfig.ts";
export { formatSearchConfig } from "./simulate/searchConfig.ts";
export type { MapOptions } from "./simulate/simulateMap.ts";
export { simulateMap } from "./simulate/simulateMap.ts";
export type { PotentialAtom } from "./simulate/simulateMapAtoms.ts";
export { VOLT_ANGSTROM2 } from "./simulate/simulateMapAtoms.ts";
export type { ScatteringFactor } from "./simulate/simulateMapFactors.ts";
export { scatteringFactor } from "./simulate/simulateMapFactors.ts";
export type { MapExposure } from "./simulate/simulateMapFilters.ts";
export { criticalExposure, exposureGain } from "./simulate/simulateMapFilters.ts";
export type { MapProgramOptions, MapReport } from "./simulate/simulateMapProgram.ts";
export { runSimulateMap } from "./simulate/simulateMapProgram.ts";
export type { MicrographOptions, PlantedParticle } from "./simulate/simulateMicrograph.ts";
export { simulateMicrograph } from "./simulate/simulateMicrograph.ts";
export type {
  MapMicrographOptions,
  MicrographNoise,
  SimulatedMicrograph,
} from "./simulate/simulateMicrographOfMap.ts";
export { simulateMicrographOfMap } from "./simulate/simulateMicrographOfMap.ts";
export type { SimulationOptions, SimulationReport } from "./simulate/simulateMicrographProgram.ts";
export { runSimulateMicrograph } from "./simulate/simulateMicrographProgram.ts";
export type { Molecule, MoleculeOptions } from "./simulate/simulateMolecule.ts";
export { simulateMolecule, volumeFromMolecule } from "./simulate/simulateMolecule.ts";
