import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { Position } from "../objects/edits.ts";
import { rectangleRing } from "../widgets/rings.ts";
import { ellipseOf, type Tool } from "./shapes.ts";

/** Screen pixels that a hand moves within a click, and between two points of a free line. */
const CLICK = 4;

interface ShapeOptions {
  readonly tool: Tool;
  /** What was drawn, in pixels of the stage: places, in the order in which they were drawn. `isAdded`: Shift or Ctrl was held. */
  readonly onShape: (places: readonly Position[], isAdded: boolean) => void;
}

/** Lassos and boxes to select, and shapes to keep, as a pointer draws them over the stage. */
export function useDrawnShape({ tool, onShape }: ShapeOptions) {
  const drawn = useRef<Position[]>([]);
  /** How many places there were when the button was pressed. */
  const before = useRef<number>(undefined);
  const [, redraw] = useState(0);
  const show = (places: Position[]) => {
    drawn.current = places;
    redraw((count) => count + 1);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tool begins anew
  useEffect(() => show([]), [tool]);
  const finish = (places: readonly Position[], isAdded = false) => {
    show([]);
    onShape(places, isAdded);
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    // corners of a polygon that were clicked stay
    const kept = tool === "polygon" ? drawn.current : [];
    before.current = kept.length;
    show([...kept, placeOf(event)]);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (before.current === undefined || event.buttons === 0) return;
    const [places, place] = [drawn.current, placeOf(event)];
    if (tool !== "lasso" && tool !== "polygon") show([places[0], place]);
    else if (distance(places.at(-1)!, place) >= CLICK) show([...places, place]);
  };
  const onPointerUp = (event: PointerEvent) => {
    if (before.current === undefined) return;
    const places = drawn.current;
    const own = places.length - before.current;
    before.current = undefined;
    const isAdded = event.shiftKey || event.ctrlKey || event.metaKey;
    if (tool === "polygon" && own < FREE) return;
    const isShape = places.length >= (tool === "lasso" ? 3 : tool === "point" ? 1 : 2);
    finish(isShape && (tool === "lasso" || !isSmall(places, tool)) ? places : [], isAdded);
  };
  const endPolygon = () => {
    // the second click of the two added a place once more
    const corners = drawn.current.filter((place, i, all) => i === 0 || distance(place, all[i - 1]) >= CLICK);
    if (tool === "polygon" && corners.length >= 3) finish(corners);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") show([]);
    else if (event.key === "Enter") endPolygon();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shown = sketchOf(tool, drawn.current);
  return { shown, onPointerDown, onPointerMove, onPointerUp, onDoubleClick: endPolygon, onKeyDown };
}

/** Places within one press from which on it is a free line, no corner. */
const FREE = 4;

/** A click in place of a drag. */
function isSmall(places: readonly Position[], tool: Tool): boolean {
  return tool !== "point" && places.every((place) => distance(place, places[0]) < CLICK);
}

function placeOf(event: PointerEvent): Position {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

function distance([x1, y1]: Position, [x2, y2]: Position): number {
  return Math.hypot(x2 - x1, y2 - y1);
}

/** What the stage shows of a shape that is being drawn. */
function sketchOf(tool: Tool, places: readonly Position[]): readonly Position[] {
  if (tool === "box" || tool === "rectangle") return boxOf(places);
  if (tool !== "ellipse" || places.length < 2) return places;
  const ellipse = ellipseOf(places[0], places[1]);
  return ellipse.type === "Polygon" ? ellipse.coordinates[0] : places;
}

function boxOf(places: readonly Position[]): readonly Position[] {
  if (places.length < 2) return places;
  const ring = rectangleRing(...places[0], ...places[1]);
  return [0, 2, 4, 6].map((i) => [ring[i], ring[i + 1]] as const);
}
