/** A plan as the form holds it, and as the JSON of a useq sequence. */
import type { StageBox } from "../live/places.ts";

/** A channel of a plan. */
export interface PlanChannel {
  /** A config group and a preset of it, as Micro-Manager has them. */
  readonly group: string;
  readonly config: string;
  /** NaN: the camera's own. */
  readonly exposureMs: number;
}

/** A place of the stage. */
export interface PlanPosition {
  readonly name: string;
  readonly xUm: number;
  readonly yUm: number;
  /** NaN: the focus stays. */
  readonly zUm: number;
}

/** Everything that the form holds. Numbers are NaN while they are empty. */
export interface PlanForm {
  readonly channels: readonly PlanChannel[];
  readonly z: { readonly isOn: boolean; readonly rangeUm: number; readonly stepUm: number };
  readonly time: { readonly isOn: boolean; readonly loops: number; readonly intervalS: number };
  readonly positions: readonly PlanPosition[];
  /** Tiles about each position, or over a region of the stage where one is drawn. */
  readonly grid: {
    readonly isOn: boolean;
    readonly rows: number;
    readonly columns: number;
    readonly overlapPercent: number;
    readonly region?: StageBox | undefined;
  };
  /** Slowest axis first. */
  readonly order: string;
}

/** What a hand on the map does. */
export type MapHand = "position" | "region";

/** Orders that make sense at a microscope, with what changes fastest in words. */
export const ORDERS: readonly (readonly [order: string, text: string])[] = [
  ["tpgcz", "a stack of each channel at each place"],
  ["tpgzc", "all channels at each height"],
  ["tczpg", "all places with each channel"],
  ["pgtcz", "all times at each place"],
];

/** An empty form. */
export const EMPTY_PLAN: PlanForm = {
  channels: [],
  z: { isOn: false, rangeUm: 10, stepUm: 1 },
  time: { isOn: false, loops: 10, intervalS: 30 },
  positions: [],
  grid: { isOn: false, rows: 2, columns: 2, overlapPercent: 10 },
  order: "tpgcz",
};

/** The plan as `vitrine acquire` reads it. What is NaN stays in it as null, so that the parser says what is missing. */
export function planOf({ channels, z, time, positions, grid, order }: PlanForm): Record<string, unknown> {
  const { rows, columns, overlapPercent: overlap, region } = grid;
  return {
    ...(order !== "tpgcz" && { axis_order: order }),
    ...(channels.length > 0 && { channels: channels.map(channelOf) }),
    ...(z.isOn && { z_plan: { range: z.rangeUm, step: z.stepUm } }),
    ...(time.isOn && { time_plan: { interval: time.intervalS, loops: time.loops } }),
    ...(positions.length > 0 && { stage_positions: positions.map(positionOf) }),
    ...(grid.isOn && {
      grid_plan: region === undefined ? { rows, columns, overlap } : edgesOf(region, overlap),
    }),
  };
}

/** The text of the file. */
export function planText(form: PlanForm): string {
  return `${JSON.stringify(planOf(form), null, 2)}\n`;
}

function channelOf({ group, config, exposureMs }: PlanChannel) {
  return {
    ...(group !== "" && { group }),
    config,
    ...(!Number.isNaN(exposureMs) && { exposure: exposureMs }),
  };
}

function positionOf({ name, xUm: x, yUm: y, zUm: z }: PlanPosition) {
  return { ...(name !== "" && { name }), x, y, ...(!Number.isNaN(z) && { z }) };
}

/** useq's y grows upwards. */
function edgesOf({ left, right, upper, lower }: StageBox, overlap: number) {
  return { left, right, top: lower, bottom: upper, overlap };
}
