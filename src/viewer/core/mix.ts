/** Channels in their colours, added up, or one through its colour map, without a graphics card. */
import type { TileValues } from "../scene/tiles.ts";
import { type ColormapName, colormapColor, colormapStops, shownColormap } from "./colormaps.ts";
import { rgbOf } from "./stage.ts";
import type { ShownChannel } from "./viewState.ts";

/** Colours of a table. */
const TABLE = 1024;

/** Red, green and blue from black to full. */
function colormapTable(name: ColormapName): Float32Array {
  const stops = colormapStops(name);
  const places = Array.from({ length: TABLE }, (_, i) => i / (TABLE - 1));
  return Float32Array.from(places.flatMap((place) => colormapColor(stops, place)));
}

/** A picture of tiles of one size, a channel each; undefined where none is there. */
export function mixed(
  tiles: readonly (TileValues | undefined)[],
  channels: readonly ShownChannel[],
): ImageData | undefined {
  const first = tiles.find((tile) => tile !== undefined);
  if (first === undefined) return undefined;
  const { width, height } = first;
  const colormap = shownColormap(channels);
  const colors = colormap && colormapTable(colormap);
  const sums = new Float32Array(3 * width * height);
  for (const [channel, tile] of tiles.entries()) {
    const { color = "FFFFFF", limits: [low, high] = [0, 1], opacity = 1 } = channels[channel] ?? {};
    if (tile?.data.length !== width * height) continue;
    if (colors !== undefined) {
      for (let i = 0; i < width * height; i++) {
        const value = Math.min(high, Math.max(low, tile.data[i]));
        const from = 3 * Math.round(((value - low) / (high - low)) * (TABLE - 1));
        for (let part = 0; part < 3; part++) sums[3 * i + part] = colors[from + part] * opacity;
      }
      continue;
    }
    const [red, green, blue] = rgbOf(color).map((part) => (part * opacity) / (high - low));
    for (let i = 0, to = 0; i < width * height; i++) {
      const value = Math.min(high, Math.max(low, tile.data[i])) - low;
      sums[to++] += value * red;
      sums[to++] += value * green;
      sums[to++] += value * blue;
    }
  }
  const image = new ImageData(width, height);
  for (let i = 0, from = 0; i < image.data.length; i += 4) {
    image.data[i] = sums[from++];
    image.data[i + 1] = sums[from++];
    image.data[i + 2] = sums[from++];
    image.data[i + 3] = 255;
  }
  return image;
}
