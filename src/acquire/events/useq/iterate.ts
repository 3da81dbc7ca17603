import { VitrineError } from "../../../core/index.ts";
import { type Combination, combinations } from "./combinations.ts";
import type { AutofocusPlan } from "./schema.ts";
import { hasAxes, type Sequence, type StagePosition } from "./sequence.ts";
import type { UseqEvent } from "./useqEvent.ts";

/** An event, and the camera of its channel, which useq's events do not carry. */
export interface ExpandedEvent {
  readonly event: UseqEvent;
  readonly camera?: string | null | undefined;
}

type MutableEvent = { -readonly [K in keyof UseqEvent]: UseqEvent[K] };
type Index = Readonly<Record<string, number>>;

/** State of one expansion, the positions' own sequences included. */
interface Expansion {
  readonly at: string;
  /** The index at which each autofocus plan was last asked. */
  readonly focused: Map<AutofocusPlan, Index>;
}

/** What a position gives its own sequence. */
interface Inherited {
  /**
   * Settings that the events of the sequence start from. As in useq they are one object for all of them, so that for instance
   * the exposure of one channel stays for a next one that has none.
   */
  readonly draft: MutableEvent;
  /** Settings that replace those of each event. */
  readonly overrides: MutableEvent;
  /** µm, added to the coordinates of each event. */
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

function* eventsOf(
  sequence: Sequence,
  expansion: Expansion,
  inherited?: Inherited,
): Generator<ExpandedEvent> {
  let lastTime = inherited?.lastTime ?? -1;
  let lastPosition = -1;
  for (const combination of combinations(sequence)) {
    if (isSkipped(combination, sequence, expansion.at)) continue;
    const { position, index } = combination;
    const draft = inherited?.draft ?? {};
    applyCombination(draft, combination, sequence);
    if (position?.properties?.length && index.p !== lastPosition) draft.properties = position.properties;
    lastPosition = index.p ?? -1;
    if (inherited !== undefined) inherit(draft, inherited);
    const camera = combination.channel === undefined ? inherited?.camera : combination.channel.camera;

    const own = position?.sequence;
    if (position !== undefined && own !== undefined && hasAxes(own)) {
      const inheritance = { ...inheritanceOf(position, own, draft), camera, lastTime, owner: sequence };
      const focused = own.autofocus ?? sequence.autofocus;
      yield* eventsOf(focused === undefined ? own : { ...own, autofocus: focused }, expansion, inheritance);
      continue;
    }
    if (draft.index?.t === 0 && lastTime !== 0) draft.reset_event_timer = true;
    const event: UseqEvent = { ...draft };
    const focus = autofocusBefore(event, own?.autofocus ?? sequence.autofocus, {
      owner: inherited?.owner ?? sequence,
      expansion,
    });
    if (focus !== undefined) yield { event: focus, camera };
    yield { event, camera };
    lastTime = event.index?.t ?? lastTime;
  }
}

/** Source: useq-schema 0.9.2, `_should_skip`. */
function isSkipped({ position, channel, index }: Combination, { z }: Sequence, at: string): boolean {
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

function applyCombination(draft: MutableEvent, combination: Combination, sequence: Sequence): void {
  const { position, channel, time } = combination;
  draft.index = { ...draft.index, ...combination.index };
  applyCoordinates(draft, combination, sequence);
  if (position?.name) draft.pos_name = position.name;
  if (channel !== undefined) {
    draft.channel = { config: channel.config, group: channel.group ?? "Channel" };
    if (channel.exposure != null) draft.exposure = channel.exposure;
  }
  if (time !== undefined) draft.min_start_time = time;
}

/** Source: useq-schema 0.9.2, `_xyzpos`. */
function applyCoordinates(
  draft: MutableEvent,
  { position, channel, tile, plane }: Combination,
  { z, grid }: Sequence,
): void {
  const { x = null, y = null, z: positionZ = null } = position ?? {};
  draft.x_pos = tile === undefined ? x : tile[0] + (grid?.isRelative ? (x ?? 0) : 0);
  draft.y_pos = tile === undefined ? y : tile[1] + (grid?.isRelative ? (y ?? 0) : 0);
  draft.z_pos = positionZ;
  if (plane === undefined) return;
  draft.z_pos = channel === undefined ? plane : plane + (channel.z_offset ?? 0);
  if (z?.isRelative) draft.z_pos += positionZ ?? 0;
}

function inherit(draft: MutableEvent, { overrides, offset }: Inherited): void {
  Object.assign(draft, overrides);
  if (offset.x !== undefined && draft.x_pos != null) draft.x_pos += offset.x;
  if (offset.y !== undefined && draft.y_pos != null) draft.y_pos += offset.y;
  if (offset.z !== undefined && draft.z_pos != null) draft.z_pos += offset.z;
}

/** A position's own sequence takes over its coordinates where it has no plan for it, else moves by it where the plan is relative. */
function inheritanceOf(position: StagePosition, own: Sequence, draft: MutableEvent) {
  const overrides: MutableEvent = { reset_event_timer: false };
  const offset: { x?: number; y?: number; z?: number } = {};
  if (position.name) overrides.pos_name = position.name;
  if (own.z === undefined) overrides.z_pos = draft.z_pos;
  else if (own.z.isRelative) offset.z = position.z ?? 0;
  if (own.grid === undefined) Object.assign(overrides, { x_pos: draft.x_pos, y_pos: draft.y_pos });
  else if (own.grid.isRelative) Object.assign(offset, { x: position.x ?? 0, y: position.y ?? 0 });
  return { draft: { ...draft }, overrides, offset };
}

interface AutofocusContext {
  readonly owner: Sequence;
  readonly expansion: Expansion;
}

/** The autofocus before an event, if one of the plan's axes changed since it was last asked; at the z from which a relative stack counts. */
function autofocusBefore(
  event: UseqEvent,
  plan: AutofocusPlan | undefined,
  context: AutofocusContext,
): UseqEvent | undefined {
  if (plan === undefined) return undefined;
  const { owner, expansion } = context;
  const index = event.index ?? {};
  const last = expansion.focused.get(plan) ?? {};
  expansion.focused.set(plan, index);
  if (!plan.axes.some((axis) => index[axis] !== undefined && last[axis] !== index[axis])) return undefined;
  const action = {
    autofocus_device_name: plan.autofocus_device_name ?? null,
    autofocus_motor_offset: plan.autofocus_motor_offset ?? null,
  };
  if (event.z_pos == null || !owner.z?.isRelative || index.z === undefined) return { ...event, action };
  if (index.z >= owner.z.length) throw noPlane(index.z, owner.z.length, expansion.at);
  return { ...event, action, z_pos: event.z_pos - owner.z.at(index.z) };
}

function noPlane(plane: number, count: number, at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} autofocus_plan`,
    expected: `planes of a position's own stack that the whole sequence's stack of ${count} has too`,
    found: `plane ${plane}`,
    hint: "Give the position's sequence no more planes than the whole has",
  });
}
