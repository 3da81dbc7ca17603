export type { AlignBatch, AlignReport } from "./align/alignBatch.ts";
export { alignBatch, collectAligned } from "./align/alignBatch.ts";
export type { AlignChoices, AlignModelName } from "./align/alignChoices.ts";
export { ALIGN_MODELS } from "./align/alignChoices.ts";
export type { AlignStep, AlignStepOptions } from "./align/alignStep.ts";
export { alignStep } from "./align/alignStep.ts";
export type { Classes, ClassifyOptions } from "./classify/classify.ts";
export type { ClassifyEmOptions, EmStep } from "./classify/expectation.ts";
export type { PrincipalComponents } from "./classify/pca.ts";
export type { AcryoWiener, CtfImage, CtfParameters, CtfRun, DeconvolveOptions } from "./ctf/ctfModel.ts";
export { CtfModel } from "./ctf/ctfModel.ts";
export type { SharpenOptions } from "./ctf/sharpen.ts";
export { sharpenHalfmaps } from "./ctf/sharpen.ts";
export type {
  MoleculeFormat,
  ReadMoleculesOptions,
  WriteMoleculeFileOptions,
} from "./formats/moleculeFiles.ts";
export { isMoleculeFile, MOLECULE_FORMATS, readMolecules, writeMolecules } from "./formats/moleculeFiles.ts";
export { readTomogramMolecules, type TomogramMoleculesOptions } from "./formats/ofTomogram.ts";
export { type FileEnds, isMoleculesContent } from "./formats/recognise.ts";
export type { RelionCentre } from "./formats/relion.ts";
export type { TomogramOptions, TomogramVolume } from "./formats/tomograms.ts";
export type { AlignMultiOptions, AlignOptions, CompareOptions, LandscapeStack } from "./loaders/align.ts";
export type { ApplyResult, VolumeFunction } from "./loaders/apply.ts";
export type { AverageOptions, AverageParts, AverageSplitOptions, SplitOptions } from "./loaders/averages.ts";
export type { BackProjectionLoaderOptions } from "./loaders/backProjectionLoader.ts";
export { BackProjectionLoader } from "./loaders/backProjectionLoader.ts";
export type { BatchLoaderOptions } from "./loaders/batchLoader.ts";
export { BatchLoader } from "./loaders/batchLoader.ts";
export type { ExtractedLoaderOptions, ExtractOptions } from "./loaders/extractedLoader.ts";
export { ExtractedSubvolumeLoader, extractSubtomograms } from "./loaders/extractedLoader.ts";
export type { FscCurves, FscOptions, FscWithHalfmaps } from "./loaders/fsc.ts";
export type { Grouped, GroupKey, GroupMember } from "./loaders/group.ts";
export { LoaderGroup } from "./loaders/group.ts";
export type { LoaderChanges, VolumeStack } from "./loaders/loader.ts";
export { Loader } from "./loaders/loader.ts";
export type { MockLoaderOptions } from "./loaders/mockLoader.ts";
export { MockLoader } from "./loaders/mockLoader.ts";
export type {
  OrderedLoader,
  SubtomogramLoaderChanges,
  SubtomogramLoaderOptions,
} from "./loaders/subtomogramLoader.ts";
export { SubtomogramLoader } from "./loaders/subtomogramLoader.ts";
export type { LoadOptions, RunChoice, Subvolumes, VolumeRequest } from "./loaders/subvolumes.ts";
export type { Mask, Template } from "./loaders/templates.ts";
export type { ReconstructTomogramOptions, ScoreOnTiltChoices } from "./loaders/tiltSeriesCalls.ts";
export type {
  AlignmentKind,
  AlignmentModel,
  AlignmentResult,
  ComparedPair,
  CustomAlignment,
  FoundShift,
  FourierKind,
  Landscape,
  LandscapeRange,
  ModelCallOptions,
  ModelInput,
  ModelParams,
  PreparedAlignment,
  PreparedLandscapes,
  RotationRange,
  RotationsInput,
  SingleAxisTilt,
  Subtomogram,
  TiltAxis,
  TiltModel,
  TiltRange,
} from "./models/index.ts";
export {
  defineAlignment,
  dualAxis,
  FourierModel,
  FscAlignment,
  NccAlignment,
  noWedge,
  PccAlignment,
  rotationGrid,
  singleAxis,
  toTiltModel,
  wedgeMask,
  ZnccAlignment,
} from "./models/index.ts";
export type { RowsInput } from "./molecules/arrays.ts";
export type { MoleculeAxes } from "./molecules/axes.ts";
export type { MoleculeColumns, WriteMoleculesOptions } from "./molecules/csv.ts";
export { isMoleculesTable, parseMoleculesCsv, readMoleculesCsv, writeMoleculesCsv } from "./molecules/csv.ts";
export type { EulerAngles, EulerOrder, EulerSequence } from "./molecules/euler.ts";
export type { FeatureInput, FeatureRow, Features, FeatureValue } from "./molecules/features.ts";
export type { CutEdges } from "./molecules/molecules.ts";
export { Molecules } from "./molecules/molecules.ts";
export { dropNeighbours } from "./molecules/neighbours.ts";
export { readMoleculesParquet, writeMoleculesParquet } from "./molecules/parquet.ts";
export type { Quaternion, Zyx } from "./molecules/quaternion.ts";
export type { EulerOptions } from "./molecules/rotations.ts";
export type { AxisName } from "./molecules/symmetry.ts";
export type { PickOptions, PickTemplateOptions } from "./pick/pickers.ts";
export { pickDoG, pickLoG, pickTemplate } from "./pick/pickers.ts";
export type { AverageProgramOptions, AverageReport } from "./programs/averageProgram.ts";
export { runAverage } from "./programs/averageProgram.ts";
export type { ClassifyProgramOptions, ClassifyReport } from "./programs/classifyProgram.ts";
export { runClassify } from "./programs/classifyProgram.ts";
export type { FscProgramOptions, FscReport } from "./programs/fscProgram.ts";
export { runFsc } from "./programs/fscProgram.ts";
export type { MoleculeLoader, TomogramInputs } from "./programs/inputs.ts";
export { isMaskOfTemplate, type MaskSpecOptions, parseMask } from "./programs/maskSpec.ts";
export type { PickMethod, PickProgramOptions, PickReport } from "./programs/pickProgram.ts";
export { runPick } from "./programs/pickProgram.ts";
export type { ReconstructProgramOptions, ReconstructReport } from "./programs/reconstructProgram.ts";
export { runReconstruct } from "./programs/reconstructProgram.ts";
export type { ScoreProgramOptions, ScoreReport } from "./programs/scoreProgram.ts";
export { runScore } from "./programs/scoreProgram.ts";
export type { SimulateProgramOptions, SimulateReport } from "./programs/simulateProgram.ts";
export { runSimulate } from "./programs/simulateProgram.ts";
export type { Tomogram, TomogramInput, TomogramOptions as VolumeOptions } from "./sampling/tomogram.ts";
export { toTomogram } from "./sampling/tomogram.ts";
export type {
  Colormap,
  ImageStack,
  ProjectionView,
  SimulatedComponent,
  SimulateOptions,
  SimulatorOptions,
} from "./simulate/simulator.ts";
export { TomogramSimulator } from "./simulate/simulator.ts";
export type { ReadTiltSeriesOptions } from "./tiltSeries/common.ts";
export type { CtfCorrection } from "./tiltSeries/filter.ts";
export { formatTiltSeries, parseTiltSeries } from "./tiltSeries/json.ts";
export type { Mdoc, MdocTilt } from "./tiltSeries/mdoc.ts";
export { readMdoc } from "./tiltSeries/mdoc.ts";
export { isTiltSeriesPath, readTiltSeries } from "./tiltSeries/read.ts";
export type { DetectorCentre, Tilt, TiltDefocus } from "./tiltSeries/tilt.ts";
export type { ProjectedPoint, TiltOptics, TiltSeriesParts } from "./tiltSeries/tiltSeries.ts";
export { TiltSeries } from "./tiltSeries/tiltSeries.ts";
export type { TomogramPatches, TomogramPlanes } from "./tiltSeries/tomogram.ts";
