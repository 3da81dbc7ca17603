import { useMemo, useRef } from "react";
import { type Bins, binsOf } from "./bins.ts";
import { endsOf, numberText, ticksOf, titleOf } from "./numbers.ts";
import { type Limits, useLimits } from "./useLimits.ts";

/** What {@link Histogram} shows. */
export interface HistogramProps {
  readonly title: string;
  readonly unit?: string;
  /** The same array as long as its content is the same. */
  readonly values: ArrayLike<number>;
  /** Default: from the least to the greatest. */
  readonly range?: readonly [number, number];
  /** Default by how many values there are (Rice's rule), 64 at most. */
  readonly bins?: number;
  /** Draws counts by their logarithm: rare values are seen beside many. */
  readonly isLogarithmic?: boolean;
  /** A line over the bars: how many values it expects between two. */
  readonly curve?: { readonly title: string; readonly count: (from: number, to: number) => number };
  /** One: a cutoff. Two: a brush. None: nothing is chosen yet. */
  readonly limits?: Limits;
  /** What each limit is called, one or two. */
  readonly limitTitles: readonly [string] | readonly [string, string];
  /** Left out: limits stand where they are. Undefined limits: a double click, or Escape, took the brush away. */
  readonly onLimits?: (limits: Limits | undefined) => void;
}

const HEIGHT = 60;

/**
 * Bars of how often values occur. Limits are moved by dragging them, or by arrow keys (with Shift ten times as far); a drag beside them makes a
 * new brush, a click moves a cutoff there; Escape and a double click take a brush away.
 */
export function Histogram(props: HistogramProps) {
  const {
    title,
    unit,
    values,
    range,
    bins = binsFor(values.length),
    isLogarithmic = false,
    curve,
    limits,
    limitTitles,
  } = props;
  const box = useRef<HTMLDivElement>(null);
  const [from, to] = useMemo(() => range ?? endsOf(values), [range, values]);
  const counted = useMemo(() => binsOf(values, { range: [from, to], bins }), [values, from, to, bins]);
  const place = (value: number) => Math.min(100, Math.max(0, (100 * (value - from)) / (to - from)));
  const label = titleOf({ title, ...(unit !== undefined && { unit }) });
  const { onKey, ...pointer } = useLimits({ ...props, box, from, to });
  return (
    <figure className="histogram-box" aria-label={`Histogram of ${label}`}>
      <div ref={box} className="plot" {...pointer}>
        <Bars counted={counted} isLogarithmic={isLogarithmic} curve={curve} limits={limits} place={place} />
        {limits?.map((value, end) => (
          <div
            key={limitTitles[end]}
            role="slider"
            tabIndex={props.onLimits === undefined ? -1 : 0}
            className="grip"
            style={{ left: `${place(value)}%` }}
            aria-label={`${limitTitles[end]} of ${title}`}
            aria-valuemin={from}
            aria-valuemax={to}
            aria-valuenow={value}
            aria-valuetext={`${numberText(value)}${unit === undefined ? "" : ` ${unit}`}`}
            aria-disabled={props.onLimits === undefined}
            onKeyDown={(event) => onKey(event, end)}
          />
        ))}
      </div>
      <div className="ticks" aria-hidden="true">
        {ticksOf([from, to], 4).map((tick) => (
          <span key={tick} className={edgeOf(place(tick))} style={{ left: `${place(tick)}%` }}>
            {numberText(tick)}
          </span>
        ))}
      </div>
      <figcaption>
        {label}
        {curve !== undefined && <span className="curve-key">{curve.title}</span>}
      </figcaption>
    </figure>
  );
}

function binsFor(count: number): number {
  return Math.max(8, Math.min(64, Math.ceil(2 * Math.cbrt(count))));
}

/** Numbers at the ends stay within. */
function edgeOf(place: number): "first" | "last" | undefined {
  if (place < 8) return "first";
  return place > 92 ? "last" : undefined;
}

interface BarsProps {
  readonly counted: Bins;
  readonly isLogarithmic: boolean;
  readonly curve: HistogramProps["curve"] | undefined;
  readonly limits: Limits | undefined;
  readonly place: (value: number) => number;
}

function Bars({ counted: { from, to, counts }, isLogarithmic, curve, limits, place }: BarsProps) {
  const width = (to - from) / counts.length;
  const expected =
    curve && Array.from(counts, (_, i) => curve.count(from + i * width, from + (i + 1) * width));
  const size = (count: number) => (isLogarithmic ? Math.log1p(count) : count);
  // a curve that is off the scale is cut, not the bars
  const most = size(Math.max(1, ...counts));
  const y = (count: number) => HEIGHT - (HEIGHT * Math.min(most, size(Math.max(0, count)))) / most;
  const bars = Array.from(counts, (count, i) => {
    const [x, end] = [(100 * i) / counts.length, (100 * (i + 1)) / counts.length];
    return count === 0 ? "" : `M${x} ${HEIGHT}V${y(count).toFixed(2)}H${end}V${HEIGHT}Z`;
  }).join("");
  const line = expected?.map(
    (count, i) => `${((100 * (i + 0.5)) / counts.length).toFixed(2)},${y(count).toFixed(2)}`,
  );
  const [low, high = to] = limits ?? [from];
  return (
    <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <rect className="ground" width="100" height={HEIGHT} />
      <rect className="chosen" x={place(low)} width={Math.max(0, place(high) - place(low))} height={HEIGHT} />
      <path className="bars" d={bars} />
      {line && <polyline className="curve" points={line.join(" ")} />}
    </svg>
  );
}
