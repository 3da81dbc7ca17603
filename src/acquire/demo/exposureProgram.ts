import type { ImageLayout } from "../../io/index.ts";
import type { SensorSettings } from "./sensor.ts";
import { CHANNELS, type ChannelName } from "./specimen.ts";

/** A part of the chip, in binned pixels. */
export interface Roi {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A camera as it stands when an exposure starts. */
export interface CameraSettings {
  readonly label: string;
  /** Which of the cameras it is. */
  readonly order: number;
  readonly layout: ImageLayout;
  readonly pattern: "Specimen" | "Stamp";
  readonly sensor: SensorSettings;
  readonly binning: number;
  /** Unbinned pixels. */
  readonly chipWidth: number;
  readonly chipHeight: number;
  readonly roi: Roi;
  readonly exposureMs: number;
  /** What the camera plays by itself in place of `exposureMs`. */
  readonly exposures?: Played<number>;
}

/** Labels of the three wheels that make a channel. */
export interface Filters {
  readonly Dichroic: string;
  readonly Excitation: string;
  readonly Emission: string;
}

/** Values that a device plays, one a frame, over and over; `cursor` is where it begins. */
export interface Played<T> {
  readonly values: readonly T[];
  readonly cursor: number;
}

/** The image of the light modulator: 255 lets all light through. */
export interface LightPattern {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array;
}

/** All that decides the frames of one exposure; survives structured clone. */
export interface ExposureProgram {
  /** Of each camera. */
  readonly frames: number;
  readonly intervalMs: number;
  readonly cameras: readonly CameraSettings[];
  /** Number of the first frame, counted over the life of the microscope. */
  readonly firstFrame: number;
  /** When the exposure started, ms since the microscope was opened. */
  readonly startMs: number;
  readonly xUm: number;
  readonly yUm: number;
  readonly zUm: number;
  readonly filters: Filters;
  readonly isLit: boolean;
  /** Unbinned. */
  readonly pixelSizeUm: number;
  readonly pattern?: LightPattern;
  readonly playedZ?: Played<number>;
  readonly playedXY?: Played<readonly [xUm: number, yUm: number]>;
  readonly playedFilters: readonly (readonly [wheel: keyof Filters, labels: Played<string>])[];
}

/** One frame of a program. */
export interface FrameSettings {
  readonly camera: CameraSettings;
  readonly frameNumber: number;
  readonly exposureMs: number;
  readonly xUm: number;
  readonly yUm: number;
  readonly zUm: number;
  /** None: the filters do not match, or no light. */
  readonly channel: ChannelName | undefined;
  readonly pixelSizeUm: number;
  readonly pattern: LightPattern | undefined;
  readonly timeMs: number;
}

/** The filters of each channel. */
export const FILTERS: Readonly<Record<ChannelName, Filters>> = {
  DAPI: { Dichroic: "400DCLP", Excitation: "Chroma-D360", Emission: "Chroma-D460" },
  FITC: { Dichroic: "Q505LP", Excitation: "Chroma-HQ480", Emission: "Chroma-HQ535" },
  Rhodamine: { Dichroic: "Q585LP", Excitation: "Chroma-HQ570", Emission: "Chroma-HQ620" },
  Cy5: { Dichroic: "89402bs", Excitation: "Chroma-HQ620", Emission: "Chroma-HQ700" },
  BF: { Dichroic: "Empty", Excitation: "Empty", Emission: "Empty" },
};

/** The channel that these filters let through. */
export function channelOf(filters: Filters): ChannelName | undefined {
  return CHANNELS.find((name) => WHEELS.every((wheel) => FILTERS[name][wheel] === filters[wheel]));
}

/** The wheels that make a channel. */
export const WHEELS = ["Dichroic", "Excitation", "Emission"] as const;

/** The value that a device shows at a time point. */
export function playedAt<T>({ values, cursor }: Played<T>, point: number): T {
  return values[(cursor + point) % values.length];
}

/** Frames of all cameras. */
export function frameCount({ frames, cameras }: ExposureProgram): number {
  return frames * cameras.length;
}

/** The time point of a frame: cameras take turns. */
export function pointOf({ cameras }: ExposureProgram, frame: number): number {
  return Math.floor(frame / cameras.length);
}

/** Exposure of a camera at a time point, ms. */
export function exposureAt(camera: CameraSettings, point: number): number {
  return camera.exposures === undefined ? camera.exposureMs : playedAt(camera.exposures, point);
}

/** How a frame of a program is made, `frame` counted from 0 over all its cameras. */
export function frameSettings(program: ExposureProgram, frame: number): FrameSettings {
  const point = pointOf(program, frame);
  const camera = program.cameras[frame % program.cameras.length];
  const { playedXY, playedZ } = program;
  const [xUm, yUm] = playedXY === undefined ? [program.xUm, program.yUm] : playedAt(playedXY, point);
  const exposureMs = exposureAt(camera, point);
  return {
    camera,
    frameNumber: program.firstFrame + frame,
    exposureMs,
    xUm,
    yUm,
    zUm: playedZ === undefined ? program.zUm : playedAt(playedZ, point),
    channel: program.isLit ? channelOf(filtersAt(program, point)) : undefined,
    pixelSizeUm: program.pixelSizeUm,
    pattern: program.pattern,
    // what was planned: the same on every machine
    timeMs: program.startMs + point * Math.max(exposureMs, program.intervalMs),
  };
}

function filtersAt({ filters, playedFilters }: ExposureProgram, point: number): Filters {
  if (playedFilters.length === 0) return filters;
  const moved = playedFilters.map(([wheel, labels]) => [wheel, playedAt(labels, point)]);
  return { ...filters, ...Object.fromEntries(moved) };
}
