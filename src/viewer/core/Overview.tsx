import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { Scene } from "../scene/scene.ts";
import type { TileValues } from "../scene/tiles.ts";
import { rgbOf, type View } from "./stage.ts";
import type { ShownChannel, ViewState } from "./viewState.ts";

/** Longer side in screen pixels. */
const SIDE = 150;

interface OverviewProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
  readonly onView: (view: View) => void;
}

/** All of the image, small, with a frame around what the stage shows; a click goes there. */
export function Overview({ scene, state, view, size, onView }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tiles, setTiles] = useState<readonly (TileValues | undefined)[]>([]);
  const { width, height } = scene.levels[0];
  const scale = SIDE / Math.max(width, height);
  const visible = JSON.stringify([state.channels.map(({ isVisible }) => isVisible), state.places]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds which planes are read
  useEffect(() => {
    const gone = new AbortController();
    const level = scene.levels.length - 1;
    const reads = state.channels.map(({ isVisible }, channel) =>
      isVisible
        ? scene.tile({ level, row: 0, column: 0, channel, places: state.places }, gone.signal)
        : undefined,
    );
    Promise.all(reads).then(setTiles, () => {}); // the stage says what fails
    return () => gone.abort();
  }, [scene, visible]);

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const picture = mixed(tiles, state.channels);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width * scale, height * scale);
    if (picture) context.drawImage(picture, 0, 0, width * scale, height * scale);
    const [w, h] = [size.width / 2 ** view.zoom, size.height / 2 ** view.zoom];
    context.strokeStyle = "#ffb000";
    context.lineWidth = 2;
    context.strokeRect((view.x - w / 2) * scale, (view.y - h / 2) * scale, w * scale, h * scale);
  });

  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons === 0) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    onView({ ...view, x: (event.clientX - left) / scale, y: (event.clientY - top) / scale });
  };
  const sides = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  return (
    <canvas
      ref={canvas}
      {...sides}
      className="overview"
      role="img"
      aria-label="Overview; a click goes there"
      onPointerDown={go}
      onPointerMove={go}
    />
  );
}

/** Channels in their colours, added up. */
function mixed(tiles: readonly (TileValues | undefined)[], channels: readonly ShownChannel[]) {
  const first = tiles.find((tile) => tile !== undefined);
  if (first === undefined) return undefined;
  const { width, height } = first;
  const sums = new Float32Array(3 * width * height);
  for (const [channel, tile] of tiles.entries()) {
    const { color = "FFFFFF", limits: [low, high] = [0, 1], opacity = 1 } = channels[channel] ?? {};
    if (tile?.data.length !== width * height) continue;
    const parts = rgbOf(color).map((part) => (part * opacity) / (high - low));
    for (let i = 0; i < width * height; i++) {
      const value = Math.min(high, Math.max(low, tile.data[i])) - low;
      for (let c = 0; c < 3; c++) sums[3 * i + c] += value * parts[c];
    }
  }
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++)
    image.data.set([sums[3 * i], sums[3 * i + 1], sums[3 * i + 2], 255], 4 * i);
  const picture = new OffscreenCanvas(width, height);
  picture.getContext("2d")?.putImageData(image, 0, 0);
  return picture;
}
