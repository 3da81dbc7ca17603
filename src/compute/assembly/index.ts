export { gemmItems, gemmMultiply, gemmPack, gemmScale } from "./gemm";
export { maddRounds } from "./gemmCeiling";
export { complexColumns, complexRows, realRows, realRowsInverse, resampleSpectrum } from "./transforms";
