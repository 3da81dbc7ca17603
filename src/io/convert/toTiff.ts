import type { ImageSource } from "../source/source.ts";
import { writeTiffStream } from "../tiff/write.ts";
import { stepIn } from "./geometry.ts";
import { countPlanes, outerAxes, planesOf, type WalkOptions } from "./pieces.ts";

/** Writes an image as pages of a TIFF file in C order, plane by plane, with the size of a pixel; whole or not at all. */
export async function writeTiffSource(
  source: ImageSource,
  path: string,
  options: WalkOptions & { readonly overwrite: boolean },
): Promise<void> {
  const [height, width, channels = 1] = source.levels[0].shape.slice(outerAxes(source).length);
  const layout = { width, height, channels, dtype: source.dtype };
  const pixelSizeA = stepIn(source, "x", "angstrom");
  const stream = { layout, count: countPlanes(source), pages: planesOf(source, options), pixelSizeA };
  await writeTiffStream(path, stream, { overwrite: options.overwrite });
}
