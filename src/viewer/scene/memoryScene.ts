/** Planes in the page's own memory as a scene: levels by means, made when they are first drawn. */
import type { Scene, SceneChannel } from "./scene.ts";
import { spreadOf } from "./spread.ts";
import type { TileValues } from "./tiles.ts";

/** A plane of a scene in memory. */
export interface MemoryPlane extends SceneChannel {
  /** (height, width), all planes of a scene alike. */
  readonly values: Float32Array;
}

/** What a scene in memory is made of. */
export interface MemoryScene extends Pick<Scene, "key" | "title" | "pixel" | "warnings"> {
  readonly height: number;
  readonly width: number;
  readonly planes: readonly MemoryPlane[];
}

const TILE = 512;

/** The scene. */
export function memoryScene({ height, width, planes, ...facts }: MemoryScene): Scene {
  const levels = [{ height, width }];
  for (let last = levels[0]; Math.max(last.height, last.width) > TILE; levels.push(last))
    last = { height: Math.ceil(last.height / 2), width: Math.ceil(last.width / 2) };
  const pyramids = planes.map(({ values }) => [{ data: values, height, width }]);
  const levelOf = (channel: number, level: number) => {
    const pyramid = pyramids[channel];
    while (pyramid.length <= level) pyramid.push(halved(pyramid[pyramid.length - 1]));
    return pyramid[level];
  };
  return {
    ...facts,
    dtype: "Float32",
    levels,
    tileSize: TILE,
    channels: planes.map(({ values: _, ...channel }) => channel),
    sliders: [],
    tile: async ({ level, row, column, channel }) => tileOf(levelOf(channel, level), row, column),
    spread: async (channel) => spreadOf(planes[channel].values),
  };
}

interface Plane extends TileValues {
  readonly data: Float32Array;
}

/** Means of squares of four pixels; those at the end have fewer. */
function halved({ data, height, width }: Plane): Plane {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const out = new Float32Array(rows * columns);
  for (let row = 0, to = 0; row < rows; row++) {
    const upper = 2 * row * width;
    const lower = Math.min(2 * row + 1, height - 1) * width;
    for (let column = 0; column < columns; column++) {
      const [left, right] = [2 * column, Math.min(2 * column + 1, width - 1)];
      out[to++] = (data[upper + left] + data[upper + right] + data[lower + left] + data[lower + right]) / 4;
    }
  }
  return { data: out, height: rows, width: columns };
}

function tileOf({ data, height, width }: Plane, row: number, column: number): TileValues {
  const [top, left] = [row * TILE, column * TILE];
  const [rows, columns] = [Math.min(TILE, height - top), Math.min(TILE, width - left)];
  const tile = new Float32Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const from = (top + y) * width + left;
    tile.set(data.subarray(from, from + columns), y * columns);
  }
  return { data: tile, height: rows, width: columns };
}
