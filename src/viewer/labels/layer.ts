/** A label image as a layer over the image, tile by tile. */
import type { Layer } from "@deck.gl/core";
import { TileLayer } from "@deck.gl/geo-layers";
import { BitmapLayer } from "@deck.gl/layers";
import type { Places, Scene } from "../scene/scene.ts";
import type { TileValues } from "../scene/tiles.ts";
import { type LabelLook, labelPicture, PLAIN_LABELS, requireLabels } from "./colors.ts";

/** What {@link labelLayer} draws. */
export interface LabelLayerOptions {
  readonly labels: Scene;
  /** Size of the image that it lies over, pixels of full resolution. */
  readonly over: { readonly width: number; readonly height: number };
  readonly places: Places;
  readonly opacity: number;
  /** Another one where colours changed; default: a colour a label. */
  readonly look?: LabelLook | undefined;
  readonly onError: (error: Error) => void;
}

/** The layer. */
export function labelLayer(options: LabelLayerOptions): Layer {
  const { labels, over, places, opacity, look = PLAIN_LABELS, onError } = options;
  const { levels, tileSize, key } = labels;
  const own = onlyOf(places, labels);
  const scale = over.width / levels[0].width;
  return new TileLayer<TileValues | undefined>({
    id: `labels ${key} ${JSON.stringify(own)}`,
    tileSize: tileSize * scale,
    extent: [0, 0, over.width, over.height],
    minZoom: 1 - levels.length,
    maxZoom: 0,
    opacity,
    maxCacheByteSize: 2 ** 26,
    onTileError: onError,
    // tiles stay as they are: their pictures are made anew
    updateTriggers: { renderSubLayers: look },
    getTileData: async ({ index: { x, y, z }, signal }) => {
      const level = -z;
      const { width, height } = levels[level];
      if (x < 0 || y < 0 || x * tileSize >= width || y * tileSize >= height) return undefined;
      const values = await labels.tile({ level, row: y, column: x, channel: 0, places: own }, signal);
      requireLabels(labels.title, values);
      return values;
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
        image: pictureOf(data as TileValues, look),
        bounds: [x * side, Math.min(bottom, over.height), Math.min(right, over.width), y * side],
        // a colour between two labels is that of none
        textureParameters: { minFilter: "nearest", magFilter: "nearest", mipmapFilter: "none" },
      });
    },
  });
}

const pictures = new WeakMap<TileValues, { readonly look: LabelLook; readonly image: ImageData }>();

/** A picture a tile and look: layers are made anew whenever the page is drawn. */
function pictureOf(tile: TileValues, look: LabelLook): ImageData {
  const known = pictures.get(tile);
  if (known?.look === look) return known.image;
  const image = labelPicture(tile, look);
  pictures.set(tile, { look, image });
  return image;
}

/** The label under a place of the image; 0: none. @throws {Error} with what the server says */
export async function labelAt(
  { labels, over, places }: Pick<LabelLayerOptions, "labels" | "over" | "places">,
  place: readonly [x: number, y: number],
): Promise<number> {
  const [full] = labels.levels;
  const scale = over.width / full.width;
  const [x, y] = place.map((at) => Math.floor(at / scale));
  if (x < 0 || y < 0 || x >= full.width || y >= full.height) return 0;
  const [column, row] = [Math.floor(x / labels.tileSize), Math.floor(y / labels.tileSize)];
  const where = { level: 0, row, column, channel: 0, places: onlyOf(places, labels) };
  const { data, width } = await labels.tile(where);
  return data[(y - row * labels.tileSize) * width + x - column * labels.tileSize];
}

/** Places on axes that the labels have. */
function onlyOf(places: Places, { sliders }: Scene): Places {
  const axes = new Set(sliders.map(({ axis }) => axis));
  return Object.fromEntries(Object.entries(places).filter(([axis]) => axes.has(axis)));
}
