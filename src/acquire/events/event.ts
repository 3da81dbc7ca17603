import type { Axes } from "../../io/index.ts";

/**
 * One thing to acquire: Pycro-Manager's event dictionary with its own keys. A setting that is left out stays as it is.
 * Source: Pycro-Manager 1.0.2, `AcquisitionEvent.from_json`; useq-schema 0.9.2, `MDAEvent`.
 */
export interface AcquisitionEvent {
  /** Where the image will stand in the dataset. */
  readonly axes: Axes;
  /** Not before this time after the first image, s. */
  readonly min_start_time?: number;
  /** Longest wait for the image, ms. */
  readonly timeout_ms?: number;
  readonly config_group?: readonly [group: string, preset: string];
  /** ms. */
  readonly exposure?: number;
  /** Positions of the focus drive and the XY stage, µm. */
  readonly z?: number;
  readonly x?: number;
  readonly y?: number;
  /** Other stages by device label, µm. */
  readonly stage_positions?: readonly (readonly [device: string, positionUm: number])[];
  readonly camera?: string;
  /** One value a pixel, or 4 bytes a pixel, for the spatial light modulator. */
  readonly slm_pattern?: readonly number[];
  /** Added to the image's metadata. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: readonly (readonly [device: string, property: string, value: string])[];
  /** Focus by hardware and make no image. From useq's `HardwareAutofocus`. */
  readonly autofocus?: {
    readonly device?: string;
    readonly offset?: number;
    readonly maxRetries?: number;
  };
  /** Set the devices and make no image. From useq's `setup`. */
  readonly no_image?: boolean;
  /** Name of the position where `axes` have its number. From useq. */
  readonly pos_name?: string;
  /** Ends the acquisition, or the hardware sequence, instead of making an image; everything else in the event is ignored. */
  readonly special?: "acquisition-end" | "sequence-end";
  /** Leave the shutter open after this image. From useq. */
  readonly keep_shutter_open?: boolean;
  /** Count `min_start_time` from this event on. From useq. */
  readonly reset_event_timer?: boolean;
  /** Part of the chip, px. From useq. */
  readonly roi?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}
