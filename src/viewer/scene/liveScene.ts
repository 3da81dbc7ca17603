/** The newest frames of an acquisition as a scene: one channel each, in memory. */
import { COLORS, type Scene } from "./scene.ts";
import { spreadOf } from "./spread.ts";
import { arrayOf, type TileValues } from "./tiles.ts";

/** What the server tells of a frame. */
export interface FrameFacts {
  readonly axes: Readonly<Record<string, number | string>>;
  readonly channel: string;
  readonly dtype: string;
  readonly height: number;
  readonly width: number;
  readonly step: number;
  readonly shape: readonly [height: number, width: number];
  readonly pixelSizeUm: number;
  readonly place: readonly [xUm: number, yUm: number] | null;
}

/** A frame with its pixels. */
export interface LiveFrame extends FrameFacts {
  readonly values: TileValues;
}

/** @param at  where the pixels begin in the bytes */
export function frameOf(facts: FrameFacts, bytes: ArrayBuffer, at: number): LiveFrame {
  const [height, width] = facts.shape;
  return { ...facts, values: { data: arrayOf(facts.dtype, bytes, at), height, width } };
}

/** A scene of frames of one size, the newest of each channel. */
export function liveScene(frames: readonly LiveFrame[]): Scene {
  const { shape, step, dtype, pixelSizeUm } = frames[0];
  const [height, width] = shape;
  return {
    key: "live",
    title: "Acquisition",
    dtype: `${dtype[0].toUpperCase()}${dtype.slice(1)}`,
    levels: [{ height, width }],
    tileSize: Math.max(height, width),
    channels: frames.map(({ channel }, i) => ({
      name: channel || "intensity",
      color: COLORS[channel === "" ? 0 : (i % (COLORS.length - 1)) + 1],
    })),
    sliders: [],
    ...(pixelSizeUm > 0 && { pixel: { size: pixelSizeUm * step, unit: "µm" } }),
    warnings: step > 1 ? [`Every ${step}. pixel is shown while images arrive; saved images have all.`] : [],
    tile: async ({ channel }) => frames[channel].values,
    spread: async (channel) => spreadOf(frames[channel].values.data),
  };
}
