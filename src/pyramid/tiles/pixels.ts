import type { PixelArray } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import type { BatchLayer } from "./batch.ts";

/** Pixels as tiles are made of: of 8 bits, which stay as they are, or of 16, which become 8 through a table. */
export type TilePixels = Uint8Array | Uint16Array;

/** Types of pixels that layers are made of. */
export type LayerType = BatchLayer["dtype"];

/** What is added to values, so that signed ones begin at 0. */
const OFFSETS: Readonly<Record<LayerType, number>> = { uint8: 0, uint16: 0, int8: 128, int16: 32_768 };

/** What is added to an image's values, so that the lowest of its type is 0. */
export function valueOffset(type: LayerType): number {
  return OFFSETS[type];
}

/** Whether tiles can be made of pixels of a type. */
export function isLayerType(type: string): type is LayerType {
  return Object.hasOwn(OFFSETS, type);
}

/** The error of pixels that are of no type that tiles are made of. */
export function badType(at: string, found: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at,
    expected: "pixels of 8 or 16 bits",
    found,
    hint: "Convert them first (vitrine convert IN OUT.tif --bits 16 --range LOW,HIGH)",
  });
}

/** Clears, in place, the bits of 16-bit pixels that are flags; others, and those without a mask, stay as they are. */
export function clearFlags(data: PixelArray, mask: number | null): void {
  if (mask === null || !(data instanceof Uint16Array)) return;
  for (let i = 0; i < data.length; i++) data[i] &= mask;
}

/** 8-bit pixels as they are; all others as 16 bits without a sign. */
export function tilePixels(data: PixelArray): TilePixels {
  if (data instanceof Uint8Array || data instanceof Uint16Array) return data;
  if (data instanceof Int8Array) return Uint16Array.from(data, (value) => value + OFFSETS.int8);
  if (data instanceof Int16Array) {
    const shifted = new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    for (let i = 0; i < shifted.length; i++) shifted[i] ^= 0x8000;
    return shifted;
  }
  throw badType("tilePixels", data.constructor.name);
}

/** As {@link tilePixels}, but for signed 16 bits, which are as they lie in memory: {@link rawTable} puts that right. */
export function rawPixels(data: PixelArray): TilePixels {
  if (data instanceof Int16Array) return new Uint16Array(data.buffer, data.byteOffset, data.length);
  return tilePixels(data);
}

/** A table of 65,536 values for {@link rawPixels} of a type. */
export function rawTable(table: Uint8Array, type: LayerType): Uint8Array {
  return type === "int16" ? table.map((_, bits) => table[bits ^ 0x8000]) : table;
}

/** Empty pixels of a type. */
export function emptyPixels(type: LayerType, { height, width }: PixelSize): TilePixels {
  return type === "uint8" ? new Uint8Array(height * width) : new Uint16Array(height * width);
}

/** Half the size, rounded up: each pixel the mean of the four, two or one that there are, halves up. */
export function halve(pixels: Uint8Array, { height, width }: PixelSize): Uint8Array {
  const [rows, columns] = [(height + 1) >> 1, (width + 1) >> 1];
  const half = new Uint8Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const top = 2 * y * width;
    const bottom = 2 * y + 1 < height ? top + width : top;
    for (let x = 0; x < columns; x++) {
      const [left, right] = [2 * x, Math.min(2 * x + 1, width - 1)];
      const sum = pixels[top + left] + pixels[top + right] + pixels[bottom + left] + pixels[bottom + right];
      half[y * columns + x] = (sum + 2) >> 2;
    }
  }
  return half;
}
