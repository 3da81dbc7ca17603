import type { Shape3 } from "../../core/index.ts";

/** A tilt's slice through the transform of a box. */
export interface Slice {
  /** Transform of its patch, (side, side / 2 + 1, 2). */
  readonly spectrum: Float32Array;
  readonly side: number;
  /** Where the molecule is in the patch, pixels (y, x). */
  readonly origin: readonly [number, number];
  /** Frequencies of the box, cycles/voxel (z, y, x), that a cycle/pixel of the image along y and along x is. */
  readonly alongY: readonly [number, number, number];
  readonly alongX: readonly [number, number, number];
  /** What a coefficient is multiplied with: pixels of the image in a voxel's face, and its sign. */
  readonly factor: number;
  /** What a frequency (y, x) in cycles/pixel counts: its value is multiplied by `gain`, its weight is `weight`. */
  readonly filter: (fy: number, fx: number) => { readonly gain: number; readonly weight: number };
}

/** A transform that slices are added to: half of it, (depth, height, width / 2 + 1). */
export interface SliceSum {
  readonly shape: Shape3;
  /** re, im. */
  readonly values: Float32Array;
  readonly weights: Float32Array;
}

/** Of a box with its padding. */
export function emptySum(shape: Shape3): SliceSum {
  const count = shape[0] * shape[1] * (Math.floor(shape[2] / 2) + 1);
  return { shape, values: new Float32Array(2 * count), weights: new Float32Array(count) };
}

/** Frequencies of a box end here. */
const NYQUIST = 0.5;

/** Adds a slice: each coefficient to the eight nearest of the box, by its nearness. */
export function addSlice(sum: SliceSum, slice: Slice): void {
  const { spectrum, side, origin, alongY, alongX, factor, filter } = slice;
  const columns = Math.floor(side / 2) + 1;
  for (let row = 0; row < side; row++) {
    const fy = (2 * row < side ? row : row - side) / side;
    for (let column = 0; column < columns; column++) {
      const fx = column / side;
      // The other half of the column x = 0 is its mirror image; the highest frequency of an even side has no sign.
      if ((column === 0 && fy < 0) || fy === -NYQUIST || fx === NYQUIST) continue;
      const z = fy * alongY[0] + fx * alongX[0];
      const y = fy * alongY[1] + fx * alongX[1];
      const x = fy * alongY[2] + fx * alongX[2];
      if (z * z + y * y + x * x > NYQUIST * NYQUIST) continue;
      const { gain, weight } = filter(fy, fx);
      const at = 2 * (row * columns + column);
      const angle = 2 * Math.PI * (fy * origin[0] + fx * origin[1]);
      const [c, s, scale] = [Math.cos(angle), Math.sin(angle), gain * factor];
      const re = (spectrum[at] * c - spectrum[at + 1] * s) * scale;
      const im = (spectrum[at] * s + spectrum[at + 1] * c) * scale;
      if (x < 0) addAround(sum, [-z, -y, -x], [re, -im, weight]);
      else addAround(sum, [z, y, x], [re, im, weight]);
    }
  }
}

type Three = readonly [number, number, number];

function addAround({ shape, values, weights }: SliceSum, [fz, fy, fx]: Three, [re, im, weight]: Three): void {
  const [depth, height, width] = shape;
  const columns = Math.floor(width / 2) + 1;
  const [z, y, x] = [fz * depth, fy * height, fx * width];
  const [z0, y0, x0] = [Math.floor(z), Math.floor(y), Math.floor(x)];
  for (let corner = 0; corner < 8; corner++) {
    const [dz, dy, dx] = [corner >> 2, (corner >> 1) & 1, corner & 1];
    const ix = x0 + dx;
    const near = (dz ? z - z0 : 1 - z + z0) * (dy ? y - y0 : 1 - y + y0) * (dx ? x - x0 : 1 - x + x0);
    if (near === 0 || ix >= columns) continue;
    const iz = (((z0 + dz) % depth) + depth) % depth;
    const iy = (((y0 + dy) % height) + height) % height;
    const at = (iz * height + iy) * columns + ix;
    values[2 * at] += near * re;
    values[2 * at + 1] += near * im;
    weights[at] += near * weight;
    if (ix > 0) continue;
    // The plane x = 0 holds both a frequency and its mirror image.
    const mirror = (((depth - iz) % depth) * height + ((height - iy) % height)) * columns;
    values[2 * mirror] += near * re;
    values[2 * mirror + 1] -= near * im;
    weights[mirror] += near * weight;
  }
}

/** Coefficients with less weight were not seen. */
const LEAST_WEIGHT = 1e-3;

/**
 * Divides by the weights and moves the box's centre, (n - 1) / 2, to where the crop takes it from: half a voxel along even sides.
 */
export function finishSum({ shape, values, weights }: SliceSum, sides: Shape3): void {
  const [depth, height, width] = shape;
  const columns = Math.floor(width / 2) + 1;
  const half = sides.map((side) => (side % 2 === 0 ? 0.5 : 0));
  const signed = (i: number, n: number) => (2 * i < n ? i : i - n) / n;
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const along = signed(z, depth) * half[0] + signed(y, height) * half[1];
      for (let x = 0; x < columns; x++, at++) {
        const share = weights[at] > LEAST_WEIGHT ? 1 / weights[at] : 0;
        const angle = 2 * Math.PI * (along + (x / width) * half[2]);
        const [c, s] = [Math.cos(angle) * share, Math.sin(angle) * share];
        const [re, im] = [values[2 * at], values[2 * at + 1]];
        values[2 * at] = re * c - im * s;
        values[2 * at + 1] = re * s + im * c;
      }
    }
}

/** The box out of the padded one, whose molecule lies at voxel 0, divided by what linear interpolation did to it. */
export function cropBox(padded: Float32Array, shape: Shape3, sides: Shape3): Float32Array {
  const axes = sides.map((side, axis) => {
    const n = shape[axis];
    return Array.from({ length: side }, (_, i) => {
      const from = i - Math.floor(side / 2);
      const t = (Math.PI * (i - (side - 1) / 2)) / n;
      return { index: (from + n) % n, gain: t === 0 ? 1 : (t / Math.sin(t)) ** 2 };
    });
  });
  const [zs, ys, xs] = axes;
  const box = new Float32Array(sides[0] * sides[1] * sides[2]);
  let at = 0;
  for (const z of zs)
    for (const y of ys) {
      const row = (z.index * shape[1] + y.index) * shape[2];
      const gain = z.gain * y.gain;
      for (const x of xs) box[at++] = padded[row + x.index] * gain * x.gain;
    }
  return box;
}
