import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import type { Axes } from "../../io/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import { arange, type Steps } from "./arange.ts";
import type { AcquisitionEvent } from "./event.ts";
import { lazyIterable } from "./lazyIterable.ts";

const numbers = z.array(z.number());

/** Pycro-Manager's parameters; its `None` is null or left out. */
export const multiDSchema = z.strictObject({
  num_time_points: z.int().nullish(),
  time_interval_s: z.union([z.number(), numbers]).nullish(),
  z_start: z.number().nullish(),
  z_end: z.number().nullish(),
  z_step: z.number().nullish(),
  channel_group: z.string().nullish(),
  channels: z.array(z.string()).nullish(),
  channel_exposures_ms: numbers.nullish(),
  xy_positions: z.array(z.tuple([z.number(), z.number()])).nullish(),
  xyz_positions: z.array(z.tuple([z.number(), z.number(), z.number()])).nullish(),
  position_labels: z.array(z.union([z.string(), z.int()])).nullish(),
  order: z.string().optional(),
});

/**
 * The parameters of {@link multiDAcquisitionEvents}, by Pycro-Manager's names. Times in s, exposures in ms, positions in µm; `z_*`
 * count from the z of `xyz_positions` where those are given.
 */
export type MultiDParams = z.input<typeof multiDSchema>;

type Parsed = z.output<typeof multiDSchema>;
type CamelKeys<T> = {
  [K in keyof T as K extends `${infer A}_${infer B}_${infer C}`
    ? `${A}${Capitalize<B>}${Capitalize<C>}`
    : K extends `${infer A}_${infer B}`
      ? `${A}${Capitalize<B>}`
      : K]: T[K];
};

/** The same parameters in camelCase (`numTimePoints`). */
export type MultiDCamelParams = CamelKeys<MultiDParams>;

const DEFAULT_ORDER = "tpcz";
const AT = "multiDAcquisitionEvents";

/**
 * The events of a usual multi-dimensional acquisition, in Pycro-Manager's order and with its numbers.
 *
 * @param params  Pycro-Manager's keyword arguments, by its names or in camelCase
 * @returns the events, made while they are iterated; can be iterated again
 * @throws {VitrineError} at the call: as {@link parseWithSchema}; format: parameters that exclude each other; shape: lists of
 *   different lengths; missing: a part of a z stack
 *
 * Source: Pycro-Manager 1.0.2, `multi_d_acquisition_events`. It ignores an unknown letter of `order` and channels without
 * `channel_group`, makes no event of a z range without planes and, where `order` has no p, gives every event a list as its z: all are
 * refused here. Of positions with equal labels it takes the z of the first; here each has its own.
 */
export function multiDAcquisitionEvents(
  params: MultiDParams | MultiDCamelParams,
): Iterable<AcquisitionEvent> {
  return multiDEvents(params, AT);
}

/** {@link multiDAcquisitionEvents} of a plan, whose every parameter must mean something; `at` is how messages call it. */
export function multiDPlan(value: unknown, at: string): Iterable<AcquisitionEvent> {
  const params = parseWithSchema(snakeKeys(value), multiDSchema, at);
  const events = multiDEvents(params, at);
  checkPlan(params, at);
  return events;
}

function multiDEvents(value: unknown, at: string): Iterable<AcquisitionEvent> {
  const params = parseWithSchema(snakeKeys(value), multiDSchema, at);
  const axes = plannedAxes(params, at);
  return lazyIterable(() => nested(axes, { axes: {} }));
}

/** The value with the camelCase names of parameters replaced by Pycro-Manager's; anything else as it is. */
export function snakeKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const name = SNAKE.get(key);
    return [name === undefined || Object.hasOwn(value, name) ? key : name, inner];
  });
  return Object.fromEntries(entries);
}

const SNAKE: ReadonlyMap<string, string> = new Map(
  Object.keys(multiDSchema.shape).map((name) => [
    name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    name,
  ]),
);

/** What an axis adds to an event, one item after another. */
type Axis = (event: AcquisitionEvent) => Iterable<AcquisitionEvent>;

function* nested(axes: readonly Axis[], event: AcquisitionEvent): Generator<AcquisitionEvent> {
  const [axis, ...inner] = axes;
  // Each event gets its own objects: a hook may change one of them.
  if (axis === undefined) yield { ...event, axes: { ...event.axes } };
  else for (const next of axis(event)) yield* nested(inner, next);
}

