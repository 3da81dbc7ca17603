import { type ImageSource, type PictureOptions, renderPicture } from "../../io/index.ts";
import { type IntensityRange, scaleTable } from "../illumination/scaling.ts";
import {
  badType,
  isLayerType,
  type LayerType,
  type TilePixels,
  tilePixels,
  valueOffset,
} from "../tiles/pixels.ts";

/** Which values become black and white: two values, two per cents, or what the file says; see `renderPicture`. */
export type ShownRange = Pick<PictureOptions, "contrast" | "range">;

/** How an image's pixels become those of tiles. */
export interface DeepZoomPixels {
  readonly type: "uint8" | "uint16";
  /** What 16-bit values become. */
  readonly table: Uint8Array | undefined;
  /** Values of the image that become 0 and 255. */
  readonly range: readonly [low: number, high: number];
  convert(data: Parameters<typeof tilePixels>[0]): TilePixels;
}

/** Pixels of the picture from which per cents are taken. */
const SAMPLED_SIDE = 1024;

/**
 * Pixels of 8 bits stay as they are unless a range is asked for; others are scaled to it.
 *
 * @throws {VitrineError} unsupported: pixels of another type; range; and the errors of `source.read`
 */
export async function deepZoomPixels(
  source: ImageSource,
  asked: ShownRange & { readonly signal?: AbortSignal },
): Promise<DeepZoomPixels> {
  const { dtype, name } = source;
  if (!isLayerType(dtype)) throw badType(name, dtype);
  if (dtype === "uint8" && asked.range === undefined && asked.contrast === undefined)
    return { type: "uint8", table: undefined, range: [0, 255], convert: tilePixels };
  const range = await rangeOf(source, asked);
  const table = scaleTable(wholeRange(range, dtype));
  return { type: "uint16", table, range, convert: widePixels };
}

/** All as 16 bits. */
function widePixels(data: Parameters<typeof tilePixels>[0]): Uint16Array {
  const pixels = tilePixels(data);
  return pixels instanceof Uint16Array ? pixels : new Uint16Array(pixels);
}

async function rangeOf(
  source: ImageSource,
  { range, contrast, signal }: Parameters<typeof deepZoomPixels>[1],
): Promise<readonly [number, number]> {
  if (range !== undefined) return range;
  const { shown } = await renderPicture(source, {
    ...(contrast !== undefined && { contrast }),
    ...(signal && { signal }),
    ...{ maxSize: SAMPLED_SIDE, labels: false, scaleBar: false },
  });
  return shown[0]?.range ?? [0, 255];
}

/** Whole numbers without a sign, of which the lower is below the upper. */
function wholeRange([low, high]: readonly [number, number], dtype: LayerType): IntensityRange {
  const offset = valueOffset(dtype);
  const held = (value: number) => Math.min(65_535, Math.max(0, value + offset));
  const lower = Math.min(65_534, held(Math.floor(low)));
  return { lower, upper: Math.max(lower + 1, held(Math.ceil(high))) };
}
