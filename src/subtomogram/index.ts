export type {
  MoleculeFormat,
  ReadMoleculesOptions,
  WriteMoleculeFileOptions,
} from "./formats/moleculeFiles.ts";
export { isMoleculeFile, MOLECULE_FORMATS, readMolecules, writeMolecules } from "./formats/moleculeFiles.ts";
export type { RelionCentre } from "./formats/relion.ts";
export type { TomogramOptions } from "./formats/tomograms.ts";
export { FourierModel } from "./models/fourierModel.ts";
export type { FourierKind } from "./models/kinds.ts";
export { FscAlignment, NccAlignment, PccAlignment, ZnccAlignment } from "./models/kinds.ts";
export type {
  AlignmentKind,
  AlignmentModel,
  AlignmentResult,
  Landscape,
  ModelCallOptions,
  ModelInput,
  ModelParams,
  PreparedAlignment,
  Subtomogram,
} from "./models/model.ts";
export type { RotationRange, RotationsInput } from "./models/rotationGrid.ts";
export { rotationGrid } from "./models/rotationGrid.ts";
export type { RowsInput } from "./molecules/arrays.ts";
export type { MoleculeAxes } from "./molecules/axes.ts";
export type { MoleculeColumns, WriteMoleculesOptions } from "./molecules/csv.ts";
export { parseMoleculesCsv, readMoleculesCsv, writeMoleculesCsv } from "./molecules/csv.ts";
export type { EulerAngles, EulerOrder, EulerSequence } from "./molecules/euler.ts";
export type { FeatureInput, FeatureRow, Features, FeatureValue } from "./molecules/features.ts";
export type { CutEdges } from "./molecules/molecules.ts";
export { Molecules } from "./molecules/molecules.ts";
export { readMoleculesParquet, writeMoleculesParquet } from "./molecules/parquet.ts";
export type { Quaternion, Zyx } from "./molecules/quaternion.ts";
export type { EulerOptions } from "./molecules/rotations.ts";
export type { AxisName } from "./molecules/symmetry.ts";
export type { SingleAxisTilt, TiltAxis, TiltModel, TiltRange } from "./tilt/tilt.ts";
export { dualAxis, noWedge, singleAxis, toTiltModel, wedgeMask } from "./tilt/tilt.ts";
