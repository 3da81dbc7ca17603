import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import type { View } from "../core/stage.ts";
import type { Geometry, Position } from "../objects/edits.ts";
import { onMap, onStage, type StageSize } from "./screen.ts";
import { insertVertex, moveVertex, removeVertex, type VertexPath, verticesOf } from "./shapes.ts";

interface VertexProps {
  readonly geometry: Geometry;
  readonly view: View;
  readonly size: StageSize;
  /** The outline, once a hand let go of it. */
  readonly onGeometry: (geometry: Geometry) => void;
}

/** Corners that are drawn at most. */
const MOST = 500;
/** Screen pixels of a step of the keyboard. */
const STEP = 1;

/** The corners of an outline, to be moved, removed and added; by keys as well: arrows move, Delete removes, Insert adds one behind. */
export function VertexOverlay({ geometry, view, size, onGeometry }: VertexProps) {
  const surface = useRef<HTMLDivElement>(null);
  const [moved, setMoved] = useState<Geometry>();
  const shown = moved ?? geometry;
  const vertices = verticesOf(shown);
  const placeOf = (event: PointerEvent): Position => {
    const { left, top } = surface.current!.getBoundingClientRect();
    return onMap([event.clientX - left, event.clientY - top], view, size);
  };
  const keep = (next: Geometry) => {
    setMoved(undefined);
    if (next !== geometry) onGeometry(next);
  };
  const onKey = (event: KeyboardEvent, path: VertexPath, place: Position) => {
    const next = pressed(event, { geometry, path, place, scale: 2 ** view.zoom });
    if (next === undefined) return;
    keep(next);
    event.preventDefault();
    event.stopPropagation();
  };
  if (vertices.length > MOST)
    return (
      <p className="draw-note">This outline has {vertices.length} corners: too many to be moved by hand.</p>
    );
  return (
    <div ref={surface} className="vertex-overlay">
      {vertices.map(({ path, place }, i) => {
        const [left, top] = onStage(place, view, size);
        return (
          <button
            type="button"
            key={path.join(" ")}
            className="vertex"
            style={{ left, top }}
            aria-label={`Corner ${i + 1} of ${vertices.length}`}
            title="Drag or arrow keys: move; Delete or double click: remove; Insert: one more"
            onKeyDown={(event) => onKey(event, path, place)}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={(event) => {
              if (event.buttons === 1) setMoved(moveVertex(geometry, path, placeOf(event)));
            }}
            onPointerUp={() => moved && keep(moved)}
            onDoubleClick={() => keep(removeVertex(geometry, path))}
          />
        );
      })}
      {edgesOf(shown, vertices).map(({ path, place }) => {
        const [left, top] = onStage(place, view, size);
        return (
          <button
            type="button"
            key={`edge ${path.join(" ")}`}
            className="edge"
            style={{ left, top }}
            tabIndex={-1}
            aria-label="Add a corner here"
            onClick={() => keep(insertVertex(geometry, path, place))}
          />
        );
      })}
    </div>
  );
}

interface PressOn {
  readonly geometry: Geometry;
  readonly path: VertexPath;
  readonly place: Position;
  readonly scale: number;
}

function pressed(
  { key, shiftKey }: KeyboardEvent,
  { geometry, path, place, scale }: PressOn,
): Geometry | undefined {
  const step = ((shiftKey ? 10 : 1) * STEP) / scale;
  const moves: Readonly<Record<string, Position>> = {
    ArrowLeft: [-step, 0],
    ArrowRight: [step, 0],
    ArrowUp: [0, -step],
    ArrowDown: [0, step],
  };
  const move = moves[key];
  if (move !== undefined) return moveVertex(geometry, path, [place[0] + move[0], place[1] + move[1]]);
  if (key === "Delete" || key === "Backspace") return removeVertex(geometry, path);
  if (key === "Insert") return insertVertex(geometry, path, [place[0] + step, place[1]]);
  return undefined;
}

type Vertices = ReturnType<typeof verticesOf>;

/** The middles of edges, each with the corner before it. */
function edgesOf(geometry: Geometry, vertices: Vertices): Vertices {
  if (geometry.type === "Point") return [];
  return vertices.map(({ path, place: [x, y] }, i) => {
    const follows = vertices[i + 1];
    const isSame = follows?.path[0] === path[0] && follows.path[1] === path[1];
    const next = isSame
      ? follows
      : vertices.find((each) => each.path[0] === path[0] && each.path[1] === path[1])!;
    return { path, place: [(x + next.place[0]) / 2, (y + next.place[1]) / 2] as const };
  });
}
