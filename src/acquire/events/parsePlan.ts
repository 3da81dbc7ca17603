import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import type { AcquisitionEvent } from "./event.ts";
import { lazyIterable } from "./lazyIterable.ts";
import { multiDEvents, multiDSchema, snakeKeys } from "./multiD.ts";
import { parseEvents } from "./parseEvents.ts";
import { parseUseq, type UseqPlan } from "./useq/expand.ts";
import { SEQUENCE_KEYS } from "./useq/schema.ts";
import { fromUseq } from "./useq/useqEvent.ts";

const SHAPES =
  'a list of events, {"events": [...]}, the parameters of multiDAcquisitionEvents, or a useq sequence';
const MULTI_D_KEYS = Object.keys(multiDSchema.shape);
const anyKey = z.unknown().optional();
const knownKeys = z.strictObject(
  Object.fromEntries(["events", ...MULTI_D_KEYS, ...SEQUENCE_KEYS].map((key) => [key, anyKey])),
);

/**
 * The events of an acquisition plan: a list of event dictionaries, such a list under `events`, the parameters of
 * {@link multiDAcquisitionEvents}, or a useq `MDASequence`. Its keys tell which; `channels` alone is a useq sequence. Of
 * that, the settings of `setup` go into the first event, and an autofocus into the event of the image that follows it.
 *
 * @param value  what was read of the plan's JSON
 * @param at     how messages call it
 * @returns      the events, made while they are iterated; can be iterated again
 * @throws {VitrineError} at the call: format: a shape that is none of these, or that could be two of them; otherwise as
 *   {@link parseEvents}, {@link multiDAcquisitionEvents} and {@link expandUseq}
 */
export function parsePlan(value: unknown, at: string): Iterable<AcquisitionEvent> {
  if (Array.isArray(value)) return parseEvents(value, at);
  const plan = snakeKeys(value);
  if (typeof plan !== "object" || plan === null) throw unknownShape(at, JSON.stringify(plan) ?? "nothing");
  const keys = Object.keys(plan);
  const isEvents = keys.includes("events");
  const ofMultiD = keys.filter((key) => MULTI_D_KEYS.includes(key) && !SEQUENCE_KEYS.includes(key));
  const ofUseq = keys.filter((key) => SEQUENCE_KEYS.includes(key));
  if (isEvents && ofMultiD.length + ofUseq.length === 0) return parseEventList(plan, at);
  const onlyUseq = ofUseq.filter((key) => !MULTI_D_KEYS.includes(key));
  if (isEvents || (ofMultiD.length > 0 && onlyUseq.length > 0)) throw ambiguousShape(at, keys);
  if (ofMultiD.length > 0) return multiDEvents(plan, at);
  if (ofUseq.length > 0) return eventsFromUseq(parseUseq(plan, at));
  throw noKnownKey(plan, at);
}

function parseEventList(plan: object, at: string): Iterable<AcquisitionEvent> {
  const { events } = parseWithSchema(plan, z.strictObject({ events: z.array(z.unknown()) }), at);
  return parseEvents(events, `${at} events`);
}

/** An autofocus goes into the event of its image, the setup into the first event. */
function eventsFromUseq({ events, setup }: UseqPlan): Iterable<AcquisitionEvent> {
  const before = setup === undefined ? undefined : fromUseq({ ...setup, action: undefined });
  return lazyIterable(function* () {
    let first = before;
    let focus: AcquisitionEvent | undefined;
    for (const { event, camera } of events) {
      const next = fromUseq(event, camera);
      if (next.autofocus !== undefined) {
        focus = next;
        continue;
      }
      const image = focus === undefined ? next : withAutofocus(next, focus);
      yield first === undefined ? image : withSetup(image, first);
      first = undefined;
      focus = undefined;
    }
  });
}

function withAutofocus(image: AcquisitionEvent, { autofocus, z }: AcquisitionEvent): AcquisitionEvent {
  if (autofocus === undefined) return image;
  return { ...image, autofocus: z === undefined || z === image.z ? autofocus : { ...autofocus, z } };
}

/** The first event's own settings come after those of `setup`. */
function withSetup(event: AcquisitionEvent, setup: AcquisitionEvent): AcquisitionEvent {
  const properties = [...(setup.properties ?? []), ...(event.properties ?? [])];
  return { ...setup, ...event, ...(properties.length === 0 ? {} : { properties }) };
}

function noKnownKey(plan: object, at: string): VitrineError {
  if (Object.hasOwn(plan, "axes")) return unknownShape(at, "one event", "Put it into a list");
  if (Object.keys(plan).length === 0) return unknownShape(at, "no key");
  try {
    parseWithSchema(plan, knownKeys, at);
  } catch (error) {
    if (error instanceof VitrineError) return error;
    throw error;
  }
  return unknownShape(at, Object.keys(plan).join(", "));
}

function ambiguousShape(at: string, keys: readonly string[]): VitrineError {
  return unknownShape(at, `keys of more than one: ${keys.join(", ")}`, "Keep those of one");
}

function unknownShape(at: string, found: string, hint?: string): VitrineError {
  return new VitrineError({
    code: "format",
    at,
    expected: SHAPES,
    found,
    ...(hint === undefined ? {} : { hint }),
  });
}
