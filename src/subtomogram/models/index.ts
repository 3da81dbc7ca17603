/**
 * The models alone, for scripts and pages that bring boxes of their own: loads a tenth of what `vitrine/subtomogram` does, nothing of files, molecules and
 * loaders among it.
 */
export type { SingleAxisTilt, TiltAxis, TiltModel, TiltRange } from "../tilt/tilt.ts";
export { dualAxis, noWedge, singleAxis, toTiltModel, wedgeMask } from "../tilt/tilt.ts";
export type { ComparedPair, CustomAlignment, FoundShift } from "./customModel.ts";
export { defineAlignment } from "./customModel.ts";
export { FourierModel } from "./fourierModel.ts";
export type { FourierKind } from "./kinds.ts";
export { FscAlignment, NccAlignment, PccAlignment, ZnccAlignment } from "./kinds.ts";
export type {
  AlignmentKind,
  AlignmentModel,
  AlignmentResult,
  Landscape,
  LandscapeRange,
  ModelCallOptions,
  ModelInput,
  ModelParams,
  PreparedAlignment,
  PreparedLandscapes,
  Subtomogram,
} from "./model.ts";
export type { RotationRange, RotationsInput } from "./rotationGrid.ts";
export { rotationGrid } from "./rotationGrid.ts";
