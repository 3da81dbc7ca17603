import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { Scene } from "../scene/scene.ts";
import type { TileValues } from "../scene/tiles.ts";
import { mixed } from "./mix.ts";
import type { View } from "./stage.ts";
import type { ViewState } from "./viewState.ts";

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
    const pixels = mixed(tiles, state.channels);
    // the last row may be a part of a pixel: what was there before would shine through, another shade at each drawing
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width * scale, height * scale);
    if (pixels) {
      const picture = new OffscreenCanvas(pixels.width, pixels.height);
      picture.getContext("2d")?.putImageData(pixels, 0, 0);
      context.drawImage(picture, 0, 0, width * scale, height * scale);
    }
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
