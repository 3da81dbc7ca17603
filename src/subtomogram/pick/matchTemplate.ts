import { type Backend, createFft } from "../../compute/index.ts";
import { elementCount, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { placeTemplate } from "../simulate/blocks.ts";
import type { ScoredBlock } from "./pickInBlocks.ts";

/** Templates in all rotations, ready to be compared. */
export interface TurnedTemplates {
  readonly shape: Shape3;
  /** (rotations, ...shape), each without its mean. */
  readonly volumes: readonly Float32Array[];
  /** Root of the sum of squares of each. */
  readonly norms: readonly number[];
}

/** Turns a template; what comes from outside of it is 0. */
export async function turnTemplate(
  backend: Backend,
  template: PipeImage,
  { rotations, order }: { readonly rotations: readonly Quaternion[]; readonly order: 0 | 1 | 3 },
): Promise<TurnedTemplates> {
  const { shape } = template;
  const centre: Zyx = [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2];
  const volumes: Float32Array[] = [];
  const placements = rotations.map((rotation) => ({ rotation, start: [0, 0, 0] as const, centre }));
  await placeTemplate(template, placements, {
    backend,
    order,
    visit: (block) => volumes.push(lessMean(block)),
  });
  const norms = volumes.map((volume) => Math.sqrt(volume.reduce((sum, value) => sum + value * value, 0)));
  return { shape, volumes, norms };
}

/**
 * Of every place of a block the highest correlation coefficient of the templates with the window about it, and the template that has
 * it. Place g is that of the template's voxel floor((n - 1) / 2); windows that leave the block or show one value alone have -Infinity.
 */
export async function matchBlock(
  backend: Backend,
  templates: TurnedTemplates,
  { values, shape }: { readonly values: Float32Array; readonly shape: Shape3 },
): Promise<ScoredBlock> {
  const plan = createFft(backend, { kind: "real3d", shape });
  try {
    const spectrum = new Float32Array(2 * shape[0] * shape[1] * (Math.floor(shape[2] / 2) + 1));
    plan.set("real", values);
    await plan.run("forward");
    plan.read("spectrum", spectrum);
    const deviations = windowDeviations(values, shape, templates.shape);
    const [scores, rotations] = [
      new Float32Array(values.length).fill(Number.NEGATIVE_INFINITY),
      new Int32Array(values.length),
    ];
    const [padded, own] = [new Float32Array(values.length), new Float32Array(spectrum.length)];
    for (const [rotation, volume] of templates.volumes.entries()) {
      padTo(padded, shape, { data: volume, shape: templates.shape });
      plan.set("real", padded);
      await plan.run("forward");
      plan.read("spectrum", own);
      correlate(own, spectrum);
      plan.set("spectrum", own);
      await plan.run("inverse");
      plan.read("real", padded);
      keepHighest({ scores, rotations }, padded, {
        deviations,
        norm: templates.norms[rotation],
        rotation,
        shape,
        box: templates.shape,
      });
    }
    return { scores, rotations };
  } finally {
    plan.dispose();
  }
}

function lessMean(block: Float32Array): Float32Array {
  const mean = block.reduce((sum, value) => sum + value, 0) / block.length;
  return block.map((value) => value - mean);
}

function padTo(target: Float32Array, shape: Shape3, { data, shape: box }: PipeImage): void {
  target.fill(0);
  for (let z = 0; z < box[0]; z++)
    for (let y = 0; y < box[1]; y++) {
      const from = (z * box[1] + y) * box[2];
      target.set(data.subarray(from, from + box[2]), (z * shape[1] + y) * shape[2]);
    }
}

/** a = conj(a) b */
function correlate(a: Float32Array, b: Float32Array): void {
  for (let i = 0; i < a.length; i += 2) {
    const [re, im] = [a[i], a[i + 1]];
    a[i] = re * b[i] + im * b[i + 1];
    a[i + 1] = re * b[i + 1] - im * b[i];
  }
}

/** Of the window that begins at each voxel: the root of the sum of squared distances from its mean; 0 where it shows one value. */
function windowDeviations(values: Float32Array, shape: Shape3, box: Shape3): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // Without the block's mean, which the difference of large sums would lose.
  const centred = Float64Array.from(values, (value) => value - mean);
  const sums = boxSums(centred, shape, box);
  const squares = boxSums(
    centred.map((value) => value * value),
    shape,
    box,
  );
  const count = elementCount(box);
  const least = 1e-10 * squares.reduce((most, value) => Math.max(most, value), 0);
  return Float32Array.from(squares, (square, i) => {
    const variance = square - sums[i] ** 2 / count;
    return variance > least ? Math.sqrt(variance) : 0;
  });
}

/** Sums over boxes that begin at each voxel, as far as they lie inside; one axis after the other. */
export function boxSums(values: Float64Array, shape: Shape3, box: Shape3): Float64Array {
  let sums = values;
  for (let axis = 0; axis < 3; axis++) {
    const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
    const [length, side] = [shape[axis], box[axis]];
    const next = new Float64Array(sums.length);
    for (let line = 0; line < sums.length; line += length * inner)
      for (let j = 0; j < inner; j++) {
        let sum = 0;
        for (let i = length - 1; i >= 0; i--) {
          sum += sums[line + i * inner + j];
          if (i + side < length) sum -= sums[line + (i + side) * inner + j];
          next[line + i * inner + j] = sum;
        }
      }
    sums = next;
  }
  return sums;
}

function keepHighest(
  best: { readonly scores: Float32Array; readonly rotations: Int32Array },
  products: Float32Array,
  {
    deviations,
    norm,
    rotation,
    shape,
    box,
  }: { deviations: Float32Array; norm: number; rotation: number; shape: Shape3; box: Shape3 },
): void {
  const [depth, height, width] = shape;
  const middle = box.map((side) => Math.floor((side - 1) / 2));
  for (let z = 0; z <= depth - box[0]; z++)
    for (let y = 0; y <= height - box[1]; y++) {
      const row = (z * height + y) * width;
      const target = ((z + middle[0]) * height + y + middle[1]) * width + middle[2];
      for (let x = 0; x <= width - box[2]; x++) {
        const deviation = deviations[row + x];
        if (deviation === 0) continue;
        const score = products[row + x] / (deviation * norm);
        if (score > best.scores[target + x]) {
          best.scores[target + x] = score;
          best.rotations[target + x] = rotation;
        }
      }
    }
}
