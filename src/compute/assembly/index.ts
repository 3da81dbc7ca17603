export { clearStatistics, correlateColumns, correlateRows, flushStatistics } from "./correlate";
export { gemmItems, gemmMultiply, gemmPack, gemmScale } from "./gemm";
export { maddRounds } from "./gemmCeiling";
export { magnifyRows, sliceRows } from "./slices";
export { imageColumns, imageRows, templateColumns, templatePad, templateRows } from "./templates";
export { complexColumns, complexRows, realRows, realRowsInverse, resampleSpectrum } from "./transforms";

/** dst[begin..end) = value; the smallest kernel, for the pool's own tests. */
export function fillF32(dst: usize, value: f32, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) store<f32>(dst + (<usize>i << 2), value);
}
