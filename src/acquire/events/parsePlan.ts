import { z } from "zod";
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import type { AcquisitionEvent } from "./event.ts";
import { type FieldUm, withField } from "./gridField.ts";
import { lazyIterable } from "./lazyIterable.ts";
import { multiDPlan, multiDSchema, snakeKeys } from "./multiD.ts";
import { parseEvents } from "./parseEvents.ts";
import { atPositions, type PlanPosition, withPositions } from "./planPositions.ts";
import { isPositionList } from "./positionList.ts";
import { parseUseq, type UseqPlan } from "./useq/expand.ts";
import { SEQUENCE_KEYS } from "./useq/schema.ts";
import type { Sequence } from "./useq/sequence.ts";
import type { SetupEvent } from "./useq/setupSchema.ts";
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
 * that, `setup` and each autofocus are events of their own that make no image.
 *
 * @param value    what was read of the plan's JSON or YAML
 * @param at       how messages call it
 * @param options  fieldUm: what the camera sees, µm: the size of tiles of a useq grid that does not say it; positions: places at which
 *   all of it is done, for a plan that has none
 * @returns        the events, made while they are iterated; can be iterated again
 * @throws {VitrineError} at the call: format: a shape that is none of these, or that could be two of them, or `positions` beside
 *   single events or positions of its own; undeterminable: a grid whose tiles have no size; otherwise as `parseEvents`,
 *   {@link multiDAcquisitionEvents} and {@link expandUseq}
 */
export function parsePlan(
  value: unknown,
  at: string,
  options: {
    readonly fieldUm?: FieldUm | undefined;
    readonly positions?: readonly PlanPosition[] | undefined;
  } = {},
): Iterable<AcquisitionEvent> {
  requireKnownOptions("parsePlan", options, { fieldUm: true, positions: true });
  const { fieldUm, positions } = options;
  if (positions !== undefined)
    return atPositions(parsePlan(withPositions(value, positions, at), at, { fieldUm }), positions);
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
  if (Array.isArray(Reflect.get(plan, "axes"))) throw secondUseq(at);
  if (ofMultiD.length > 0) return multiDPlan(plan, at);
  if (ofUseq.length === 0) throw noKnownKey(plan, at);
  checkStacks(parseUseq(plan, at).sequence, plan, at); // the plan's own faults come first
  return eventsFromUseq(parseUseq(withField(plan, fieldUm, at), at), at);
}

function parseEventList(plan: object, at: string): Iterable<AcquisitionEvent> {
  const { events } = parseWithSchema(plan, z.strictObject({ events: z.array(z.unknown()) }), at);
  return parseEvents(events, `${at} events`);
}

/** What prepares the sequence comes before its first event. */
function eventsFromUseq({ events, setup }: UseqPlan, at: string): Iterable<AcquisitionEvent> {
  const [first] = events;
  if (first === undefined) throw noImages(at);
  const before = setup === undefined ? undefined : setupEvent(setup);
  return lazyIterable(function* () {
    if (before !== undefined) yield { ...before, axes: {} };
    for (const { event, camera } of events) yield fromUseq(event, camera);
  });
}

/** Whatever `setup` is told to do, it makes no image. */
function setupEvent({ action, ...settings }: SetupEvent): AcquisitionEvent {
  const focus = action?.type === "hardware_autofocus" ? { action } : {};
  if (action?.type === "custom") fromUseq({ action }); // refuses it
  return { ...fromUseq({ ...settings, ...focus }), no_image: true };
}

/** useq makes no events of a stack without planes. */
function checkStacks({ z, positions }: Sequence, plan: object, at: string): void {
  if (z?.length === 0) {
    const found = `none in ${JSON.stringify(Reflect.get(plan, "z_plan"))}`;
    const hint = "Give top above bottom, or a negative step";
    throw new VitrineError({
      code: "range",
      at: `${at} z_plan`,
      expected: "at least one plane",
      found,
      hint,
    });
  }
  const given: unknown = Reflect.get(plan, "stage_positions");
  if (!Array.isArray(positions) || !Array.isArray(given)) return;
  for (const [i, { sequence }] of positions.entries())
    if (sequence !== undefined)
      checkStacks(sequence, given[i].sequence, `${at} stage_positions[${i}] sequence`);
}

function noImages(at: string): VitrineError {
  const hint = "An axis of the plan is empty, or its settings leave every image out";
  return new VitrineError({
    code: "range",
    at,
    expected: "a plan of at least one image",
    found: "none",
    hint,
  });
}

/** useq.v2, which useq-schema ships beside the first, writes its plans as a list of axes. */
function secondUseq(at: string): VitrineError {
  const hint =
    "Save it from useq.MDASequence, whose plans are time_plan, stage_positions, grid_plan, channels and z_plan";
  return unknownShape(at, "the axes of a useq.v2.MDASequence, which is not read", hint);
}

function noKnownKey(plan: object, at: string): VitrineError {
  if (isPositionList(plan))
    return unknownShape(at, "a position list", "Give it beside a plan, with --positions (`positions`)");
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