/** What goes along with another parameter and means nothing without it. */
const COMPANIONS: readonly (readonly [name: keyof Parsed, needs: readonly (keyof Parsed)[]])[] = [
  ["channels", ["channel_group"]],
  ["channel_group", ["channels"]],
  ["channel_exposures_ms", ["channels"]],
];

/** The same of what Pycro-Manager leaves out in silence: a function of its name does so too, a plan does not. */
const PLAN_COMPANIONS: typeof COMPANIONS = [
  ["position_labels", ["xy_positions", "xyz_positions"]],
  ["time_interval_s", ["num_time_points"]],
];

function checkCompanions(params: Parsed, at: string, companions: typeof COMPANIONS): void {
  for (const [name, needs] of companions) {
    // a wait of no time between no time points is none
    const isGiven = params[name] != null && params[name] !== 0;
    if (!isGiven || needs.some((need) => params[need] != null)) continue;
    const expected = `${needs.join(" or ")} beside ${name}`;
    throw fault("missing", at, [expected, `${name} alone`], `Add ${needs.join(" or ")}, or omit ${name}`);
  }
}

/** Refuses what Pycro-Manager leaves out in silence: axes that `order` does not name, empty lists, exposures of no channel. */
function checkPlan(params: Parsed, at: string): void {
  checkCompanions(params, at, PLAN_COMPANIONS);
  for (const name of ["xy_positions", "channels"] as const) {
    if (params[name]?.length !== 0) continue;
    throw fault("shape", `${at} ${name}`, ["at least one", "an empty list"], "Omit the key");
  }
  const { channels, channel_exposures_ms: exposures } = params;
  if (channels != null && exposures != null && exposures.length > channels.length)
    throw unequalExposures(exposures, channels, at);
  checkPlanned(params, at);
}

function unequalExposures(exposures: readonly number[], channels: readonly string[], at: string) {
  const found = `${exposures.length} for ${channels.length} channels`;
  return fault("shape", `${at} channel_exposures_ms`, ["one exposure a channel", found]);
}

/** Letters of axes that the parameters ask for. */
function checkPlanned(params: Parsed, at: string): void {
  const order = (params.order ?? DEFAULT_ORDER).toLowerCase();
  const { num_time_points: count, channels, xy_positions: xy, xyz_positions: xyz } = params;
  const { z_start: start, z_end: end, z_step: step } = params;
  const planned: Record<string, boolean> = {
    t: count != null && count > 0,
    p: xy != null || xyz != null,
    c: channels != null,
    z: Boolean(start || end || step),
  };
  const left = Object.keys(planned).find((letter) => planned[letter] === true && !order.includes(letter));
  if (left === undefined) return;
  throw fault("format", `${at} order`, [`the letter ${left}, which is planned`, JSON.stringify(order)]);
}

function plannedAxes(params: Parsed, at: string): readonly Axis[] {
  const order = (params.order ?? DEFAULT_ORDER).toLowerCase();
  checkOrder(order, at);
  checkCompanions(params, at, COMPANIONS);
  checkLists(params, at);
  const z = zSteps(params, at);
  if (order.includes("p") && order.includes("z") && order.indexOf("p") > order.indexOf("z")) {
    throw fault("format", `${at} order`, ["p before z", JSON.stringify(order)]);
  }
  const hasPositions = params.xy_positions != null || params.xyz_positions != null;
  if (
    order.includes("z") &&
    !order.includes("p") &&
    hasPositions &&
    (z !== undefined || params.xyz_positions != null)
  )
    throw fault(
      "format",
      `${at} order`,
      ["p before z, since there are positions", "no p"],
      "Add p or omit z",
    );
  const make: Record<string, () => Axis | undefined> = {
    t: () => timeAxis(params),
    p: () => positionAxis(params),
    c: () => channelAxis(params, at),
    z: () => zAxis(params, z),
  };
  return [...order].flatMap((letter) => make[letter]() ?? []);
}

function checkOrder(order: string, at: string): void {
  const wrong = [...order].find((letter, i) => !"tpcz".includes(letter) || order.indexOf(letter) !== i);
  if (wrong === undefined) return;
  throw fault("format", `${at} order`, [
    "each of the letters t, p, c and z at most once",
    JSON.stringify(order),
  ]);
}

