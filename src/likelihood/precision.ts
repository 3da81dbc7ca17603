/** Of numbers that are kept and written: `default` is single. What is computed in between is float64. */
export type Precision = "single" | "double" | "default";

/** Real numbers, or complex ones with real and imaginary part in turn, in single or double precision. */
export type RealArray = Float32Array | Float64Array;

/** Whether numbers of this precision are float64. */
export function isDouble(precision: Precision): boolean {
  return precision === "double";
}

/** `length` zeros in this precision. */
export function realArray(precision: Precision, length: number): RealArray {
  return isDouble(precision) ? new Float64Array(length) : new Float32Array(length);
}

/** The precision of an array. */
export function precisionOf(data: RealArray): "single" | "double" {
  return data instanceof Float64Array ? "double" : "single";
}
