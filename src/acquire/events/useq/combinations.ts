import { AXES, type Axis, type ChannelSettings } from "./schema.ts";
import type { Sequence, StagePosition } from "./sequence.ts";
import type { Point } from "./traversal.ts";

/** One item of each axis that a sequence has. */
export interface Place {
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

type Draft = { -readonly [K in keyof Place]: Place[K] } & { index: Partial<Record<Axis, number>> };

/**
 * All combinations of the items of the axes that have any, the last axis of the order fastest; none without such an axis. It is
 * one and the same object each time: whoever keeps something of it copies that.
 */
export function combinations(sequence: Sequence): Iterable<Place> {
  const used = sequence.order.filter((axis) => !isEmpty(stepsAlong(sequence, axis, { index: {} })));
  if (used.length === 0) return [];
  const index = Object.fromEntries(AXES.filter((axis) => used.includes(axis)).map((axis) => [axis, 0]));
  return nested(sequence, used, { index });
}

/** How many items each axis has, in the order of iteration. */
export function axisSizes(sequence: Sequence): Readonly<Record<string, number>> {
  const entries = sequence.order.map((axis) => {
    let count = 0;
    for (const _ of stepsAlong(sequence, axis, { index: {} })) count++;
    return [axis, count];
  });
  return Object.fromEntries(entries);
}

function* nested(sequence: Sequence, [axis, ...inner]: readonly Axis[], place: Draft): Generator<Place> {
  let i = 0;
  for (const _ of stepsAlong(sequence, axis, place)) {
    place.index[axis] = i++;
    if (inner.length === 0) yield place;
    else yield* nested(sequence, inner, place);
  }
}

/** Puts one item of an axis after another into the place. */
function* stepsAlong(sequence: Sequence, axis: Axis, place: Draft): Generator<void> {
  switch (axis) {
    case "t":
      for (place.time of sequence.time ?? []) yield;
      break;
    case "p":
      for (place.position of sequence.positions) yield;
      break;
    case "g":
      for (place.tile of sequence.grid?.points ?? []) yield;
      break;
    case "c":
      for (place.channel of sequence.channels) yield;
      break;
    case "z":
      for (let i = 0; i < (sequence.z?.length ?? 0); i++) {
        place.plane = sequence.z?.at(i) ?? 0;
        yield;
      }
  }
}

function isEmpty(list: Iterable<void>): boolean {
  for (const _ of list) return false;
  return true;
}
