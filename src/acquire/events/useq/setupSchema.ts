import { z } from "zod";
import { propertiesSchema } from "./gridSchema.ts";

const name = z.string().nullish();
const coordinate = z.number().nullish();
const slmImage = z.union([
  z.strictObject({
    data: z.unknown(),
    device: name,
    exposure: z.number().positive().nullish(),
  }),
  z.array(z.unknown()).transform((data) => ({ data })),
]);
const pixels = z.int().nonnegative();
const roi = z.union([
  z.strictObject({ offset_x: pixels, offset_y: pixels, width: pixels, height: pixels }),
  z
    .tuple([pixels, pixels, pixels, pixels])
    .transform(([offset_x, offset_y, width, height]) => ({ offset_x, offset_y, width, height })),
]);
const action = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hardware_autofocus"),
    autofocus_device_name: name,
    autofocus_motor_offset: z.number().nullish(),
    max_retries: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal("custom"),
    name: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
]);
/** The event that prepares a sequence; any action but an image. */
export const setupSchema = z.strictObject({
  index: z.record(z.string(), z.int()).exactOptional(),
  channel: z
    .union([
      z.string().transform((config) => ({ config, group: "Channel" })),
      z
        .strictObject({ config: z.string(), group: z.string().optional() })
        .transform(({ config, group }) => ({ config, group: group ?? "Channel" })),
    ])
    .nullish(),
  exposure: z.number().positive().nullish(),
  min_start_time: z.number().nullish(),
  pos_name: name,
  x_pos: coordinate,
  y_pos: coordinate,
  z_pos: coordinate,
  slm_image: slmImage.nullish(),
  sequence: z.null().optional(),
  properties: propertiesSchema,
  roi: roi.nullish(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  action: action.optional(),
  keep_shutter_open: z.boolean().optional(),
  reset_event_timer: z.boolean().optional(),
});

export type SetupEvent = z.output<typeof setupSchema>;
