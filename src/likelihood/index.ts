export type { BasisOptions } from "./compression/findBasis.ts";
export { findBasis } from "./compression/findBasis.ts";
export type {
  Aggregation,
  Comparator,
  ComparatorOptions,
  ComparatorRequest,
  ComparatorResult,
  CrossCorrelation,
  IntegratedOptions,
  OptimalDisplacement,
  OptimalDisplacementAndRotation,
  OptimalPose,
  OptimalRotation,
  PoseNames,
} from "./correlation/comparators.ts";
export {
  compareWith,
  completeCorrelation,
  computeCrossCorrelation,
  computeCrossCorrelationComplete,
  computeOptimalDisplacement,
  computeOptimalDisplacementAndRotation,
  computeOptimalPose,
  computeOptimalRotation,
  computeTemplateNorms,
  optimalDisplacement,
  optimalDisplacementAndRotation,
  optimalPose,
  optimalRotation,
  templateFirstComparator,
} from "./correlation/comparators.ts";
export type {
  Compared,
  ComparedPart,
  Comparison,
  ComparisonVisitor,
  IntegralModel,
} from "./correlation/comparison.ts";
export type { CompareMethod, PreparedTemplates } from "./correlation/prepared.ts";
export { prepareTemplates } from "./correlation/prepared.ts";
export type { ImageSide, TemplateSide } from "./correlation/sides.ts";
export { polarNorms } from "./correlation/sides.ts";
export type { AtomShape, ImageDescriptor, IndividualValues, Xy } from "./descriptor/descriptor.ts";
export {
  fromIndividualValues,
  incompatibilities,
  isCompatibleWith,
  withPixelSize,
} from "./descriptor/descriptor.ts";
export { ensureDescriptor, readImageDescriptor, writeImageDescriptor } from "./descriptor/descriptorFile.ts";
export type { DisplacementOptions, Displacer, TemplateStack } from "./displacements/configureDisplacement.ts";
export { configureDisplacement } from "./displacements/configureDisplacement.ts";
export type { EnsembleInputs, ParticleEnsembleOptions } from "./ensembles/fromParticles.ts";
export { runParticleEnsemble } from "./ensembles/fromParticles.ts";
export type { EnsembleReport, RunEnsembleOptions } from "./ensembles/program.ts";
export { runEnsemble } from "./ensembles/program.ts";
export type { RankedStructure, RankingOptions } from "./ensembles/ranking.ts";
export { imagePosteriors, rankStructures } from "./ensembles/ranking.ts";
export type { EnsembleOptions, EnsembleWeights, LikelihoodMatrix } from "./ensembles/weights.ts";
export { ensembleWeights } from "./ensembles/weights.ts";
export type { LikelihoodPaths, ParticleStackPaths } from "./files.ts";
export {
  displacementsPath,
  likelihoodPaths,
  particleStackPaths,
  templateListPath,
  templatesPath,
} from "./files.ts";
export type { Modes, NufftOptions } from "./fourier/nufft.ts";
export { nufftType1, nufftType2 } from "./fourier/nufft.ts";
export type { PointAxes } from "./fourier/points.ts";
export type { PolarTransform, PolarTransformOptions } from "./fourier/polarTransform.ts";
export { createPolarTransform } from "./fourier/polarTransform.ts";
export type { PossibleDisplacements } from "./grid/displacements.ts";
export { getPossibleDisplacements } from "./grid/displacements.ts";
export type {
  NonUniformPolarGrid,
  PolarGrid,
  PolarGridOptions,
  PolarQuadrature,
  PolarShells,
  UserShells,
} from "./grid/polarGrid.ts";
export { createNonUniformPolarGrid, createPolarGrid } from "./grid/polarGrid.ts";
export type { Displacements, MaskFunction, PolarMask, PolarPoints } from "./grid/polarValues.ts";
export {
  integratePolar,
  pointWeights,
  polarMask,
  polarPoints,
  shellResolutionsA,
  translationKernel,
} from "./grid/polarValues.ts";
export type {
  SphereGrid,
  SphereGridOptions,
  SpherePoints,
  SphereSampling,
  SphereShell,
  SphereShellOptions,
} from "./grid/sphereGrid.ts";
export { createSphereGrid, createSphereShell, integrateSphere } from "./grid/sphereGrid.ts";
export type { ViewingAngleLists, ViewingAngles } from "./grid/viewingAngles.ts";
export { viewingAnglesFromDistance, viewingAnglesFromLists } from "./grid/viewingAngles.ts";
export type { NormOrder } from "./images/norms.ts";
export type { CenteredImages, NoisyImages, NormalizedImages, PhysicalSize, Snr } from "./images/physical.ts";
export {
  addNoisePhysical,
  centerPhysicalImages,
  changeImagesPhysSize,
  downsamplePhysicalImages,
  filterPaddedImages,
  normalizePhysicalImages,
} from "./images/physical.ts";
export type { PowerSpectrum } from "./images/polar.ts";
export {
  addNoisePolar,
  displacePolarImages,
  normalizePolarImages,
  powerSpectrum,
  rotatePolarImages,
  selectImages,
} from "./images/polar.ts";
export type { AnglesFrom, Lens, PolarCtf, PolarCtfOptions } from "./images/polarCtf.ts";
export { polarCtf } from "./images/polarCtf.ts";
export type { VarianceScalingOptions } from "./images/varianceScaling.ts";
export { varianceScaling } from "./images/varianceScaling.ts";
export { measureNoisePower, whiten } from "./images/whitening.ts";
export type { MarginalOptions } from "./integrated/integralModel.ts";
export { marginalLogLikelihood } from "./integrated/integralModel.ts";
export type { NoisePowers, NoisePrior, Residual } from "./integrated/noisePrior.ts";
export { noisePowers, residualLogLikelihood, residualOf } from "./integrated/noisePrior.ts";
export type { PosePosteriorOptions } from "./integrated/posePosterior.ts";
export { computePosePosterior } from "./integrated/posePosterior.ts";
export type { LikelyPose, PosePosterior } from "./integrated/poseSums.ts";
export type { ImagePoses, SinglePoseLikelihood } from "./integrated/singlePose.ts";
export { computeLikelihoodOptimalPose } from "./integrated/singlePose.ts";
export type { ConvertParticlesOptions, ParticlesReport, WrittenStack } from "./particles/convert.ts";
export type {
  CryosparcJobOptions,
  IndexedParticlesOptions,
  PairedOptions,
} from "./particles/particleStacks.ts";
export {
  convertParticleStacksFromCryosparcJobDirectory,
  convertParticleStacksFromIndexedCryosparcFile,
  convertParticleStacksFromIndexedStarFile,
  convertParticleStacksFromPairedStarAndMrcFiles,
} from "./particles/particleStacks.ts";
export type { StackMetadata } from "./particles/stackMetadata.ts";
export { readStackMetadata } from "./particles/stackMetadata.ts";
export { drawParticles, drawTemplates } from "./picture/stackPictures.ts";
export type { Precision, RealArray } from "./precision.ts";
export type { ResultFolders } from "./results/resultFolders.ts";
export { findResultFolders, isEnsemble, isLikelihoodRun } from "./results/resultFolders.ts";
export type { RunResults, StructurePoses, StructureWeights } from "./results/runResults.ts";
export {
  readEnsembleWeights,
  readRanking,
  readRunResults,
  structureNames,
  structurePosteriors,
} from "./results/runResults.ts";
export type { PairFolders, PairReader, SeenPair } from "./results/seenPairs.ts";
export { openPairs, viewPosterior } from "./results/seenPairs.ts";
export type { LikelihoodFiles, LikelihoodFilesOptions } from "./runs/fileManager.ts";
export { configureLikelihoodFiles } from "./runs/fileManager.ts";
export { joinReports } from "./runs/likelihoodBatch.ts";
export type { LikelihoodChoices, LikelihoodStep, LikelihoodStepOptions } from "./runs/likelihoodStep.ts";
export { likelihoodStep } from "./runs/likelihoodStep.ts";
export type { LikelihoodReport, RunLikelihoodOptions, StackReport } from "./runs/runLikelihood.ts";
export { runLikelihoodFullCrossCorrelation, runLikelihoodOptimalPose } from "./runs/runLikelihood.ts";
export type { StitchOptions, StitchReport } from "./runs/stitch.ts";
export { stitchLogLikelihoodMatrices } from "./runs/stitch.ts";
export { readTemplateList } from "./runs/templateList.ts";
export type { PhysicalStack, PolarStack } from "./stacks.ts";
export type { AtomicModel, AtomRules, ModelWithWarnings } from "./templates/atomicModel.ts";
export { atomicModel } from "./templates/atomicModel.ts";
export type { AtomTemplateOptions } from "./templates/fromAtoms.ts";
export { templatesFromAtoms } from "./templates/fromAtoms.ts";
export type { TransformFunction } from "./templates/fromFunction.ts";
export { generateFromFunction } from "./templates/fromFunction.ts";
export type { VolumeTemplateOptions } from "./templates/fromVolume.ts";
export { templatesFromVolume } from "./templates/fromVolume.ts";
export type { TemplateDescriptor, TemplateOptions } from "./templates/makeStack.ts";
export type {
  MadeTemplates,
  MakeTemplatesOptions,
  TemplateInput,
  TemplatesReport,
} from "./templates/makeTemplates.ts";
export { makeTemplatesFromInputs } from "./templates/makeTemplates.ts";
export type { AtomSelector } from "./templates/selection.ts";
export { parseAtomSelection } from "./templates/selection.ts";
