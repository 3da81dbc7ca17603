import { VitrineError } from "../../../core/index.ts";
import { parseWithSchema } from "../../../io/index.ts";
import { lazyIterable } from "../lazyIterable.ts";
import { axisSizes } from "./combinations.ts";
import { type ExpandedEvent, expanded } from "./iterate.ts";
import { sequenceSchema } from "./schema.ts";
import { prepareSequence, type Sequence } from "./sequence.ts";
import type { SetupEvent } from "./setupSchema.ts";
import type { UseqEvent } from "./useqEvent.ts";

/** A sequence that was checked, and its events. */
export interface UseqPlan {
  /** Each event with the camera of its channel; made while they are iterated. */
  readonly events: Iterable<ExpandedEvent>;
  /** What to set before the first event; not an event itself. */
  readonly setup?: SetupEvent;
  readonly sequence: Sequence;
}

/** Checks a useq sequence; `at` is how messages call it. */
export function parseUseq(value: unknown, at: string): UseqPlan {
  const settings = parseWithSchema(value, sequenceSchema, at);
  const sequence = prepareSequence(settings, at);
  const plan = { sequence, events: lazyIterable(() => withOpenShutter(sequence, at)) };
  return settings.setup == null ? plan : { ...plan, setup: settings.setup };
}

/**
 * The events of a useq `MDASequence`: those that useq gives, in its order and with its numbers. `setup` is not among them.
 *
 * @param sequence  the sequence as its JSON holds it
 * @returns         the events, made while they are iterated; can be iterated again
 * @throws {VitrineError} at the call: as {@link parseWithSchema}, for a key that useq would drop too; format: plans that
 *   contradict each other; range: steps of 0. While iterating: unsupported: a sequence that makes useq fail
 *
 * Source: useq-schema 0.9.2, `MDASequence.iter_events`.
 */
export function expandUseq(sequence: unknown): Iterable<UseqEvent> {
  const { events } = parseUseq(sequence, "expandUseq(sequence)");
  return lazyIterable(function* () {
    for (const { event } of events) yield event;
  });
}

/**
 * How many items each axis of a useq sequence has, as its `sizes`: channels that skip and positions of their own are not
 * considered. Keys in the order of iteration; 0 for an axis without a plan.
 *
 * @throws {VitrineError} as {@link expandUseq}
 */
export function useqSizes(sequence: unknown): Readonly<Record<string, number>> {
  return axisSizes(parseUseq(sequence, "useqSizes(sequence)").sequence);
}

/** Leaves the shutter open before an event if only such axes change towards it. */
function* withOpenShutter(sequence: Sequence, at: string): Generator<ExpandedEvent> {
  const open = sequence.keepShutterOpenAcross;
  if (open.length === 0) return yield* expanded(sequence, at);
  let held: ExpandedEvent | undefined;
  for (const next of expanded(sequence, at)) {
    if (held !== undefined) {
      const stays = changesOnly(open, [held.event.index ?? {}, next.event.index ?? {}], at);
      yield stays ? { ...held, event: { ...held.event, keep_shutter_open: true } } : held;
    }
    held = next;
  }
  if (held !== undefined) yield held;
}

type Index = Readonly<Record<string, number>>;

function changesOnly(axes: readonly string[], [here, next]: readonly [Index, Index], at: string): boolean {
  for (const [axis, i] of Object.entries(here)) {
    if (next[axis] === undefined) throw missingAxis(axis, at);
    if (next[axis] !== i && !axes.includes(axis)) return false;
  }
  return true;
}

function missingAxis(axis: string, at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} keep_shutter_open_across`,
    expected: "positions that all have the same axes",
    found: `one without the axis ${axis} after one with it`,
    hint: "Omit keep_shutter_open_across, or give every position the same plans",
  });
}