function checkLists(params: Parsed, at: string): void {
  const { time_interval_s: interval, num_time_points: count, position_labels: labels } = params;
  if (params.xy_positions != null && params.xyz_positions != null) {
    throw fault("format", at, ["xy_positions or xyz_positions", "both"], "Leave one of them out");
  }
  if (Array.isArray(interval) && interval.length !== count) {
    const found = `${interval.length} for ${count ?? "no"} time points`;
    throw fault("shape", `${at} time_interval_s`, ["one interval a time point", found]);
  }
  const positions = params.xy_positions ?? params.xyz_positions;
  if (labels != null && positions != null && labels.length !== positions.length) {
    const found = `${labels.length} for ${positions.length} positions`;
    throw fault("shape", `${at} position_labels`, ["one label a position", found]);
  }
  if (params.xyz_positions?.length === 0) {
    throw fault("shape", `${at} xyz_positions`, ["at least one position", "an empty list"], "Omit the key");
  }
}

/** The planes of the z stack, absolute or relative to the positions' own z. */
function zSteps({ z_start: start, z_end: end, z_step: step }: Parsed, at: string): Steps | undefined {
  // As in Pycro-Manager: a stack from 0 to 0 in steps of 0 is none.
  if (!start && !end && !step) return undefined;
  if (start == null || end == null || step == null) {
    const given = Object.entries({ z_start: start, z_end: end, z_step: step }).filter(
      ([, value]) => value != null,
    );
    const found = `only ${given.map(([name]) => name).join(" and ")}`;
    throw fault("missing", at, ["all of z_start, z_end and z_step", found], "Add the others or omit all");
  }
  const planes = arange({ start, stop: end + step, step }, `${at} z_step`);
  if (planes.length > 0) return planes;
  const found = `none from ${start} to ${end} in steps of ${step}`;
  const hint = step < 0 ? "Give z_end below z_start" : "Swap z_start and z_end, or give a negative z_step";
  throw fault("range", `${at} z_start, z_end, z_step`, ["at least one plane", found], hint);
}

function timeAxis({ num_time_points: count, time_interval_s: interval }: Parsed): Axis | undefined {
  if (count == null || count <= 0) return undefined;
  return function* (event) {
    let start = 0;
    for (let time = 0; time < count; time++) {
      start = Array.isArray(interval) ? start + interval[time] : time * (interval ?? 0);
      const axes: Axes = { ...event.axes, time };
      yield interval === 0 || interval == null
        ? { ...event, axes }
        : { ...event, axes, min_start_time: start };
    }
  };
}

function positionAxis(params: Parsed): Axis | undefined {
  const positions: readonly (readonly number[])[] | undefined | null =
    params.xy_positions ?? params.xyz_positions;
  if (positions == null) return undefined;
  return function* (event) {
    for (const [i, [x, y, z]] of positions.entries()) {
      const axes = { ...event.axes, position: params.position_labels?.[i] ?? i };
      yield { ...event, axes, x, y, ...(z === undefined ? {} : { z }) };
    }
  };
}

function channelAxis(params: Parsed, at: string): Axis | undefined {
  const { channel_group: group, channels, channel_exposures_ms: exposures } = params;
  if (group == null || channels == null) return undefined;
  if (exposures != null && exposures.length < channels.length)
    throw unequalExposures(exposures, channels, at);
  return function* (event) {
    for (const [i, channel] of channels.entries()) {
      const set = { ...event, axes: { ...event.axes, channel }, config_group: [group, channel] as const };
      yield exposures == null ? set : { ...set, exposure: exposures[i] };
    }
  };
}

/** Planes count from the position's own z where it has one. */
function zAxis({ xyz_positions: xyz }: Parsed, steps: Steps | undefined): Axis | undefined {
  if (steps === undefined && xyz == null) return undefined;
  const planes: Steps = steps ?? { length: 1, at: () => 0 };
  return function* (event) {
    for (let i = 0; i < planes.length; i++) {
      const plane = planes.at(i);
      const z = event.z === undefined ? plane : steps === undefined ? event.z : event.z + plane;
      yield { ...event, axes: { ...event.axes, z: i }, z };
    }
  };
}

function fault(
  code: "format" | "shape" | "missing" | "range",
  at: string,
  [expected, found]: readonly [string, string],
  hint?: string,
): VitrineError {
  return new VitrineError({ code, at, expected, found, ...(hint === undefined ? {} : { hint }) });
}
