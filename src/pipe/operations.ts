import { VitrineError } from "../core/index.ts";
import type { PipeImage } from "./image.ts";

/** Voxel by voxel; comparisons give 1 where they hold and 0 elsewhere. */
const OPERATIONS = {
  add: { symbol: "+", apply: (a: number, b: number) => a + b },
  subtract: { symbol: "-", apply: (a: number, b: number) => a - b },
  multiply: { symbol: "*", apply: (a: number, b: number) => a * b },
  divide: { symbol: "/", apply: (a: number, b: number) => a / b },
  equal: { symbol: "==", apply: (a: number, b: number) => (a === b ? 1 : 0) },
  notEqual: { symbol: "!=", apply: (a: number, b: number) => (a !== b ? 1 : 0) },
  less: { symbol: "<", apply: (a: number, b: number) => (a < b ? 1 : 0) },
  lessEqual: { symbol: "<=", apply: (a: number, b: number) => (a <= b ? 1 : 0) },
  greater: { symbol: ">", apply: (a: number, b: number) => (a > b ? 1 : 0) },
  greaterEqual: { symbol: ">=", apply: (a: number, b: number) => (a >= b ? 1 : 0) },
} as const;

/** `add subtract multiply divide`, `equal notEqual less lessEqual greater greaterEqual`. */
export type PipeOperation = keyof typeof OPERATIONS;

/** The two names with the operation's sign between them. */
export function operationName(operation: PipeOperation, a: string, b: string): string {
  return `(${a} ${OPERATIONS[operation].symbol} ${b})`;
}

/**
 * Combines two images of one shape, or an image with a number, in that order. Numbers are single precision before a comparison,
 * as the voxels are: what equals 0.1 is found.
 *
 * @throws {VitrineError} shape: images of different shapes
 */
export function combineImages(
  operation: PipeOperation,
  a: PipeImage | number,
  b: PipeImage | number,
): PipeImage {
  const { apply } = OPERATIONS[operation];
  const at = operationName(operation, "image", "image");
  if (typeof a === "number") {
    if (typeof b === "number")
      throw new VitrineError({ code: "type", at, expected: "an image", found: "two numbers" });
    const left = Math.fround(a);
    return { data: b.data.map((value) => apply(left, value)), shape: b.shape };
  }
  if (typeof b === "number") {
    const right = Math.fround(b);
    return { data: a.data.map((value) => apply(value, right)), shape: a.shape };
  }
  if (!a.shape.every((length, axis) => length === b.shape[axis])) {
    const found = `[${a.shape}] and [${b.shape}]`;
    throw new VitrineError({ code: "shape", at, expected: "images of one shape", found });
  }
  return { data: a.data.map((value, i) => apply(value, b.data[i])), shape: a.shape };
}
