import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
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

  // made once for the same tiles and colours: a view that moves draws its frame anew, not the image
  const picture = useMemo(() => {
    const pixels = mixed(tiles, state.channels);
    if (pixels === undefined) return undefined;
    const made = new OffscreenCanvas(pixels.width, pixels.height);
    made.getContext("2d")?.putImageData(pixels, 0, 0);
    return made;
  }, [tiles, state.channels]);

  const { x, y, zoom } = view;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    // the last row may be a part of a pixel: what was there before would shine through, another shade at each drawing
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width * scale, height * scale);
    if (picture) context.drawImage(picture, 0, 0, width * scale, height * scale);
    const [w, h] = [size.width / 2 ** zoom, size.height / 2 ** zoom];
    context.strokeStyle = "#ffb000";
    context.lineWidth = 2;
    context.strokeRect((x - w / 2) * scale, (y - h / 2) * scale, w * scale, h * scale);
  }, [picture, x, y, zoom, size.width, size.height, width, height, scale]);

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
