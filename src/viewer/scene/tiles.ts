/** Tiles out of the server, the last ones kept: to be drawn again, and for the values under the pointer. */
import { ask, type Query } from "./api.ts";

/** Pixels of a tile. */
export interface TileValues {
  readonly data: Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Bytes of tiles that are kept: what is roamed never fills the page's memory. */
const MOST_BYTES = 96 * 2 ** 20;

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
} as const;

/** Values of a type in bytes that others brought. @throws {Error} a type that has no array */
export function arrayOf(type: string, bytes: ArrayBuffer, at = 0): TileValues["data"] {
  const Values = ARRAYS[type as keyof typeof ARRAYS];
  if (Values === undefined) throw new Error(`Pixels of type ${type} cannot be shown.`);
  return new Values(bytes, at);
}

const kept = new Map<string, TileValues>();
let bytes = 0;

/** A tile of an image, or of what another route of tiles answers alike. @throws {Error} with what the server says */
export async function fetchTile(
  query: Query,
  signal?: AbortSignal,
  route = "image/tile",
): Promise<TileValues> {
  return keep(`${route} ${JSON.stringify(query)}`, async () => {
    const response = await ask(route, query, signal);
    const [height, width] = (response.headers.get("X-Vitrine-Shape") ?? "").split(",").map(Number);
    const type = response.headers.get("X-Vitrine-Type") ?? "";
    return { data: arrayOf(type, await response.arrayBuffer()), height, width };
  });
}

/**
 * A tile of a layer, grey values of its JPEG without what lies beyond the map; black where there is no layer.
 *
 * @throws {Error} with what the server says
 */
export async function fetchLayerTile(
  query: Query,
  { height, width }: { readonly height: number; readonly width: number },
  signal?: AbortSignal,
): Promise<TileValues> {
  if (query.layer === undefined) return { data: new Uint8Array(height * width), height, width };
  return keep(`layer ${JSON.stringify(query)}`, async () => {
    const response = await ask("experiment/tile", query, signal);
    return greyOf(await createImageBitmap(await response.blob(), 0, 0, width, height));
  });
}

/** Where JPEGs are laid to be read: by the processor, since nothing of it is drawn. */
let paper: OffscreenCanvasRenderingContext2D | undefined;

function greyOf(picture: ImageBitmap): TileValues {
  const { height, width } = picture;
  if (paper === undefined || paper.canvas.width < width || paper.canvas.height < height)
    paper = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  paper.drawImage(picture, 0, 0);
  picture.close();
  const colors = paper.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = colors[4 * i];
  return { data, height, width };
}

async function keep(key: string, load: () => Promise<TileValues>): Promise<TileValues> {
  const known = kept.get(key);
  const tile = known ?? (await load());
  if (!kept.has(key)) bytes += tile.data.byteLength;
  kept.delete(key);
  kept.set(key, tile);
  for (const [oldest, { data }] of kept) {
    if (bytes <= MOST_BYTES) break;
    kept.delete(oldest);
    bytes -= data.byteLength;
  }
  return tile;
}
