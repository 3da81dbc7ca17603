import { pipeFunction } from "./pipeline.ts";

export { converterFunction, providerFunction } from "./curry.ts";
export type {
  CenterByMassOptions,
  FourierFilterOptions,
  OutsideOptions,
  ShiftOptions,
} from "./filters/converters.ts";
export { centerByMass, gaussianFilter, highpassFilter, lowpassFilter, shift } from "./filters/converters.ts";
export type { NumberArray, PipeImage, PipeResult } from "./image.ts";
export type { SoftOtsuOptions } from "./masks/converters.ts";
export { closing, dilation, gaussianSmooth, softOtsu, thresholdOtsu } from "./masks/converters.ts";
export type { PipeOperation } from "./operations.ts";
export type { ImageConverter, ImageProvider, Operand, PipeFunction, SizedArray } from "./pipeline.ts";
export { compose, isConverter, isProvider } from "./pipeline.ts";
export type { RescaleOptions } from "./providers/fromArray.ts";
export { fromArray, fromArrays } from "./providers/fromArray.ts";
export type { AtomCoordinates, FromPdbOptions } from "./providers/fromAtoms.ts";
export { fromAtoms, fromPdb } from "./providers/fromAtoms.ts";
export type { FromFileOptions } from "./providers/fromFile.ts";
export { fromFile, fromFiles } from "./providers/fromFile.ts";
export type { FromGaussianOptions } from "./providers/fromGaussian.ts";
export { fromGaussian } from "./providers/fromGaussian.ts";
export type { SplineBoundary, SplineOrder } from "./spline/bspline.ts";
export { reshapeImage } from "./spline/reshape.ts";
export type { SampleGrid } from "./spline/sample.ts";
export { sampleGrid } from "./spline/sample.ts";
export type { OutsideMode } from "./spline/shift.ts";
export type { RescaleGrid } from "./spline/zoom.ts";

/** a + b, voxel by voxel, of numbers, providers and converters; as all of these, in the order that is written. */
export const add = pipeFunction("add");
/** a - b. */
export const subtract = pipeFunction("subtract");
/** a * b. */
export const multiply = pipeFunction("multiply");
/** a / b. @throws {VitrineError} range: a division by the number 0 */
export const divide = pipeFunction("divide");
/** 1 where a is b, 0 elsewhere. */
export const equal = pipeFunction("equal");
/** 1 where a is not b. */
export const notEqual = pipeFunction("notEqual");
/** 1 where a < b. */
export const less = pipeFunction("less");
/** 1 where a <= b. */
export const lessEqual = pipeFunction("lessEqual");
/** 1 where a > b. */
export const greater = pipeFunction("greater");
/** 1 where a >= b. */
export const greaterEqual = pipeFunction("greaterEqual");
