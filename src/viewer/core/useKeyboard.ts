import { useEffect, useRef } from "react";
import type { Places, Scene } from "../scene/scene.ts";
import type { View } from "./stage.ts";

interface KeyboardOptions {
  readonly view: View;
  readonly whole: View;
  readonly scene: Scene;
  readonly places: Places;
  readonly onView: (view: View) => void;
  readonly onPlace: (axis: string, index: number) => void;
}

/** Screen pixels of a step. */
const STEP = 80;

/** Axes and steps of keys that leaf through planes. */
const LEAF: Readonly<Record<string, readonly [axis: string, step: number]>> = {
  ",": ["time", -1],
  ".": ["time", 1],
  PageDown: ["z", -1],
  PageUp: ["z", 1],
};

/** Arrows move, + and - zoom, 0 shows all; comma and full stop leaf through time, PageUp and PageDown through z. */
export function useKeyboard(options: KeyboardOptions): void {
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.matches("input, select, textarea, summary");
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (press(event.key, latest.current)) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** @returns  whether the key means something */
function press(key: string, { view, whole, scene, places, onView, onPlace }: KeyboardOptions): boolean {
  const next = key === "0" ? whole : moved(view, key);
  if (next !== undefined) onView(next);
  const [axis, step] = LEAF[key] ?? [];
  const slider = scene.sliders.find((candidate) => candidate.axis === axis);
  if (slider === undefined || step === undefined) return next !== undefined;
  onPlace(slider.axis, Math.min(slider.length - 1, Math.max(0, (places[slider.axis] ?? 0) + step)));
  return true;
}

function moved(view: View, key: string): View | undefined {
  const step = STEP / 2 ** view.zoom;
  switch (key) {
    case "ArrowLeft":
      return { ...view, x: view.x - step };
    case "ArrowRight":
      return { ...view, x: view.x + step };
    case "ArrowUp":
      return { ...view, y: view.y - step };
    case "ArrowDown":
      return { ...view, y: view.y + step };
    case "+":
    case "=":
      return { ...view, zoom: view.zoom + 0.5 };
    case "-":
      return { ...view, zoom: view.zoom - 0.5 };
    default:
      return undefined;
  }
}
