import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import type { Shape3 } from "../../core/index.ts";
import { type Slice, sliceGain } from "./sliceTask.ts";

/** Boxes whose slices lie in memory. Addresses in bytes. */
export interface InsertTask {
  /** Slices of each box, in the order in which they are added. */
  readonly boxes: readonly (readonly Slice[])[];
  /** Of the padded transform, and of the box. */
  readonly shape: Shape3;
  readonly sides: Shape3;
  /** Side of a patch. */
  readonly side: number;
  /** (boxes, slices, side, side / 2 + 1, 2) float32. */
  readonly spectra: number;
  readonly slicesABox: number;
  /** (side, side / 2 + 1) float64: how fast a frequency fades, Å² per electron. */
  readonly rates: number;
  /** (boxes, depth, height, width / 2 + 1): complex float32, and float32. */
  readonly values: number;
  readonly weights: number;
}

/** Frequencies of a box end here. */
const NYQUIST = 0.5;
/** Coefficients with less weight were not seen. */
const LEAST_WEIGHT = 1e-3;
/** Rows of a patch, or planes of a box, between two looks at the end of the work. */
const ROWS = 16;

/** Adds slices to the transforms of boxes: a box is one worker's, so that sums come in one order. */
export const insertJob = defineJob<InsertTask>("subtomogram/insert", (context, task) => {
  const { buffer } = context.memory;
  const { shape, side, slicesABox } = task;
  const count = shape[0] * shape[1] * columnsOf(shape[2]);
  const floats = 2 * side * columnsOf(side);
  const rates = new Float64Array(buffer, task.rates, floats / 2);
  for (let i = context.team.claim(0); i < task.boxes.length; i = context.team.claim(0)) {
    const sum = {
      shape,
      values: new Float32Array(buffer, task.values + 8 * count * i, 2 * count).fill(0),
      weights: new Float32Array(buffer, task.weights + 4 * count * i, count).fill(0),
    };
    task.boxes[i].forEach((slice, t) => {
      const at = task.spectra + 4 * floats * (i * slicesABox + t);
      const patch = { spectrum: new Float32Array(buffer, at, floats), rates, side };
      for (let row = 0; row < side; row += ROWS) {
        context.team.check();
        addRows(sum, slice, { ...patch, begin: row, end: Math.min(side, row + ROWS) });
      }
    });
    finish(context, sum, task.sides);
    context.report(1);
  }
});

/** Values of a half spectrum. */
function columnsOf(width: number): number {
  return Math.floor(width / 2) + 1;
}

/** A transform that slices are added to: half of it, (depth, height, width / 2 + 1). */
interface SliceSum {
  readonly shape: Shape3;
  /** re, im. */
  readonly values: Float32Array;
  readonly weights: Float32Array;
}

interface PatchRows {
  readonly spectrum: Float32Array;
  readonly rates: Float64Array;
  readonly side: number;
  readonly begin: number;
  readonly end: number;
}

/** Adds rows of a slice: each coefficient to the eight nearest of the box, by its nearness. */
function addRows(sum: SliceSum, slice: Slice, { spectrum, rates, side, begin, end }: PatchRows): void {
  const { origin, alongY, alongX, factor, filter } = slice;
  const columns = columnsOf(side);
  const counted = new Float64Array(2);
  for (let row = begin; row < end; row++) {
    const fy = (2 * row < side ? row : row - side) / side;
    for (let column = 0; column < columns; column++) {
      const fx = column / side;
      // The other half of the column x = 0 is its mirror image; the highest frequency of an even side has no sign.
      if ((column === 0 && fy < 0) || fy === -NYQUIST || fx === NYQUIST) continue;
      const z = fy * alongY[0] + fx * alongX[0];
      const y = fy * alongY[1] + fx * alongX[1];
      const x = fy * alongY[2] + fx * alongX[2];
      if (z * z + y * y + x * x > NYQUIST * NYQUIST) continue;
      const at = row * columns + column;
      sliceGain(filter, [fy, fx, rates[at]], counted);
      const angle = 2 * Math.PI * (fy * origin[0] + fx * origin[1]);
      const [c, s, scale] = [Math.cos(angle), Math.sin(angle), counted[0] * factor];
      const re = (spectrum[2 * at] * c - spectrum[2 * at + 1] * s) * scale;
      const im = (spectrum[2 * at] * s + spectrum[2 * at + 1] * c) * scale;
      if (x < 0) addAround(sum, [-z, -y, -x], [re, -im, counted[1]]);
      else addAround(sum, [z, y, x], [re, im, counted[1]]);
    }
  }
}

type Three = readonly [number, number, number];

function addAround({ shape, values, weights }: SliceSum, [fz, fy, fx]: Three, [re, im, weight]: Three): void {
  const [depth, height, width] = shape;
  const columns = columnsOf(width);
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

/** Divides by the weights and moves the box's centre, (n - 1) / 2, to where the crop takes it from: half a voxel along even sides. */
function finish({ team }: WorkerContext, { shape, values, weights }: SliceSum, sides: Shape3): void {
  const [depth, height, width] = shape;
  const columns = columnsOf(width);
  const half = sides.map((side) => (side % 2 === 0 ? 0.5 : 0));
  const signed = (i: number, n: number) => (2 * i < n ? i : i - n) / n;
  let at = 0;
  for (let z = 0; z < depth; z++) {
    if (z % ROWS === 0) team.check();
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
}
