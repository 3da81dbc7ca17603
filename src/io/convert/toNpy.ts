import { writeFileAtomic } from "#files";
import type { PixelType } from "../../core/index.ts";
import { bytesPerValue } from "../../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN, swapBytes } from "../byteOrder.ts";
import { type NpyDtype, npyHeader } from "../npy.ts";
import type { ImageSource } from "../source/source.ts";
import { piecesOf, type WalkOptions } from "./pieces.ts";

const TYPES: Readonly<Record<PixelType, NpyDtype>> = {
  uint8: "u1",
  int8: "i1",
  uint16: "u2",
  int16: "i2",
  uint32: "u4",
  int32: "i4",
  float32: "f4",
  float64: "f8",
};

/** Writes an image as one .npy array with the dimensions of its axes, piece by piece, whole or not at all. */
export async function writeNpySource(
  source: ImageSource,
  path: string,
  options: WalkOptions & { readonly overwrite: boolean },
): Promise<void> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield npyHeader(TYPES[source.dtype], source.levels[0].shape);
    for await (const { data } of piecesOf(source, options)) {
      const bytes = bytesOf(data);
      if (!HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, bytesPerValue(source.dtype));
      yield bytes;
    }
  }
  await writeFileAtomic(path, chunks(), { overwrite: options.overwrite });
}
