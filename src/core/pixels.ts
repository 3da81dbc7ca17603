import { VitrineError } from "./error.ts";

/** Pixels of any type that a camera or a processor gives. */
export type PixelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** One plane: (height, width, channels) in C order. */
export interface PixelImage {
  readonly data: PixelArray;
  /** Pixels a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Values a pixel: 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
}

/** What is known of an image without reading its pixels. */
export interface ImageLayout {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly dtype: PixelType;
}

/** Names of the element types, as numpy's. */
export type PixelType = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<PixelType, unknown>;

/** Bytes of one value of this type. */
export function bytesPerValue(dtype: PixelType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Bytes of an image. */
export function imageBytes({ width, height, channels, dtype }: ImageLayout): number {
  return width * height * channels * bytesPerValue(dtype);
}

/** Pixels of an image over memory that is there already; `byteOffset` is a multiple of the value's size. */
export function pixelView(layout: ImageLayout, buffer: ArrayBufferLike, byteOffset = 0): PixelArray {
  const { width, height, channels, dtype } = layout;
  const Pixels: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => PixelArray =
    ARRAYS[dtype];
  return new Pixels(buffer, byteOffset, width * height * channels);
}

/** The name of an array's type. @throws {VitrineError} type: not an array of pixels */
export function pixelTypeOf(data: unknown, at: string): PixelType {
  const found = Object.entries(ARRAYS).find(([, array]) => data instanceof array);
  if (found !== undefined && isPixelType(found[0])) return found[0];
  throw new VitrineError({
    code: "type",
    at,
    expected: `an array of ${Object.keys(ARRAYS).join(", ")}`,
    found: data instanceof Object ? data.constructor.name : String(data),
    ...wayOut(data),
  });
}

/** How values of another kind become pixels. */
function wayOut(data: unknown): { readonly hint?: string } {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return { hint: "Convert it: Int32Array.from(data, Number) if the values fit, else Float64Array" };
  if (Array.isArray(data)) return { hint: "Convert it: Uint8Array.from(data) for true and false" };
  return {};
}

/** The layout of an image whose data have as many values as its sides say. @throws {VitrineError} type, shape */
export function layoutOf(image: PixelImage, at: string): ImageLayout {
  const { data, width, height, channels } = image;
  const dtype = pixelTypeOf(data, `${at} data`);
  const whole = [width, height, channels].every((side) => Number.isInteger(side) && side > 0);
  if (whole && data.length === width * height * channels) return { width, height, channels, dtype };
  throw new VitrineError({
    code: "shape",
    at,
    expected: "width x height x channels values",
    found: `${data.length} values for ${width} x ${height} x ${channels}`,
  });
}

/** The bytes of an array, not a copy. */
export function pixelBytes(data: PixelArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function isPixelType(name: string): name is PixelType {
  return Object.hasOwn(ARRAYS, name);
}
