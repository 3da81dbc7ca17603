import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { gridSchema, indexSchema, pointsSchema, positionShape } from "./gridSchema.ts";
import { setupSchema } from "./setupSchema.ts";

const um = z.number();
const name = z.string().nullish();

/** Letters of the axes: time, position, grid, channel, z. */
export const AXES = ["t", "p", "g", "c", "z"] as const;
export type Axis = (typeof AXES)[number];

const axis = z.enum(AXES);
const axesText = z
  .string()
  .regex(/^[tpgcz]*$/i, "letters of the axes t, p, g, c and z")
  .transform((text) => [...text.toLowerCase()].map((letter) => axis.parse(letter)));

const timeBase = { prioritize_duration: z.boolean().optional() };
const phase = z.union([
  z.strictObject({ ...timeBase, interval: durationSchema, duration: durationSchema }),
  z.strictObject({ ...timeBase, interval: durationSchema, loops: z.int().positive() }),
  z.strictObject({ ...timeBase, duration: durationSchema, loops: z.int().positive() }),
]);
/** useq takes a plan without keys for none. */
const emptyAsNull = <T extends z.ZodType>(plan: T) =>
  z.preprocess((value) => (isEmptyObject(value) ? null : value), plan.nullish());
const isEmptyObject = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

const timePlan = z.union([
  phase,
  z.strictObject({ ...timeBase, phases: z.array(phase) }),
  z.array(phase).transform((phases) => ({ phases })),
]);

const zBase = { go_up: z.boolean().optional() };
const zPlan = z.union([
  z.strictObject({ ...zBase, top: um, bottom: um, step: um }),
  z.strictObject({ ...zBase, above: um, below: um, step: um }),
  z.strictObject({ ...zBase, range: um, step: um }),
  z.strictObject({ ...zBase, absolute: z.array(um) }),
  z.strictObject({ ...zBase, relative: z.array(um) }),
]);

const channel: z.ZodType<ChannelSettings> = z.union([
  z.string().transform((config) => ({ config })),
  z.strictObject({
    config: z.string(),
    group: z.string().optional(),
    exposure: z.number().positive().nullish(),
    do_stack: z.boolean().optional(),
    z_offset: um.optional(),
    acquire_every: z.int().positive().optional(),
    camera: z.string().nullish(),
  }),
]);

const pair = z.union([
  z.number().transform((size): [number, number] => [size, size]),
  z.tuple([z.number(), z.number()]),
]);
const plate = z.union([
  z.string(),
  z.number().transform((wells) => `${Math.trunc(wells)}-well`),
  z.strictObject({
    rows: z.int().positive(),
    columns: z.int().positive(),
    well_spacing: pair,
    well_size: pair,
    circular_wells: z.boolean().optional(),
    name: z.string().optional(),
  }),
]);

/** A number of an axis, a list of them (nested at will), or Python's `slice(start, stop, step)`. */
export type WellIndex = number | readonly WellIndex[] | WellSlice;

/** The wells `start`, `start + step` ... before `stop`; null or left out: from end to end. JSON has no slice of its own. */
export interface WellSlice {
  readonly start?: number | null | undefined;
  readonly stop?: number | null | undefined;
  readonly step?: number | null | undefined;
}
const wellIndex: z.ZodType<WellIndex> = z.lazy(() =>
  z.union([
    z.int(),
    z.array(wellIndex),
    z.strictObject({ start: indexSchema, stop: indexSchema, step: indexSchema }),
  ]),
);
const wellPlatePlan = z.strictObject({
  plate,
  a1_center_xy: z.tuple([um, um]),
  rotation: z
    .union([
      z.number(),
      z.string(),
      z.tuple([z.number(), z.number(), z.number(), z.number()]),
      z.tuple([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number()])]),
    ])
    .nullish(),
  selected_wells: wellIndex.nullish(),
  well_points_plan: pointsSchema.optional(),
});

const subSequence: z.ZodType<SequenceSettings> = z.lazy(() => sequenceSchema);
const coordinate = um.nullish();
const position: z.ZodType<PositionSettings> = z.union([
  z
    .array(um.nullable())
    .min(1)
    .max(3)
    .transform(([x, y, height]): PositionSettings => ({ x, y, z: height })),
  z.strictObject({
    ...positionShape,
    x: coordinate,
    y: coordinate,
    z: coordinate,
    sequence: subSequence.nullish(),
  }),
]);

const autofocusPlan = z.strictObject({
  axes: z.array(axis),
  autofocus_device_name: name,
  autofocus_motor_offset: z.number().nullish(),
});

const plans = {
  metadata: z.record(z.string(), z.unknown()).optional(),
  axis_order: z.union([axesText, z.array(axesText).transform((letters) => letters.flat())]).optional(),
  grid_plan: gridSchema.nullish(),
  channels: z.array(channel).optional(),
  time_plan: emptyAsNull(timePlan),
  z_plan: emptyAsNull(zPlan),
  autofocus_plan: autofocusPlan.nullish(),
  setup: setupSchema.nullish(),
  keep_shutter_open_across: z.union([axesText, z.array(axis)]).optional(),
};
const positions = z.union([z.array(position), wellPlatePlan]);

/** A useq `MDASequence` as JSON holds it. Source: useq-schema 0.9.2. */
export const sequenceSchema = z.strictObject({ ...plans, stage_positions: positions.optional() });

/** Names of the keys of a sequence. */
export const SEQUENCE_KEYS: readonly string[] = Object.keys(sequenceSchema.shape);

type Plans = z.output<z.ZodObject<typeof plans>>;

/** A checked sequence; its plans are not computed yet. */
export interface SequenceSettings extends Plans {
  readonly stage_positions?: z.output<typeof positions> | undefined;
}
export type TimePlan = z.output<typeof timePlan>;
export type TimePhase = z.output<typeof phase>;
export type ZPlan = z.output<typeof zPlan>;
export type Plate = z.output<typeof plate>;
export type WellPlatePlan = z.output<typeof wellPlatePlan>;
/** A position of the stage, µm, and what is acquired there. */
export interface PositionSettings {
  readonly x?: number | null | undefined;
  readonly y?: number | null | undefined;
  readonly z?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly properties?:
    | readonly (readonly [device: string, property: string, value: unknown])[]
    | null
    | undefined;
  readonly sequence?: SequenceSettings | null | undefined;
}
export interface ChannelSettings {
  readonly config: string;
  readonly group?: string | undefined;
  /** ms. */
  readonly exposure?: number | null | undefined;
  readonly do_stack?: boolean | undefined;
  /** µm. */
  readonly z_offset?: number | undefined;
  readonly acquire_every?: number | undefined;
  readonly camera?: string | null | undefined;
}
export type AutofocusPlan = z.output<typeof autofocusPlan>;
