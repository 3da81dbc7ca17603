import { encodePng } from "../../io/index.ts";
import { createCanvas, drawText, INK, PAPER, paint } from "../../io/render/index.ts";
import type { PhysicalStack, PolarStack } from "../stacks.ts";

const TILE = 180;
const GAP = 12;
const HEAD = 40;
const COLUMNS = 4;

/** A grey value of a tile, 0 to 255, at pixels of the tile. */
type Grey = (x: number, y: number) => number;

/**
 * Draws up to 16 images, axis 0 to the right and axis 1 upwards, black the lowest and white the highest value of each.
 *
 * @returns  a PNG
 */
export function drawImages({ shape, data }: PhysicalStack, title: string): Uint8Array {
  const [count, nx, ny] = shape;
  return drawTiles(Math.min(count, COLUMNS ** 2), title, (image) => {
    const own = data.subarray(image * nx * ny, (image + 1) * nx * ny);
    const scale = greyScale(own);
    return (x, y) => scale(own[Math.floor((x * nx) / TILE) * ny + Math.floor(((TILE - 1 - y) * ny) / TILE)]);
  });
}

/** Draws the real parts of up to 16 transforms on the disc, axis 0 to the right. @returns a PNG */
export function drawTransforms({ shape, data }: PolarStack, radii: Float64Array, title: string): Uint8Array {
  const [count, shells, inplanes] = shape;
  const radiusMax = radii[shells - 1];
  return drawTiles(Math.min(count, COLUMNS ** 2), title, (image) => {
    const from = image * shells * inplanes;
    const real = Float64Array.from({ length: shells * inplanes }, (_, i) => data[2 * (from + i)]);
    const scale = greyScale(real);
    return (x, y) => {
      const [kx, ky] = [(2 * x) / TILE - 1, 1 - (2 * y) / TILE];
      const k = Math.hypot(kx, ky) * radiusMax;
      if (k > radiusMax) return 255;
      const turn = Math.atan2(ky, kx) / (2 * Math.PI);
      const angle = Math.round((turn < 0 ? turn + 1 : turn) * inplanes) % inplanes;
      return scale(real[nearestShell(radii, k) * inplanes + angle]);
    };
  });
}

function nearestShell(radii: Float64Array, k: number): number {
  const above = radii.findIndex((radius) => radius >= k);
  if (above <= 0) return above < 0 ? radii.length - 1 : 0;
  return radii[above] - k < k - radii[above - 1] ? above : above - 1;
}

function greyScale(values: Float32Array | Float64Array): (value: number) => number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return (value) => (high > low ? Math.round((255 * (value - low)) / (high - low)) : 128);
}

function drawTiles(count: number, title: string, greyOf: (image: number) => Grey): Uint8Array {
  const columns = Math.min(COLUMNS, count);
  const rows = Math.ceil(count / columns);
  const side = (tiles: number) => tiles * (TILE + GAP) + GAP;
  const canvas = createCanvas(side(columns), HEAD + side(rows), PAPER);
  drawText(canvas, title, { x: GAP, y: 28, size: 13, color: INK });
  for (let image = 0; image < count; image++) {
    const grey = greyOf(image);
    const [column, row] = [image % columns, Math.floor(image / columns)];
    const box = {
      x: GAP + column * (TILE + GAP),
      y: HEAD + GAP + row * (TILE + GAP),
      width: TILE,
      height: TILE,
    };
    paint(canvas, box, (x, y) => {
      const value = grey(x, y);
      return [value, value, value];
    });
  }
  return encodePng(canvas);
}
