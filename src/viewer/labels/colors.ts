/** Colours of label images: each label one of its own, the same wherever it is. */
import type { TileValues } from "../scene/tiles.ts";

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

/** A tile in the colours of its labels; 0 is clear. */
export function labelPicture({ data, width, height }: TileValues): ImageData {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const known = new Map<number, number>();
  for (let i = 0; i < data.length; i++) {
    const label = data[i];
    if (label === 0) continue;
    let color = known.get(label);
    if (color === undefined) {
      const [red, green, blue] = labelColor(Math.abs(label));
      // bytes in the order of every machine that runs a browser
      color = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
      known.set(label, color);
    }
    pixels[i] = color;
  }
  return image;
}
