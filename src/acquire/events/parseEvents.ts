import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import type { Axes } from "../../io/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import type { AcquisitionEvent } from "./event.ts";
import { lazyIterable } from "./lazyIterable.ts";

const axisValue = z.union([z.int(), z.string()]);

/** A value as the devices take it: text. */
const deviceValue = z.union([
  z.string(),
  z.number().transform(String),
  z.boolean().transform((on) => (on ? "1" : "0")),
]);

const positive = z.number().positive();
const pixels = z.int().min(0).max(255);

const eventSchema = z.strictObject({
  axes: z.record(z.string(), axisValue).exactOptional(),
  min_start_time: z.number().exactOptional(),
  timeout_ms: positive.exactOptional(),
  config_group: z.tuple([z.string(), z.string()]).exactOptional(),
  exposure: z.number().nonnegative().exactOptional(),
  z: z.number().exactOptional(),
  x: z.number().exactOptional(),
  y: z.number().exactOptional(),
  stage_positions: z.array(z.tuple([z.string(), z.number()])).exactOptional(),
  stage: z
    .strictObject({ device_name: z.string(), position: z.number(), axis_name: z.string().optional() })
    .exactOptional(),
  camera: z.string().exactOptional(),
  slm_pattern: z
    .union([z.array(pixels), z.array(z.array(pixels))])
    .transform((pattern) => pattern.flat())
    .exactOptional(),
  tags: z.record(z.string(), z.union([z.string(), z.number().transform(String)])).exactOptional(),
  properties: z.array(z.tuple([z.string(), z.string(), deviceValue])).exactOptional(),
  special: z.enum(["acquisition-end", "sequence-end"]).exactOptional(),
  row: z.int().exactOptional(),
  col: z.int().exactOptional(),
  autofocus: z
    .strictObject({
      device: z.string().exactOptional(),
      offset: z.number().exactOptional(),
      maxRetries: z.int().nonnegative().exactOptional(),
    })
    .exactOptional(),
  no_image: z.boolean().exactOptional(),
  pos_name: z.string().exactOptional(),
  keep_shutter_open: z.boolean().exactOptional(),
  reset_event_timer: z.boolean().exactOptional(),
  roi: z
    .strictObject({
      x: z.int().nonnegative(),
      y: z.int().nonnegative(),
      width: z.int().positive(),
      height: z.int().positive(),
    })
    .exactOptional(),
});

/**
 * Checks one event dictionary of Pycro-Manager or a list of them. Its deprecated keys become what they stand for: `row` and
 * `col` axes, `stage` an entry of `stage_positions`; numbers and truth as values of properties become text.
 *
 * @param at  how messages call the value
 * @returns   the events, each checked before the first is given
 * @throws {VitrineError} as {@link parseWithSchema}; missing: an event without `axes`, or no event at all
 *
 * Source: Pycro-Manager 1.0.2, `_validate_acq_events` and `AcquisitionEvent.from_json`. There `stage` is taken for an axis;
 * here it moves the stage.
 */
export function parseEvents(value: unknown, at: string): Iterable<AcquisitionEvent> {
  const events = Array.isArray(value)
    ? value.map((event, i) => parseEvent(event, `${at} [${i}]`))
    : [parseEvent(value, at)];
  if (events.length === 0) {
    throw new VitrineError({ code: "missing", at, expected: "at least one event", found: "an empty list" });
  }
  // Each iteration gives its own objects: a hook may change an event.
  return lazyIterable(function* () {
    for (const event of events) yield { ...event, axes: { ...event.axes } };
  });
}

function parseEvent(value: unknown, at: string): AcquisitionEvent {
  const { axes, row, col, stage, stage_positions: stages, ...rest } = parseWithSchema(value, eventSchema, at);
  if (axes === undefined && rest.special === undefined) {
    throw new VitrineError({
      code: "missing",
      at: `${at} axes`,
      expected: "axes that name the image",
      found: "nothing",
      hint: 'Add for instance "axes": {"time": 0}',
    });
  }
  const stagePositions =
    stage === undefined ? stages : [...(stages ?? []), [stage.device_name, stage.position] as const];
  return {
    axes: axesOf(axes, row, col),
    ...(stagePositions === undefined ? {} : { stage_positions: stagePositions }),
    ...rest,
  };
}

function axesOf(axes: Axes | undefined, row: number | undefined, column: number | undefined): Axes {
  return {
    ...axes,
    ...(row === undefined ? {} : { row }),
    ...(column === undefined ? {} : { column }),
  };
}
