/** The newest frames of an acquisition as a scene: one channel each, in memory. */
import type { LiveFrame } from "../../acquire/index.ts";
import { COLORS, type Scene } from "./scene.ts";
import { spreadOf } from "./spread.ts";
import { arrayOf, type TileValues } from "./tiles.ts";

/** A frame with its pixels. */
export interface SeenFrame extends LiveFrame {
  readonly values: TileValues;
}

/** @param at  where the pixels begin in the bytes */
export function frameOf(facts: LiveFrame, bytes: ArrayBuffer, at: number): SeenFrame {
  const [height, width] = facts.shape;
  return { ...facts, values: { data: arrayOf(facts.dtype, bytes, at), height, width } };
}

/** A scene of frames of one size, the newest of each channel. */
export function liveScene(frames: readonly SeenFrame[]): Scene {
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
