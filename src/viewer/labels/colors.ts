/** Colours of label images: each label one of its own, the same wherever it is, or that of its object. */
import type { TileValues } from "../scene/tiles.ts";

/** How labels look. */
export interface LabelLook {
  /** Colour of a label that is not 0, as bytes red, green, blue, opacity in a number. */
  readonly colorOf: (label: number) => number;
  /** Labels with a white edge. */
  readonly chosen: ReadonlySet<number>;
}

/** A colour of 0 to 255 each, in the order of bytes of every machine that runs a browser. */
export function packColor(
  [red, green, blue]: readonly [red: number, green: number, blue: number],
  opacity = 255,
): number {
  return ((opacity << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

/** Red, green and blue of a label: hues a golden angle apart, in three steps of brightness. */
export function labelColor(label: number): readonly [red: number, green: number, blue: number] {
  const hue = ((label * 0.618_033_988_75) % 1) * 6;
  const bright = [255, 215, 180][label % 3];
  const part = (offset: number) => {
    const place = (offset + hue) % 6;
    return Math.round(bright * (1 - 0.75 * Math.max(0, Math.min(place, 4 - place, 1))));
  };
  return [part(5), part(3), part(1)];
}

/** A colour a label. */
export const PLAIN_LABELS: LabelLook = {
  colorOf: (label) => packColor(labelColor(Math.abs(label))),
  chosen: new Set(),
};

const WHITE = 0xffffffff;

/** A tile in the colours of its labels; 0 is clear. */
export function labelPicture(tile: TileValues, { colorOf, chosen }: LabelLook = PLAIN_LABELS): ImageData {
  const { data, width, height } = tile;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const known = new Map<number, number>();
  for (let i = 0, last = 0, color = 0; i < data.length; i++) {
    const label = data[i];
    if (label !== last) {
      last = label;
      color = label === 0 ? 0 : (known.get(label) ?? colorOf(label));
      known.set(label, color);
    }
    pixels[i] = color;
  }
  if (chosen.size > 0) drawEdges(pixels, tile, chosen);
  return image;
}

/** Pixels of chosen labels beside which there is another one; the end of the tile is no edge. */
function drawEdges(
  pixels: Uint32Array,
  { data, width, height }: TileValues,
  chosen: ReadonlySet<number>,
): void {
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const label = data[i];
      if (label === 0 || !chosen.has(label)) continue;
      const isEdge =
        (x > 0 && data[i - 1] !== label) ||
        (x + 1 < width && data[i + 1] !== label) ||
        (y > 0 && data[i - width] !== label) ||
        (y + 1 < height && data[i + width] !== label);
      if (isEdge) pixels[i] = WHITE;
    }
}

/** @throws {Error} values that are no labels */
export function requireLabels(title: string, { data }: TileValues): void {
  if (!(data instanceof Float32Array)) return;
  const wrong = data.find((value) => !Number.isInteger(value));
  if (wrong !== undefined) throw new Error(`${title} is no label image: it has the value ${wrong}.`);
}
