import { VitrineError } from "../../../core/index.ts";
import { combinations, type Place } from "./combinations.ts";
import type { AutofocusPlan } from "./schema.ts";
import { hasAxes, type Sequence, type StagePosition } from "./sequence.ts";
import type { UseqEvent } from "./useqEvent.ts";

/** An event, and the camera of its channel, which useq's events do not carry. */
export interface ExpandedEvent {
  readonly event: UseqEvent;
  readonly camera?: string | null | undefined;
}

type Draft = { -readonly [K in keyof UseqEvent]: UseqEvent[K] };
type Index = Readonly<Record<string, number>>;

/** What goes through all events of one iteration, the positions' own sequences included. */
interface Run {
  readonly at: string;
  /** The index at which each autofocus plan was last asked. */
  readonly focused: Map<AutofocusPlan, Index>;
}

/** What a position hands down to its own sequence. */
interface Inherited {
  /**
   * Settings that the events of the sequence start from. As in useq they are one object for all of them, so that for instance
   * the exposure of one channel stays for a next one that has none.
   */
  readonly draft: Draft;
  /** Settings that replace those of each event. */
  readonly overrides: Draft;
  /** µm, added to the places of each event. */
  readonly offset: { readonly x?: number; readonly y?: number; readonly z?: number };
  readonly camera?: string | null | undefined;
  readonly lastTime: number;
  /** The sequence that the position belongs to: its z plan is the one that autofocus looks at. */
  readonly owner: Sequence;
}

/** Source: useq-schema 0.9.2, `_iter_sequence`. */
export function expanded(sequence: Sequence, at: string): Generator<ExpandedEvent> {
  return eventsOf(sequence, { at, focused: new Map() });
}

function* eventsOf(sequence: Sequence, run: Run, inherited?: Inherited): Generator<ExpandedEvent> {
  let lastTime = inherited?.lastTime ?? -1;
  let lastPosition = -1;
  for (const place of combinations(sequence)) {
    if (isSkipped(place, sequence, run.at)) continue;
    const { position, index } = place;
    const draft = inherited?.draft ?? {};
    applyPlace(draft, place, sequence);
    if (position?.properties?.length && index.p !== lastPosition) draft.properties = position.properties;
    lastPosition = index.p ?? -1;
    if (inherited !== undefined) inherit(draft, inherited);
    const camera = place.channel === undefined ? inherited?.camera : place.channel.camera;

    const own = position?.sequence;
    if (position !== undefined && own !== undefined && hasAxes(own)) {
      const handedDown = { ...handDown(position, own, draft), camera, lastTime, owner: sequence };
      const focused = own.autofocus ?? sequence.autofocus;
      yield* eventsOf(focused === undefined ? own : { ...own, autofocus: focused }, run, handedDown);
      continue;
    }
    if (draft.index?.t === 0 && lastTime !== 0) draft.reset_event_timer = true;
    const event: UseqEvent = { ...draft };
    const focus = focusOf(event, own?.autofocus ?? sequence.autofocus, {
      owner: inherited?.owner ?? sequence,
      run,
    });
    if (focus !== undefined) yield { event: focus, camera };
    yield { event, camera };
    lastTime = event.index?.t ?? lastTime;
  }
}

/** Source: useq-schema 0.9.2, `_should_skip`. */
function isSkipped({ position, channel, index }: Place, { z }: Sequence, at: string): boolean {
  if (channel !== undefined) {
    if (index.t !== undefined && index.t % (channel.acquire_every ?? 1) !== 0) return true;
    if (channel.do_stack === false && z !== undefined) {
      if (index.z === undefined) throw noStack(channel.config, at);
      if (index.z !== z.middle) return true;
    }
  }
  const own = position?.sequence;
  if (own === undefined || own.autofocus !== undefined) return false;
  const hasPlans = own.grid !== undefined || own.z !== undefined || own.time !== undefined;
  // What a position's own sequence iterates over is acquired once, at the first item of the whole sequence's axis.
  if ((index.c ?? 0) !== 0 && (own.channels.length > 0 || !hasPlans)) return true;
  if ((index.z ?? 0) !== 0 && own.z !== undefined) return true;
  return (index.g ?? 0) !== 0 && own.grid !== undefined;
}

