import type { PointerEvent } from "react";
import { useRef } from "react";
import type { View } from "../core/stage.ts";
import { useDrawnRing } from "../widgets/useDrawnRing.ts";

interface DrawBoxProps {
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
  readonly label: string;
  /** Upper left and lower right corner in pixels of the picture; the same for a click. */
  readonly onBox: (from: readonly [number, number], to: readonly [number, number]) => void;
}

/** Over the stage: a drag draws a box, a click a point. The wheel and keys still move the stage. */
export function DrawBox({ view, size, label, onBox }: DrawBoxProps) {
  const pressed = useRef<readonly [number, number]>([0, 0]);
  const pixelOf = (x: number, y: number) => {
    const pixel = 1 / 2 ** view.zoom;
    return [view.x + (x - size.width / 2) * pixel, view.y + (y - size.height / 2) * pixel] as const;
  };
  const { ring, ...events } = useDrawnRing("rectangle", (drawn) => {
    const [xs, ys] = [0, 1].map((part) => drawn.filter((_, i) => i % 2 === part));
    if (drawn.length === 0) return onBox(pixelOf(...pressed.current), pixelOf(...pressed.current));
    onBox(pixelOf(Math.min(...xs), Math.min(...ys)), pixelOf(Math.max(...xs), Math.max(...ys)));
  });
  const onPointerDown = (event: PointerEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    pressed.current = [event.clientX - left, event.clientY - top];
    events.onPointerDown(event);
  };
  return (
    <div className="draw" data-testid="draw" title={label} {...events} onPointerDown={onPointerDown}>
      <svg aria-hidden="true">{ring.length > 2 && <polygon points={ring.join(" ")} />}</svg>
    </div>
  );
}
