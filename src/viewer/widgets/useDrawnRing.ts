import { type PointerEvent, useState } from "react";
import { rectangleRing } from "./rings.ts";

/** How a part of the plane is chosen. */
export type Brush = "rectangle" | "lasso";

/** Pixels that a hand moves within a click. */
const CLICK = 4;

/**
 * What a pointer draws within an element, in its pixels, while it draws.
 *
 * @param onRing  what was drawn; empty for a click. `isAdded`: Ctrl or Shift was held
 */
export function useDrawnRing(brush: Brush, onRing: (ring: readonly number[], isAdded: boolean) => void) {
  const [drawn, setDrawn] = useState<readonly number[]>([]);
  const ring =
    brush === "rectangle" && drawn.length === 4
      ? rectangleRing(drawn[0], drawn[1], drawn[2], drawn[3])
      : drawn;
  const placeOf = (event: PointerEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top] as const;
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrawn(placeOf(event));
  };
  const onPointerMove = (event: PointerEvent) => {
    if (event.buttons === 0 || drawn.length === 0) return;
    const place = placeOf(event);
    setDrawn(brush === "lasso" ? [...drawn, ...place] : [drawn[0], drawn[1], ...place]);
  };
  const onPointerUp = (event: PointerEvent) => {
    if (drawn.length === 0) return;
    setDrawn([]);
    onRing(isClick(ring) ? [] : ring, event.ctrlKey || event.metaKey || event.shiftKey);
  };
  return { ring, onPointerDown, onPointerMove, onPointerUp };
}

function isClick(ring: readonly number[]): boolean {
  const spread = (part: number) => {
    const values = ring.filter((_, i) => i % 2 === part);
    return Math.max(...values) - Math.min(...values);
  };
  return Math.max(spread(0), spread(1)) < CLICK;
}
