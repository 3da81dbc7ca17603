import type { PixelArray } from "../../core/index.ts";

/** A place in an array of n dimensions, C order. */
export interface BoxPlace {
  readonly data: PixelArray;
  /** Of the whole array. */
  readonly shape: readonly number[];
  /** First index along each dimension. */
  readonly at: readonly number[];
}

/** Shorter rows are copied value by value: a view costs more than they do. */
const SHORT_ROW = 24;

/** Copies a box of `counts` values along each dimension, at least one, between arrays of one type. */
export function copyBox(from: BoxPlace, to: BoxPlace, counts: readonly number[]): void {
  if (counts.includes(0)) return;
  const outer = outerCount(from, to, counts);
  const run = counts.slice(outer).reduce((product, count) => product * count, 1);
  const [fromSteps, toSteps] = [strides(from.shape), strides(to.shape)];
  const index = counts.slice(0, outer).map(() => 0);
  let [source, target] = [offsetOf(from.at, fromSteps), offsetOf(to.at, toSteps)];
  for (;;) {
    copyRun(from.data, source, { into: to.data, target, run });
    let axis = outer - 1;
    for (; axis >= 0 && ++index[axis] === counts[axis]; axis--) {
      source -= fromSteps[axis] * (counts[axis] - 1);
      target -= toSteps[axis] * (counts[axis] - 1);
      index[axis] = 0;
    }
    if (axis < 0) return;
    source += fromSteps[axis];
    target += toSteps[axis];
  }
}

/** The index along each dimension of a value that lies in an array of these steps, none of which is 0. */
export function indexIn(value: number, steps: readonly number[]): number[] {
  const index = steps.map(() => 0);
  let rest = value;
  for (const axis of [...steps.keys()].sort((a, b) => steps[b] - steps[a] || a - b)) {
    index[axis] = Math.floor(rest / steps[axis]);
    rest %= steps[axis];
  }
  return index;
}

/** Steps between neighbours along each dimension, in values. */
export function strides(shape: readonly number[]): number[] {
  const steps = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) steps[axis] = steps[axis + 1] * shape[axis + 1];
  return steps;
}

/** Dimensions before the run of values that lie together in both arrays. */
function outerCount(from: BoxPlace, to: BoxPlace, counts: readonly number[]): number {
  let outer = counts.length - 1;
  const isWhole = (axis: number) => counts[axis] === from.shape[axis] && counts[axis] === to.shape[axis];
  while (outer > 0 && isWhole(outer)) outer--;
  return outer;
}

function offsetOf(at: readonly number[], steps: readonly number[]): number {
  return at.reduce((offset, index, axis) => offset + index * steps[axis], 0);
}

function copyRun(
  from: PixelArray,
  source: number,
  { into, target, run }: { into: PixelArray; target: number; run: number },
): void {
  if (run > SHORT_ROW) into.set(from.subarray(source, source + run), target);
  else for (let i = 0; i < run; i++) into[target + i] = from[source + i];
}
