import type { PixelArray } from "../../core/index.ts";
import type { ImageSource } from "../source/source.ts";
import { writeTiffStream } from "../tiff/write.ts";
import { stepIn } from "./geometry.ts";
import { countPlanes, outerAxes, piecesOf, type WalkOptions } from "./pieces.ts";

/** Writes an image as pages of a TIFF file in C order, piece by piece, with the size of a pixel; whole or not at all. */
export async function writeTiffSource(
  source: ImageSource,
  path: string,
  options: WalkOptions & { readonly overwrite: boolean },
): Promise<void> {
  const [height, width, channels = 1] = source.levels[0].shape.slice(outerAxes(source).length);
  const layout = { width, height, channels, dtype: source.dtype };
  const pixelSizeA = stepIn(source, "x", "angstrom");
  const stream = { layout, count: countPlanes(source), pieces: valuesOf(source, options), pixelSizeA };
  await writeTiffStream(path, stream, { overwrite: options.overwrite });
}

async function* valuesOf(source: ImageSource, options: WalkOptions): AsyncGenerator<PixelArray> {
  for await (const { data } of piecesOf(source, options)) yield data;
}
