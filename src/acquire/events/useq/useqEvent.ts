import { VitrineError } from "../../../core/index.ts";
import type { Axes } from "../../../io/index.ts";
import type { AcquisitionEvent } from "../event.ts";

/** What an event does other than make an image. */
export type UseqAction =
  | {
      readonly type?: "hardware_autofocus";
      readonly autofocus_device_name?: string | null | undefined;
      readonly autofocus_motor_offset?: number | null | undefined;
      readonly max_retries?: number | undefined;
    }
  | { readonly type: "acquire_image" }
  | {
      readonly type: "custom";
      readonly name?: string | undefined;
      readonly data?: Readonly<Record<string, unknown>> | undefined;
    };

/**
 * useq's `MDAEvent` as its JSON holds it, without its sequence. Null: leave as it is. Positions µm, exposure ms, time s.
 * Source: useq-schema 0.9.2.
 */
export interface UseqEvent {
  /** Item of each axis: t, p, g, c, z. */
  readonly index?: Readonly<Record<string, number>>;
  readonly channel?: { readonly config: string; readonly group?: string } | null | undefined;
  readonly exposure?: number | null | undefined;
  readonly min_start_time?: number | null | undefined;
  readonly pos_name?: string | null | undefined;
  readonly x_pos?: number | null | undefined;
  readonly y_pos?: number | null | undefined;
  readonly z_pos?: number | null | undefined;
  readonly slm_image?:
    | {
        readonly data?: unknown;
        readonly device?: string | null | undefined;
        readonly exposure?: number | null | undefined;
      }
    | null
    | undefined;
  readonly properties?:
    | readonly (readonly [device: string, property: string, value: unknown])[]
    | null
    | undefined;
  readonly roi?:
    | {
        readonly offset_x: number;
        readonly offset_y: number;
        readonly width: number;
        readonly height: number;
      }
    | null
    | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly action?: UseqAction | undefined;
  readonly keep_shutter_open?: boolean | undefined;
  readonly reset_event_timer?: boolean | undefined;
}

const AXIS_NAMES: Readonly<Record<string, string>> = {
  t: "time",
  p: "position",
  g: "grid",
  c: "channel",
  z: "z",
};

/**
 * The event as Pycro-Manager has it: indices as axes, the channel as preset of its group.
 *
 * @param camera  label of the channel's camera, which useq's events do not carry
 * @throws {VitrineError} unsupported: a custom action, or an image for another modulator than the current one
 *
 * Source: useq-schema 0.9.2, `useq.pycromanager.to_pycromanager`. It drops the axis g, so that the tiles of a grid replace each
 * other; here it is the axis `grid`. It drops autofocus, camera, region and modulator image as well; here they are kept.
 */
export function fromUseq(event: UseqEvent, camera?: string | null): AcquisitionEvent {
  const { channel, properties, roi, slm_image: image, action } = event;
  const made: MutableEvent = {
    axes: axesOf(event.index ?? {}),
    keep_shutter_open: event.keep_shutter_open ?? false,
  };
  if (event.exposure != null) made.exposure = event.exposure;
  if (event.x_pos != null) made.x = event.x_pos;
  if (event.y_pos != null) made.y = event.y_pos;
  if (event.z_pos != null) made.z = event.z_pos;
  if (event.min_start_time != null) made.min_start_time = event.min_start_time;
  if (channel != null) made.config_group = [channel.group ?? "Channel", channel.config];
  if (camera != null) made.camera = camera;
  if (properties?.length)
    made.properties = properties.map(([device, name, value]) => [device, name, textOf(value)]);
  if (roi != null) made.roi = { x: roi.offset_x, y: roi.offset_y, width: roi.width, height: roi.height };
  if (image != null) made.slm_pattern = patternOf(image);
  if (action !== undefined && action.type !== "acquire_image") made.autofocus = autofocusOf(action);
  if (event.pos_name != null) made.pos_name = event.pos_name;
  if (event.reset_event_timer) made.reset_event_timer = true;
  return made;
}

type MutableEvent = { -readonly [K in keyof AcquisitionEvent]: AcquisitionEvent[K] };

function axesOf(index: Readonly<Record<string, number>>): Axes {
  const axes: Record<string, number> = {};
  for (const letter in index) axes[AXIS_NAMES[letter] ?? letter] = index[letter];
  return axes;
}

function textOf(value: unknown): string {
  return typeof value === "boolean" ? String(Number(value)) : String(value);
}

function patternOf({ data, device, exposure }: NonNullable<UseqEvent["slm_image"]>): readonly number[] {
  if (device == null && exposure == null) return [data].flat(Number.POSITIVE_INFINITY).map(Number);
  const found = device == null ? "its own exposure" : `device ${device}`;
  throw unsupported("slm_image", "an image for the current modulator", found);
}

type OtherAction = Exclude<UseqAction, { type: "acquire_image" }>;

function autofocusOf(action: OtherAction): NonNullable<AcquisitionEvent["autofocus"]> {
  if (action.type === "custom")
    throw unsupported("action", "an image or hardware autofocus", "a custom action");
  const {
    autofocus_device_name: device,
    autofocus_motor_offset: offset,
    max_retries: maxRetries = 3,
  } = action;
  return { ...(device == null ? {} : { device }), ...(offset == null ? {} : { offset }), maxRetries };
}

function unsupported(key: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "unsupported", at: `useq event ${key}`, expected, found });
}
