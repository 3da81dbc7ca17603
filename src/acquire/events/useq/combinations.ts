import { AXES, type Axis, type ChannelSettings } from "./schema.ts";
import type { Sequence, StagePosition } from "./sequence.ts";
import type { Point } from "./traversal.ts";

/** One item of each axis that a sequence has. */
export interface Combination {
  readonly index: Readonly<Partial<Record<Axis, number>>>;
  /** s. */
  readonly time?: number;
  readonly position?: StagePosition;
  /** µm; from the position where the grid is relative. */
  readonly tile?: Point;
  readonly channel?: ChannelSettings;
  /** µm; from the position where the planes are relative. */
  readonly plane?: number;
}

type MutableCombination = { -readonly [K in keyof Combination]: Combination[K] } & {
  index: Partial<Record<Axis, number>>;
};

/**
 * All combinations of the items of the axes that have any, the last axis of the order fastest; none without such an axis. It is
 * one and the same object each time: whoever keeps something of it copies that.
 */
export function combinations(sequence: Sequence): Iterable<Combination> {
  const used = sequence.order.filter((axis) => !isEmpty(itemsAlong(sequence, axis, { index: {} })));
  if (used.length === 0) return [];
  const index = Object.fromEntries(AXES.filter((axis) => used.includes(axis)).map((axis) => [axis, 0]));
  return nested(sequence, used, { index });
}

/** How many items each axis has, in the order of iteration. */
export function axisSizes(sequence: Sequence): Readonly<Record<string, number>> {
  const entries = sequence.order.map((axis) => {
    let count = 0;
    for (const _ of itemsAlong(sequence, axis, { index: {} })) count++;
    return [axis, count];
  });
  return Object.fromEntries(entries);
}

function* nested(
  sequence: Sequence,
  [axis, ...inner]: readonly Axis[],
  combination: MutableCombination,
): Generator<Combination> {
  let i = 0;
  for (const _ of itemsAlong(sequence, axis, combination)) {
    combination.index[axis] = i++;
    if (inner.length === 0) yield combination;
    else yield* nested(sequence, inner, combination);
  }
}

/** Puts one item of an axis after another into a combination. */
function* itemsAlong(sequence: Sequence, axis: Axis, combination: MutableCombination): Generator<void> {
  switch (axis) {
    case "t":
      for (combination.time of sequence.time ?? []) yield;
      break;
    case "p":
      for (combination.position of sequence.positions) yield;
      break;
    case "g":
      for (combination.tile of sequence.grid?.points ?? []) yield;
      break;
    case "c":
      for (combination.channel of sequence.channels) yield;
      break;
    case "z":
      for (let i = 0; i < (sequence.z?.length ?? 0); i++) {
        combination.plane = sequence.z?.at(i) ?? 0;
        yield;
      }
  }
}

function isEmpty(list: Iterable<void>): boolean {
  for (const _ of list) return false;
  return true;
}
