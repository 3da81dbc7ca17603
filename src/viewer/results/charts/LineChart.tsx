import { type PointerEvent, useRef } from "react";
import { numberText, ticksOf } from "../../widgets/numbers.ts";

/** A curve. */
export interface ChartLine {
  readonly title: string;
  readonly color: "one" | "two" | "three";
  readonly x: ArrayLike<number>;
  /** As many; what is no number, or on a logarithmic axis not above 0, leaves a gap. */
  readonly y: ArrayLike<number>;
}

/** An axis. */
export interface ChartAxis {
  readonly title: string;
  readonly range: readonly [number, number];
  readonly isLogarithmic?: boolean;
  /** Default: numbers as they are. */
  readonly text?: (value: number) => string;
}

interface LineChartProps {
  readonly title: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly lines: readonly ChartLine[];
  /** A line across, which the pointer moves where `onMarker` is given. */
  readonly marker?: { readonly title: string; readonly x: number };
  readonly onMarker?: (x: number) => void;
  /** A line from left to right. */
  readonly level?: { readonly title: string; readonly y: number };
}

const SIZE = { width: 300, height: 170 };
const BOX = { left: 40, right: 6, top: 6, bottom: 32 };
const INNER = { width: SIZE.width - BOX.left - BOX.right, height: SIZE.height - BOX.top - BOX.bottom };

/** Curves with axes, in the page's colours. */
export function LineChart({ title, x, y, lines, marker, onMarker, level }: LineChartProps) {
  const svg = useRef<SVGSVGElement>(null);
  const placeX = (value: number) => BOX.left + INNER.width * shareOf(x, value);
  const placeY = (value: number) => BOX.top + INNER.height * (1 - shareOf(y, value));
  const move = (event: PointerEvent) => {
    if (event.buttons === 0 || onMarker === undefined) return;
    const { left, width } = svg.current!.getBoundingClientRect();
    const at = ((event.clientX - left) * SIZE.width) / width;
    const share = Math.min(1, Math.max(0, (at - BOX.left) / INNER.width));
    onMarker(x.range[0] + share * (x.range[1] - x.range[0]));
  };
  return (
    <figure className={onMarker === undefined ? "chart" : "chart movable"}>
      <svg
        ref={svg}
        viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
        role="img"
        aria-label={title}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          move(event);
        }}
        onPointerMove={move}
      >
        <Axes {...{ x, y, placeX, placeY }} />
        {level !== undefined && (
          <line
            className="level"
            {...{ x1: BOX.left, x2: BOX.left + INNER.width, y1: placeY(level.y), y2: placeY(level.y) }}
          />
        )}
        {lines.map((line) => (
          <path key={line.title} className={line.color} d={pathOf(line, y, { placeX, placeY })} />
        ))}
        {marker !== undefined && (
          <line
            className="marker"
            {...{ x1: placeX(marker.x), x2: placeX(marker.x), y1: BOX.top, y2: BOX.top + INNER.height }}
          />
        )}
      </svg>
      <figcaption>
        {lines.map((line) => (
          <span key={line.title} className={line.color}>
            {line.title}
          </span>
        ))}
        {level !== undefined && <span className="level">{level.title}</span>}
        {marker !== undefined && <span className="marker">{marker.title}</span>}
      </figcaption>
    </figure>
  );
}

interface Places {
  readonly placeX: (value: number) => number;
  readonly placeY: (value: number) => number;
}

function Axes({ x, y, placeX, placeY }: Pick<LineChartProps, "x" | "y"> & Places) {
  const bottom = BOX.top + INNER.height;
  return (
    <g className="axes">
      {axisTicks(y).map((value) => (
        <g key={value}>
          <line {...{ x1: BOX.left, x2: BOX.left + INNER.width, y1: placeY(value), y2: placeY(value) }} />
          <text x={BOX.left - 4} y={placeY(value) + 3.5} textAnchor="end">
            {textOf(y, value)}
          </text>
        </g>
      ))}
      {axisTicks(x).map((value) => (
        <g key={value}>
          <line {...{ x1: placeX(value), x2: placeX(value), y1: bottom, y2: bottom + 4 }} />
          <text x={placeX(value)} y={bottom + 14} textAnchor="middle">
            {textOf(x, value)}
          </text>
        </g>
      ))}
      <text x={BOX.left + INNER.width / 2} y={SIZE.height - 4} textAnchor="middle">
        {x.title}
      </text>
    </g>
  );
}

function shareOf({ range: [low, high], isLogarithmic = false }: ChartAxis, value: number): number {
  const place = isLogarithmic ? Math.log10 : (plain: number) => plain;
  const share = (place(value) - place(low)) / (place(high) - place(low));
  return Math.min(1, Math.max(0, share));
}

/** Powers of ten of a logarithmic axis, at most seven. */
function axisTicks({ range, isLogarithmic = false }: ChartAxis): number[] {
  if (!isLogarithmic) return ticksOf(range, 5);
  const [first, last] = [Math.ceil(Math.log10(range[0])), Math.floor(Math.log10(range[1]))];
  const step = Math.max(1, Math.ceil((last - first) / 6));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => 10 ** (first + i * step));
}

function textOf({ text, isLogarithmic = false }: ChartAxis, value: number): string {
  if (text !== undefined) return text(value);
  return isLogarithmic && value >= 1e5 ? value.toExponential(0).replace("+", "") : numberText(value);
}

function pathOf({ x, y }: ChartLine, axis: ChartAxis, { placeX, placeY }: Places): string {
  let [path, isDrawing] = ["", false];
  for (let i = 0; i < x.length; i++) {
    const isThere = Number.isFinite(y[i]) && (!axis.isLogarithmic || y[i] >= axis.range[0]);
    if (isThere) path += `${isDrawing ? "L" : "M"}${placeX(x[i]).toFixed(1)} ${placeY(y[i]).toFixed(1)}`;
    isDrawing = isThere;
  }
  return path;
}
