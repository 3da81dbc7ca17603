import { useMemo } from "react";
import { rampColor } from "../../objects/colors.ts";
import type { Rows } from "../answers.ts";

interface ViewMapProps {
  readonly label: string;
  /** azimuthDeg, polarDeg, and what is drawn, a row a view. */
  readonly rows: Rows;
  readonly quantity: "posterior" | "images";
}

const SIZE = { width: 288, height: 150 };
const BOX = { left: 4, top: 4, width: 280, height: 128 };

/** Viewing directions with what they hold: azimuth to the right, the cosine of the polar angle upwards, so that areas are those of the sphere. */
export function ViewMap({ label, rows, quantity }: ViewMapProps) {
  const marks = useMemo(() => marksOf(rows, quantity), [rows, quantity]);
  return (
    <svg className="sphere" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={label}>
      {marks.map(({ key, x, y, radius, color }) => (
        <circle key={key} cx={x} cy={y} r={radius} fill={color} />
      ))}
      <text x={BOX.left} y={SIZE.height - 5}>
        azimuth 0°
      </text>
      <text x={BOX.left + BOX.width} y={SIZE.height - 5} textAnchor="end">
        360°
      </text>
      <text x={BOX.left + BOX.width / 2} y={SIZE.height - 5} textAnchor="middle">
        pole above and below
      </text>
    </svg>
  );
}

/** Those with more lie above. */
function marksOf({ count, columns }: Rows, quantity: "posterior" | "images") {
  const { azimuthDeg, polarDeg } = columns;
  const values = columns[quantity];
  const most = values.reduce((top, value) => Math.max(top, value), 0) || 1;
  const dot = Math.max(0.6, Math.min(2.5, 55 / Math.sqrt(count)));
  return Array.from({ length: count }, (_, i) => i)
    .sort((a, b) => values[a] - values[b])
    .map((i) => {
      // roots, so that small shares are seen beside large ones
      const share = Math.sqrt(values[i] / most);
      return {
        key: i,
        x: BOX.left + (BOX.width * (((azimuthDeg[i] % 360) + 360) % 360)) / 360,
        y: BOX.top + (BOX.height * (1 - Math.cos((polarDeg[i] * Math.PI) / 180))) / 2,
        radius: dot * (share > 0 ? 0.8 + 1.4 * share : 0.5),
        color: share > 0 ? colorOf(share) : "#4a505c",
      };
    });
}

/** Bright enough for a dark ground. */
function colorOf(share: number): string {
  return `rgb(${rampColor(0.25 + 0.75 * share)
    .map(Math.round)
    .join(" ")})`;
}
