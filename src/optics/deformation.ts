import { firstNotFinite, type Shape2, type Shape3, VitrineError } from "../core/index.ts";
import { requireLength, requireNumber, requireShape } from "./frequencies.ts";

/**
 * Where the specimen lies in the frames of a movie: shifts in Å on a grid over the whole movie, whose first and last points
 * lie at the centres of the first and last frame, row and column.
 */
export interface DeformationField {
  /** Points along time, y and x; 1 is constant. */
  readonly shape: Shape3;
  /** (2, t, y, x): shifts along y, then along x. What lies at p without deformation lies at p + shift. */
  readonly shiftsA: Float32Array;
}

/** Places in a movie from 0 (first) to 1 (last); beyond is as at the end. */
export type MoviePoint = readonly [time: number, y: number, x: number];

/**
 * The shift at a place: Catmull-Rom splines along each axis, continued straight at the ends.
 *
 * @returns (y, x) in Å
 * @throws {VitrineError} shape: another number of shifts than the grid's
 * Source: Catmull & Rom 1974; as torch-cubic-spline-grids has it, which torch-motion-correction uses.
 */
export function deformationAt(
  field: DeformationField,
  [time, y, x]: MoviePoint,
): readonly [yA: number, xA: number] {
  const plane = planeAt(field, time);
  const row = rowAt(plane, field.shape, y);
  const weights = splineWeights(x, field.shape[2]);
  const half = row.length / 2;
  return [dot(row.subarray(0, half), weights), dot(row.subarray(half), weights)];
}

/** A frame and its place in a movie. */
export interface FrameDeformation {
  /** [H, W] of the frame. */
  readonly shape: Shape2;
  readonly pixelSizeA: number;
  /** 0 for the first frame, 1 for the last; 0 for a single one. */
  readonly time: number;
}

/**
 * Takes the deformation out of a frame: its value at p becomes that at p + shift(p), between pixels by Catmull-Rom splines,
 * beyond the edges as at the edge.
 *
 * @param frame (H, W), not changed
 * @returns     (H, W)
 * @throws {VitrineError} shape: a frame or field of another length; range: a pixel size not above 0
 * Source: Keys 1981, IEEE Trans ASSP 29:1153 (the spline is exact for parabolas). torch-motion-correction interpolates the
 * field once more between 10 points a grid point, and the frame with a sharper kernel (a = -0.75).
 */
export function undeformFrame(
  frame: Float32Array,
  field: DeformationField,
  { shape, pixelSizeA, time }: FrameDeformation,
): Float32Array<ArrayBuffer> {
  requireShape(shape, "undeformFrame shape");
  requireLength(frame, shape[0] * shape[1], "undeformFrame frame");
  requireNumber(pixelSizeA, pixelSizeA > 0, { at: "undeformFrame pixelSizeA", expected: "Å above 0" });
  const [height, width] = shape;
  const plane = planeAt(field, time);
  const points = field.shape[2];
  const columns = Array.from({ length: width }, (_, x) => splineWeights(fraction(x, width), points));
  const out = new Float32Array(frame.length);
  for (let y = 0; y < height; y++) {
    const row = rowAt(plane, field.shape, fraction(y, height)).map((shift) => shift / pixelSizeA);
    const [rowY, rowX] = [row.subarray(0, points), row.subarray(points)];
    for (let x = 0; x < width; x++) {
      out[y * width + x] = sample(frame, shape, [y + dot(rowY, columns[x]), x + dot(rowX, columns[x])]);
    }
  }
  return out;
}

/** Where pixel `index` of `count` lies, from 0 to 1. */
function fraction(index: number, count: number): number {
  return count === 1 ? 0 : index / (count - 1);
}

/** The field at one time, (2, y, x). */
function planeAt({ shape, shiftsA }: DeformationField, time: number): Float64Array {
  requireShape(shape, "deformation field shape");
  const area = shape[1] * shape[2];
  requireLength(shiftsA, 2 * shape[0] * area, "deformation field shiftsA");
  const bad = firstNotFinite(shiftsA);
  if (bad >= 0) throw notFinite(bad, shiftsA[bad]);
  const weights = splineWeights(time, shape[0]);
  const plane = new Float64Array(2 * area);
  for (let i = 0; i < plane.length; i++) {
    const first = Math.floor(i / area) * shape[0] * area + (i % area);
    weights.forEach((weight, t) => {
      plane[i] += weight * shiftsA[first + t * area];
    });
  }
  return plane;
}

/** A plane at one y, (2, x). */
function rowAt(plane: Float64Array, [, rows, columns]: Shape3, y: number): Float64Array {
  const weights = splineWeights(y, rows);
  const row = new Float64Array(2 * columns);
  for (let i = 0; i < row.length; i++) {
    const first = Math.floor(i / columns) * rows * columns + (i % columns);
    weights.forEach((weight, k) => {
      row[i] += weight * plane[first + k * columns];
    });
  }
  return row;
}

/** What each of `count` grid points contributes at a place from 0 to 1. */
function splineWeights(at: number, count: number): Float64Array {
  const weights = new Float64Array(count);
  if (count === 1) return weights.fill(1);
  const position = Math.min(1, Math.max(0, at)) * (count - 1);
  const left = Math.min(Math.floor(position), count - 2);
  catmullRom(position - left).forEach((weight, k) => {
    const point = left - 1 + k;
    if (point >= 0 && point < count) {
      weights[point] += weight;
      return;
    }
    // A point beyond the end continues the line through the last two.
    const [end, inner] = point < 0 ? [0, 1] : [count - 1, count - 2];
    weights[end] += 2 * weight;
    weights[inner] -= weight;
  });
  return weights;
}

/** Weights of the points at -1, 0, 1 and 2 for a place between 0 and 1. */
function catmullRom(t: number): readonly [number, number, number, number] {
  return [
    t * (-0.5 + t * (1 - 0.5 * t)),
    1 + t * t * (-2.5 + 1.5 * t),
    t * (0.5 + t * (2 - 1.5 * t)),
    t * t * (-0.5 + 0.5 * t),
  ];
}

function sample(frame: Float32Array, [height, width]: Shape2, [y, x]: readonly [number, number]): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [rows, columns] = [catmullRom(y - top), catmullRom(x - left)];
  let sum = 0;
  for (let k = 0; k < 4; k++) {
    const row = width * Math.min(height - 1, Math.max(0, top - 1 + k));
    for (let i = 0; i < 4; i++)
      sum += rows[k] * columns[i] * frame[row + Math.min(width - 1, Math.max(0, left - 1 + i))];
  }
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function notFinite(index: number, found: number): VitrineError {
  const at = `deformation field shiftsA[${index}]`;
  return new VitrineError({ code: "range", at, expected: "a finite shift", found: String(found) });
}
