import { type PngPicture, refuseUnknownKeys } from "../../io/index.ts";

/** What `drawPlate` takes. */
export interface PlatePictureOptions {
  /** Name of the plate; default: the first. */
  readonly plate?: string;
  /** Names of channels; default: all. */
  readonly channels?: readonly string[];
  /** Default: the first that has images. */
  readonly tpoint?: number;
  /** Default: of each channel, the middle one of those that have images. */
  readonly zplane?: number;
  /** Per cent of a channel's values on the plate that are shown black and full (default 0.1 and 99.9). */
  readonly contrast?: readonly [low: number, high: number];
  /** Six hexadecimal digits a channel, instead of the experiment's. */
  readonly colors?: readonly string[];
  /** Most pixels of either side (default 2048), but for plates of more wells than that. */
  readonly maxSize?: number;
  readonly signal?: AbortSignal;
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
  /** Told after each well of each channel. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

const KEYS: Readonly<Record<keyof PlatePictureOptions, true>> = {
  ...{ plate: true, channels: true, tpoint: true, zplane: true, contrast: true, colors: true },
  ...{ maxSize: true, signal: true, onLog: true, onProgress: true },
};

/** @throws {VitrineError} format: an unknown key */
export function checkPictureKeys(options: PlatePictureOptions): void {
  refuseUnknownKeys(options, { known: Object.keys(KEYS), at: "drawPlate options" });
}

/** A picture of a plate, ready for `encodePng`, and what it shows. */
export interface PlatePicture extends PngPicture {
  readonly plate: string;
  /** How each channel is shown. */
  readonly shown: readonly {
    readonly name: string;
    readonly color: string;
    readonly range: readonly [low: number, high: number];
  }[];
  /** Wells that show something. */
  readonly wells: number;
  /** Names of sites that have no image of some channel that is drawn, or one that cannot be read. */
  readonly missing: readonly string[];
}
