import { type PointerEvent, useEffect, useRef, type WheelEvent } from "react";
import type { View } from "../core/stage.ts";
import type { Position } from "../objects/edits.ts";
import { onMap, type StageSize, wheelView } from "./screen.ts";
import type { Tool } from "./shapes.ts";
import { useDrawnShape } from "./useDrawnShape.ts";

interface OverlayProps {
  readonly tool: Tool;
  readonly view: View;
  readonly size: StageSize;
  readonly onView: (view: View) => void;
  /** What was drawn, pixels of full resolution; nothing: a click. */
  readonly onShape: (places: readonly Position[], isAdded: boolean) => void;
  readonly children?: React.ReactNode;
}

/** Lies over the stage while something is drawn; the wheel zooms as ever. */
export function DrawOverlay({ tool, view, size, onView, onShape, children }: OverlayProps) {
  const surface = useRef<SVGSVGElement>(null);
  const { shown, ...events } = useDrawnShape({
    tool,
    onShape: (places, isAdded) =>
      onShape(
        places.map((place) => onMap(place, view, size)),
        isAdded,
      ),
  });
  const onWheel = (event: WheelEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    onView(wheelView(view, size, [event.clientX - left, event.clientY - top], event.deltaY));
  };
  // keys that end or cancel a shape go here
  useEffect(() => surface.current?.focus({ preventScroll: true }), []);
  const text = shown.map((place) => place.join(",")).join(" ");
  return (
    <svg
      ref={surface}
      className="draw-overlay"
      role="application"
      aria-label={LABELS[tool]}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys end and cancel what is drawn
      tabIndex={0}
      width={size.width}
      height={size.height}
      {...events}
      onPointerDown={(event: PointerEvent<SVGSVGElement>) => {
        surface.current?.focus({ preventScroll: true });
        events.onPointerDown(event);
      }}
      onWheel={onWheel}
    >
      {tool === "line" || shown.length < 3 ? (
        <polyline className="sketch" points={text} />
      ) : (
        <polygon className="sketch" points={text} />
      )}
      {tool === "polygon" &&
        shown.map(([x, y], i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: corners in their order
          <circle key={i} className="corner" cx={x} cy={y} r={3} />
        ))}
      {children}
    </svg>
  );
}

const LABELS: Readonly<Record<Exclude<Tool, "move" | "edit">, string> & Record<string, string>> = {
  lasso: "Draw around objects to select them",
  box: "Draw a box around objects to select them",
  polygon: "Click corner by corner, Enter or a double click ends the polygon; or draw a free line",
  rectangle: "Draw a rectangle",
  ellipse: "Draw an ellipse within a box",
  line: "Draw a line",
  point: "Click where a point is",
};