function noStack(channel: string, at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} channels`,
    expected: `a z stack of whose planes channel ${channel} with do_stack false takes the middle one`,
    found: "a z plan without planes, or no z in axis_order",
    hint: "Omit z_plan or do_stack",
  });
}

function applyPlace(draft: Draft, place: Place, sequence: Sequence): void {
  const { position, channel, time } = place;
  draft.index = { ...draft.index, ...place.index };
  applyCoordinates(draft, place, sequence);
  if (position?.name) draft.pos_name = position.name;
  if (channel !== undefined) {
    draft.channel = { config: channel.config, group: channel.group ?? "Channel" };
    if (channel.exposure != null) draft.exposure = channel.exposure;
  }
  if (time !== undefined) draft.min_start_time = time;
}

/** Source: useq-schema 0.9.2, `_xyzpos`. */
function applyCoordinates(
  draft: Draft,
  { position, channel, tile, plane }: Place,
  { z, grid }: Sequence,
): void {
  const { x = null, y = null, z: home = null } = position ?? {};
  draft.x_pos = tile === undefined ? x : tile[0] + (grid?.isRelative ? (x ?? 0) : 0);
  draft.y_pos = tile === undefined ? y : tile[1] + (grid?.isRelative ? (y ?? 0) : 0);
  draft.z_pos = home;
  if (plane === undefined) return;
  draft.z_pos = channel === undefined ? plane : plane + (channel.z_offset ?? 0);
  if (z?.isRelative) draft.z_pos += home ?? 0;
}

function inherit(draft: Draft, { overrides, offset }: Inherited): void {
  Object.assign(draft, overrides);
  if (offset.x !== undefined && draft.x_pos != null) draft.x_pos += offset.x;
  if (offset.y !== undefined && draft.y_pos != null) draft.y_pos += offset.y;
  if (offset.z !== undefined && draft.z_pos != null) draft.z_pos += offset.z;
}

/** A position's own sequence takes over its place where it has no plan for it, else moves by it where the plan is relative. */
function handDown(position: StagePosition, own: Sequence, draft: Draft) {
  const overrides: Draft = { reset_event_timer: false };
  const offset: { x?: number; y?: number; z?: number } = {};
  if (position.name) overrides.pos_name = position.name;
  if (own.z === undefined) overrides.z_pos = draft.z_pos;
  else if (own.z.isRelative) offset.z = position.z ?? 0;
  if (own.grid === undefined) Object.assign(overrides, { x_pos: draft.x_pos, y_pos: draft.y_pos });
  else if (own.grid.isRelative) Object.assign(offset, { x: position.x ?? 0, y: position.y ?? 0 });
  return { draft: { ...draft }, overrides, offset };
}

interface FocusContext {
  readonly owner: Sequence;
  readonly run: Run;
}

/** The autofocus before an event, if one of the plan's axes changed since it was last asked; at the home of a relative stack. */
function focusOf(
  event: UseqEvent,
  plan: AutofocusPlan | undefined,
  context: FocusContext,
): UseqEvent | undefined {
  if (plan === undefined) return undefined;
  const { owner, run } = context;
  const index = event.index ?? {};
  const last = run.focused.get(plan) ?? {};
  run.focused.set(plan, index);
  if (!plan.axes.some((axis) => index[axis] !== undefined && last[axis] !== index[axis])) return undefined;
  const action = {
    autofocus_device_name: plan.autofocus_device_name ?? null,
    autofocus_motor_offset: plan.autofocus_motor_offset ?? null,
  };
  if (event.z_pos == null || !owner.z?.isRelative || index.z === undefined) return { ...event, action };
  if (index.z >= owner.z.length) throw noHome(index.z, owner.z.length, run.at);
  return { ...event, action, z_pos: event.z_pos - owner.z.at(index.z) };
}

function noHome(plane: number, count: number, at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} autofocus_plan`,
    expected: `planes of a position's own stack that the whole sequence's stack of ${count} has too`,
    found: `plane ${plane}`,
    hint: "Give the position's sequence no more planes than the whole has",
  });
}
