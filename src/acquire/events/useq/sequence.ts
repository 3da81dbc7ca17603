import { checkSequence } from "./checks.ts";
import { type GridPoints, gridPoints } from "./grid.ts";
import type { AutofocusPlan, Axis, ChannelSettings, PositionSettings, SequenceSettings } from "./schema.ts";
import { AXES } from "./schema.ts";
import { timePoints } from "./timePlan.ts";
import { wellPositions } from "./wellPlate.ts";
import { type ZPlanes, zPlanes } from "./zPlan.ts";

/** A sequence whose plans are resolved: their items can be iterated, each made when it is asked for. */
export interface Sequence {
  readonly order: readonly Axis[];
  /** s from the start. */
  readonly time?: Iterable<number>;
  readonly positions: Iterable<StagePosition>;
  readonly grid?: GridPoints;
  readonly channels: readonly ChannelSettings[];
  readonly z?: ZPlanes;
  readonly autofocus?: AutofocusPlan;
  readonly keepShutterOpenAcross: readonly string[];
}

/** A position of the stage, µm; null: do not move. */
export interface StagePosition {
  readonly x: number | null;
  readonly y: number | null;
  readonly z: number | null;
  readonly name?: string | null | undefined;
  readonly properties?: PositionSettings["properties"];
  /** What is acquired at this position instead. */
  readonly sequence?: Sequence;
}

/**
 * Resolves the plans of a checked sequence.
 *
 * @throws {VitrineError} as {@link checkSequence} and the plans
 */
export function prepareSequence(settings: SequenceSettings, at: string): Sequence {
  checkSequence(settings, at);
  const { grid_plan, time_plan, z_plan, autofocus_plan, axis_order: order = AXES } = settings;
  return {
    order,
    channels: settings.channels ?? [],
    positions: preparePositions(settings, at),
    keepShutterOpenAcross: settings.keep_shutter_open_across ?? [],
    ...(grid_plan == null ? {} : { grid: gridPoints(grid_plan, anySeed(), `${at} grid_plan`) }),
    // As in useq, a plan that cannot be computed is no error where nobody iterates over it.
    ...(time_plan == null
      ? {}
      : { time: order.includes("t") ? timePoints(time_plan, `${at} time_plan`) : [] }),
    ...(z_plan == null ? {} : { z: zPlanes(z_plan, `${at} z_plan`) }),
    ...(autofocus_plan == null ? {} : { autofocus: autofocus_plan }),
  };
}

function preparePositions(settings: SequenceSettings, at: string): Iterable<StagePosition> {
  const { stage_positions: positions = [], grid_plan: grid } = settings;
  const where = `${at} stage_positions`;
  if ("plate" in positions) return wellPositions(positions, anySeed(), where);
  return positions.map((position, i) => preparePosition(position, isAbsolute(grid), `${where}[${i}]`));
}

/** As in useq, an absolute grid stands where it is: the position's own x and y count for nothing. */
function preparePosition(settings: PositionSettings, isGridAbsolute: boolean, at: string): StagePosition {
  const { name, properties, sequence } = settings;
  const inner = sequence?.grid_plan;
  const isPlaced = inner == null ? !isGridAbsolute : !isAbsolute(inner);
  return {
    x: isPlaced ? (settings.x ?? null) : null,
    y: isPlaced ? (settings.y ?? null) : null,
    z: settings.z ?? null,
    name,
    properties,
    ...(sequence == null ? {} : { sequence: prepareSequence(sequence, `${at} sequence`) }),
  };
}

function isAbsolute(grid: SequenceSettings["grid_plan"]): boolean {
  return grid != null && ("top" in grid || "vertices" in grid);
}

/** Random points without a seed: others for each parsed sequence, the same each time that it is iterated. */
function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** Whether a sequence has anything to iterate over. */
export function hasAxes({ time, z, grid, channels, positions }: Sequence): boolean {
  const plans = [time, z, grid].some((plan) => plan !== undefined);
  return plans || channels.length > 0 || !(Array.isArray(positions) && positions.length === 0);
}
