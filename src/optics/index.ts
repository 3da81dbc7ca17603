export type { Ctf, CtfGrid, EvenZernikes, OddZernikes, OpticsParameters } from "./ctf.ts";
export { computeCtf, electronWavelengthA } from "./ctf.ts";
export type { BandPass, RadialCurve } from "./filters.ts";
export { bandPassFilter, combineFilters, evaluateRadialCurve } from "./filters.ts";
export type { MagnificationMatrix } from "./magnification.ts";
export type { PreprocessOptions } from "./preprocess.ts";
export { preprocessImage } from "./preprocess.ts";
export type { WhiteningOptions } from "./whitening.ts";
export { whiteningCurve } from "./whitening.ts";
