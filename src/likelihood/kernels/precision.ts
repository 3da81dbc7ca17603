/** Numbers of a precision, and how many items share a vector of 16 bytes. */
export interface Numbers {
  readonly bytes: 4 | 8;
  readonly lanes: 4 | 2;
  /** End of the names of kernels. */
  readonly suffix: "32" | "64";
  array(length: number): Float32Array | Float64Array;
  view(buffer: ArrayBufferLike, at: number, length: number): Float32Array | Float64Array;
}

/** Precision of images and templates. */
export type KernelPrecision = "single" | "double";

const NUMBERS: Readonly<Record<KernelPrecision, Numbers>> = {
  single: {
    bytes: 4,
    lanes: 4,
    suffix: "32",
    array: (length) => new Float32Array(length),
    view: (buffer, at, length) => new Float32Array(buffer, at, length),
  },
  double: {
    bytes: 8,
    lanes: 2,
    suffix: "64",
    array: (length) => new Float64Array(length),
    view: (buffer, at, length) => new Float64Array(buffer, at, length),
  },
};

export function numbersOf(precision: KernelPrecision): Numbers {
  return NUMBERS[precision];
}

/** Bytes of an element: one complex sample of all lanes, in either precision. */
export const ELEMENT = 32;
/** Rows of a panel (assembly/product.ts). */
export const ROWS = 6;
