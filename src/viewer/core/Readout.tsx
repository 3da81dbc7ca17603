import { useEffect, useState } from "react";
import type { Scene } from "../scene/scene.ts";
import type { ViewState } from "./viewState.ts";

/** What {@link Readout} tells of. */
interface ReadoutProps {
  readonly scene: Scene;
  readonly state: ViewState;
  /** Pixel of full resolution. */
  readonly pointer: readonly [x: number, y: number] | undefined;
  readonly zoom: number;
}

/** Place and values of the pixel under the pointer; of a coarser level, with a sign that says so. */
export function Readout({ scene, state, pointer, zoom }: ReadoutProps) {
  const [values, setValues] = useState<readonly string[]>([]);
  const level = Math.min(scene.levels.length - 1, Math.max(0, Math.round(-zoom)));
  const [x, y] = pointer ?? [-1, -1];
  const isWithin = x >= 0 && y >= 0 && x < scene.levels[0].width && y < scene.levels[0].height;
  const key = JSON.stringify([x, y, level, state.places, state.channels.map(({ isVisible }) => isVisible)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds what is read
  useEffect(() => {
    if (!isWithin) return;
    const gone = new AbortController();
    readValues({ scene, state, x, y, level }, gone.signal).then(setValues, () => setValues([]));
    return () => gone.abort();
  }, [key, scene, isWithin]);
  if (!isWithin) return <output className="readout" aria-label="Pixel under the pointer" />;
  const place = scene.pixel
    ? ` · ${(x * scene.pixel.size).toFixed(2)}, ${(y * scene.pixel.size).toFixed(2)} ${scene.pixel.unit}`
    : "";
  return (
    <output className="readout" aria-label="Pixel under the pointer">
      x {x}, y {y}
      {place} · {values.join(" · ")}
    </output>
  );
}

async function readValues(
  {
    scene,
    state,
    x,
    y,
    level,
  }: Pick<ReadoutProps, "scene" | "state"> & { x: number; y: number; level: number },
  signal: AbortSignal,
): Promise<string[]> {
  const visible = state.channels.flatMap(({ isVisible }, channel) => (isVisible ? [channel] : []));
  const size = scene.tileSize;
  const [row, column] = [y, x].map((at) => Math.floor(at / 2 ** level));
  return Promise.all(
    visible.map(async (channel) => {
      const where = { level, row: Math.floor(row / size), column: Math.floor(column / size) };
      const tile = await scene.tile({ ...where, channel, places: state.places }, signal);
      const value = tile.data[(row % size) * tile.width + (column % size)];
      const text = value === undefined ? "–" : Number.isInteger(value) ? `${value}` : value.toPrecision(5);
      return `${scene.channels[channel].name} ${level > 0 ? "≈ " : ""}${text}`;
    }),
  );
}
