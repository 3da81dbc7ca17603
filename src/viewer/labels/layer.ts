/** A label image as a layer over the image, tile by tile. */
import type { Layer } from "@deck.gl/core";
import { TileLayer } from "@deck.gl/geo-layers";
import { BitmapLayer } from "@deck.gl/layers";
import type { Places, Scene } from "../scene/scene.ts";
import { labelPicture } from "./colors.ts";

/** What {@link labelLayer} draws. */
export interface LabelLayerOptions {
  readonly labels: Scene;
  /** Size of the image that it lies over, pixels of full resolution. */
  readonly over: { readonly width: number; readonly height: number };
  readonly places: Places;
  readonly opacity: number;
  readonly onError: (error: Error) => void;
}

/** The layer. */
export function labelLayer({ labels, over, places, opacity, onError }: LabelLayerOptions): Layer {
  const { levels, tileSize, key } = labels;
  const own = onlyOf(places, labels);
  const scale = over.width / levels[0].width;
  return new TileLayer<ImageData | undefined>({
    id: `labels ${key} ${JSON.stringify(own)}`,
    tileSize: tileSize * scale,
    extent: [0, 0, over.width, over.height],
    minZoom: 1 - levels.length,
    maxZoom: 0,
    opacity,
    maxCacheByteSize: 2 ** 26,
    onTileError: onError,
    getTileData: async ({ index: { x, y, z }, signal }) => {
      const level = -z;
      const { width, height } = levels[level];
      if (x < 0 || y < 0 || x * tileSize >= width || y * tileSize >= height) return undefined;
      return labelPicture(await labels.tile({ level, row: y, column: x, channel: 0, places: own }, signal));
    },
    renderSubLayers: ({ data, tile, id, opacity: shown }) => {
      if (!data) return null;
      const { x, y, z } = tile.index;
      const side = tileSize * scale * 2 ** -z;
      const [right, bottom] = [
        x * side + data.width * scale * 2 ** -z,
        y * side + data.height * scale * 2 ** -z,
      ];
      return new BitmapLayer({
        id,
        ...(shown !== undefined && { opacity: shown }),
        image: data as ImageData,
        bounds: [x * side, Math.min(bottom, over.height), Math.min(right, over.width), y * side],
        textureParameters: { minFilter: "nearest", magFilter: "nearest" },
      });
    },
  });
}

/** Places on axes that the labels have. */
function onlyOf(places: Places, { sliders }: Scene): Places {
  const axes = new Set(sliders.map(({ axis }) => axis));
  return Object.fromEntries(Object.entries(places).filter(([axis]) => axes.has(axis)));
}
