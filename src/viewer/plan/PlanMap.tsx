import { useRef } from "react";
import { useSize } from "../core/useSize.ts";
import { DrawBox } from "../live/DrawBox.tsx";
import type { StageBox } from "../live/places.ts";
import type { MapHand, PlanForm } from "./planForm.ts";
import type { Planned } from "./usePlanned.ts";

interface MapProps {
  readonly form: PlanForm;
  readonly planned: Planned | undefined;
  /** What the camera is taken to see. */
  readonly fieldUm: readonly [number, number];
  readonly hand: MapHand | undefined;
  readonly onPosition: (at: readonly [number, number]) => void;
  readonly onRegion: (region: StageBox) => void;
}

/** Free part of the map beside what is planned. */
const MARGIN = 0.15;

/** The places of a plan on the stage, where no microscope shows its own map. */
export function PlanMap({ form, planned, fieldUm, hand, onPosition, onRegion }: MapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const tiles = planned?.tiles ?? [];
  const box = boxOf(tiles, fieldUm);
  const scale = Math.min(size.width / (box.right - box.left), size.height / (box.lower - box.upper));
  const view = {
    x: (box.left + box.right) / 2,
    y: (box.upper + box.lower) / 2,
    zoom: Math.log2(scale || 1),
  };
  const screen = ([x, y]: readonly [number, number]) =>
    [(x - view.x) * scale + size.width / 2, (y - view.y) * scale + size.height / 2] as const;
  const [width, height] = fieldUm.map((length) => length * scale);
  return (
    <div className="frame plan-map" ref={frame}>
      {size.width > 0 && (
        <svg width={size.width} height={size.height} role="img" aria-label={`Map of ${tiles.length} places`}>
          {tiles.map(([x, y]) => {
            const [left, top] = screen([x - fieldUm[0] / 2, y - fieldUm[1] / 2]);
            return <rect key={`${x} ${y}`} x={left} y={top} {...{ width, height }} />;
          })}
          {form.positions.map(({ name, xUm, yUm }, i) => {
            const [x, y] = screen([xUm, yUm]);
            if (!Number.isFinite(x + y)) return null;
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: two positions may be the same
              <g key={i}>
                <circle cx={x} cy={y} r={4} />
                <text x={x + 7} y={y - 5}>
                  {name || i + 1}
                </text>
              </g>
            );
          })}
        </svg>
      )}
      {tiles.length === 0 && (
        <p className="message">No places yet: without them the stage stays where it is.</p>
      )}
      <p className="map-note">
        {fieldUm.map((length) => Number(length.toPrecision(4))).join(" × ")} µm a tile, map of{" "}
        {Number((box.right - box.left).toPrecision(3))} µm
      </p>
      {hand !== undefined && size.width > 0 && (
        <DrawBox
          {...{ view, size }}
          label={hand === "position" ? "Click a position" : "Drag over the part that tiles cover"}
          onBox={([left, upper], [right, lower]) => {
            if (hand === "position") onPosition([left, upper]);
            else if (right > left && lower > upper) onRegion({ left, upper, right, lower });
          }}
        />
      )}
    </div>
  );
}

/** All tiles with some space about them; without tiles some fields about the middle of the stage. */
function boxOf(
  tiles: readonly (readonly [number, number])[],
  [width, height]: readonly [number, number],
): StageBox {
  const reach = 4 * Math.max(width, height);
  if (tiles.length === 0) return { left: -reach, right: reach, upper: -reach, lower: reach };
  const [xs, ys] = [tiles.map(([x]) => x), tiles.map(([, y]) => y)];
  const ends = (values: readonly number[], field: number) => {
    const [least, most] = [Math.min(...values) - field / 2, Math.max(...values) + field / 2];
    const space = MARGIN * (most - least) + field / 2;
    return [least - space, most + space];
  };
  const [[left, right], [upper, lower]] = [ends(xs, width), ends(ys, height)];
  return { left, right, upper, lower };
}
