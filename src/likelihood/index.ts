export type { AtomShape, ImageDescriptor, IndividualValues, Xy } from "./descriptor/descriptor.ts";
export {
  fromIndividualValues,
  incompatibilities,
  isCompatibleWith,
  withPixelSize,
} from "./descriptor/descriptor.ts";
export { ensureDescriptor, readImageDescriptor, writeImageDescriptor } from "./descriptor/descriptorFile.ts";
export type { LikelihoodPaths, ParticleStackPaths } from "./files.ts";
export {
  displacementsPath,
  likelihoodPaths,
  particleStackPaths,
  templateListPath,
  templatesPath,
} from "./files.ts";
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
export type { ViewingAngleLists, ViewingAngles } from "./grid/viewingAngles.ts";
export { viewingAnglesFromDistance, viewingAnglesFromLists } from "./grid/viewingAngles.ts";
export type { Precision, RealArray } from "./precision.ts";
export type { PhysicalStack, PolarStack } from "./stacks.ts";
