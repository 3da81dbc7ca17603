import { elementCount, type Shape3, VitrineError } from "../core/index.ts";

/** A density or a mask on a grid: (z, y, x) values in C order. Masks are 0 and 1, or between them where they are soft. */
export interface PipeImage {
  readonly data: Float32Array;
  readonly shape: Shape3;
}

/** What a provider gives: one image, or several (templates that are tried in turn). */
export type PipeResult = PipeImage | readonly PipeImage[];

/** Numbers on a grid, of any numeric type, as a `.npy` file or a user's own code has them. */
export interface NumberArray {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** @internal Whether it is several images. */
export function isSeveral(result: PipeResult): result is readonly PipeImage[] {
  return Array.isArray(result);
}

/**
 * Takes an array as an image, its values in single precision (a `Float32Array` as it is, not copied).
 *
 * @throws {VitrineError} shape: not three axes, an axis without voxels, or other than the product of them; type: no numbers
 */
export function toPipeImage(array: NumberArray, at: string): PipeImage {
  const { data, shape } = array;
  if (!Array.isArray(shape) || shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n > 0))
    throw shapeError(at, "three axes (z, y, x) with voxels", `[${shape}]`);
  const [depth, height, width] = shape;
  if (data.length !== elementCount(shape))
    throw shapeError(at, `${elementCount(shape)} values for [${shape}]`, `${data.length}`);
  if (typeof data[0] !== "number")
    throw new VitrineError({ code: "type", at, expected: "numbers", found: typeof data[0] });
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  return { data: values, shape: [depth, height, width] };
}

/** Checks what a user's own function gave. @throws {VitrineError} as {@link toPipeImage}; type: nothing of the kind */
export function checkImage(image: unknown, at: string): PipeImage {
  if (isArrayLike(image)) return toPipeImage(image, at);
  const expected = "an image { data, shape: [z, y, x] }";
  throw new VitrineError({ code: "type", at, expected, found: describe(image) });
}

function isArrayLike(value: unknown): value is NumberArray {
  if (typeof value !== "object" || value === null) return false;
  return "data" in value && "shape" in value && typeof value.data === "object" && value.data !== null;
}

function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return `an object with ${Object.keys(value).slice(0, 5).join(", ") || "no properties"}`;
}

/** An image of the same shape. */
export function sameShape(image: PipeImage, data: Float32Array): PipeImage {
  return { data, shape: image.shape };
}

/**
 * Refuses what is no mask of 0 and 1.
 *
 * @throws {VitrineError} type: another value
 */
export function requireBinary(mask: PipeImage, at: string): void {
  const other = mask.data.find((value) => value !== 0 && value !== 1);
  if (other === undefined) return;
  const expected = "a mask of 0 and 1";
  const hint = "Threshold the image first, with thresholdOtsu() or a comparison";
  throw new VitrineError({ code: "type", at, expected, found: `the value ${other}`, hint });
}

/** @throws {VitrineError} range: not a finite number above 0 */
export function requirePositive(value: number, at: string): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new VitrineError({ code: "range", at, expected: "a number above 0", found: `${value}` });
}

/** @throws {VitrineError} range: below 0 or not finite */
export function requireNotNegative(value: number, at: string): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new VitrineError({ code: "range", at, expected: "a number not below 0", found: `${value}` });
}

/** @throws {VitrineError} type: not a finite number */
export function requireFinite(value: unknown, at: string): void {
  if (typeof value === "number" && Number.isFinite(value)) return;
  throw new VitrineError({ code: "type", at, expected: "a finite number", found: String(value) });
}

/** Three numbers, of which one stands for all. @throws {VitrineError} type, shape: something else */
export function toThree(value: number | readonly number[], at: string): readonly [number, number, number] {
  const [z, y, x, ...more] = typeof value === "number" ? [value, value, value] : value;
  if (x === undefined || more.length > 0) throw shapeError(at, "one number, or three: z, y, x", `[${value}]`);
  for (const one of [z, y, x]) requireFinite(one, at);
  return [z, y, x];
}

/** Nearest integer, ties to the even one, as numpy rounds. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function shapeError(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found });
}
