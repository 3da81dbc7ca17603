import { VitrineError } from "../../core/index.ts";
import type { Axes } from "../../io/index.ts";
import type { AcquisitionEvent } from "./event.ts";
import { lazyIterable } from "./lazyIterable.ts";
import { snakeKeys } from "./multiD.ts";
import { SEQUENCE_KEYS } from "./useq/schema.ts";

/** A place at which all of a plan is done. µm. */
export interface PlanPosition {
  /** Its value on the axis `position`, or in a useq plan its name; its number where it is empty. */
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** Of the focus drive: what a stack of z counts from. */
  readonly z?: number;
  /** Other stages by device label. */
  readonly stage_positions?: readonly (readonly [device: string, positionUm: number])[];
  /** As a tile: these are its axes, in place of `position`. */
  readonly row?: number;
  readonly column?: number;
}

/** Keys by which a plan has positions of its own. */
const OWN = ["stage_positions", "xy_positions", "xyz_positions", "position_labels"];

/**
 * A plan that has places of a list as its positions.
 *
 * @throws {VitrineError} format: single events, or a plan with positions of its own; undeterminable: parameters of
 *   `multiDAcquisitionEvents`, and a z of some places only
 */
export function withPositions(value: unknown, positions: readonly PlanPosition[], at: string): unknown {
  const plan = snakeKeys(value);
  const isPlan = typeof plan === "object" && plan !== null && !Array.isArray(plan) && !("events" in plan);
  if (!isPlan) throw noPlan(at);
  const own = OWN.find((key) => Object.hasOwn(plan, key));
  if (own !== undefined) throw ownPositions(at, own);
  const isUseq = Object.keys(plan).every((key) => SEQUENCE_KEYS.includes(key));
  if (isUseq) return { ...plan, stage_positions: positions.map(useqPosition) };
  const xyz = positions.flatMap(({ x, y, z }) => (z === undefined ? [] : [[x, y, z]]));
  if (xyz.length === positions.length) return { ...plan, xyz_positions: xyz };
  if (xyz.length > 0) throw someWithoutZ(at, positions);
  return { ...plan, xy_positions: positions.map(({ x, y }) => [x, y]) };
}

function useqPosition({ label, x, y, z }: PlanPosition) {
  return { x, y, ...(z !== undefined && { z }), ...(label !== "" && { name: label }) };
}

/** Events of a plan {@link withPositions} with what else their places say: labels, other stages, tiles. */
export function atPositions(
  events: Iterable<AcquisitionEvent>,
  positions: readonly PlanPosition[],
): Iterable<AcquisitionEvent> {
  return lazyIterable(function* () {
    for (const event of events) {
      const place = positions[Number(event.axes.position)];
      yield place === undefined ? event : atPlace(event, place);
    }
  });
}

function atPlace(event: AcquisitionEvent, place: PlanPosition): AcquisitionEvent {
  const { stage_positions: own = [] } = event;
  const stages = [...own, ...(place.stage_positions ?? [])];
  return {
    ...event,
    axes: axesAt(event, place),
    ...(stages.length > 0 && { stage_positions: stages }),
  };
}

/** useq's events have their position's number and its name beside it. */
function axesAt({ axes, pos_name: name }: AcquisitionEvent, { label, row, column }: PlanPosition): Axes {
  const { position, ...others } = axes;
  if (row !== undefined && column !== undefined) return { ...others, row, column };
  return name !== undefined || label === "" ? axes : { ...axes, position: label };
}

function noPlan(at: string): VitrineError {
  const expected =
    "the parameters of multiDAcquisitionEvents or a useq sequence, which positions are added to";
  const hint = "Give each event its own x and y, or leave the position list out";
  return new VitrineError({ code: "format", at, expected, found: "single events", hint });
}

function ownPositions(at: string, key: string): VitrineError {
  const hint = `Remove ${key}, or leave the position list out`;
  const expected = "a plan without positions, since a list of them is given";
  return new VitrineError({ code: "format", at, expected, found: key, hint });
}

function someWithoutZ(at: string, positions: readonly PlanPosition[]): VitrineError {
  const without = positions.filter(({ z }) => z === undefined);
  const first = positions.findIndex(({ z }) => z === undefined);
  const found = `none in ${without.length} of ${positions.length}, position ${first} the first`;
  const hint =
    "Save the list with the focus drive in all positions or in none, or write the plan as a useq sequence";
  return new VitrineError({
    code: "undeterminable",
    at,
    expected: "a z in all positions of the list or in none",
    found,
    hint,
  });
}
