import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { endsOf, numberText, ticksOf, titleOf } from "./numbers.ts";
import { placesWithin } from "./rings.ts";
import { type Brush, useDrawnRing } from "./useDrawnRing.ts";

/** An axis: one value a point. */
export interface PlotAxis {
  readonly title: string;
  readonly unit?: string;
  /** The same array as long as its content is the same; points without a number are left out. */
  readonly values: ArrayLike<number>;
  /** Default: from the least to the greatest. */
  readonly range?: readonly [number, number];
}

/** What {@link ScatterPlot} shows. */
export interface ScatterPlotProps {
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly brush: Brush;
  /** Whether a point is chosen; another function where others are. */
  readonly isChosen?: (point: number) => boolean;
  /** Red, green, blue of a point, 0 to 255. */
  readonly colorOf?: (point: number) => readonly [number, number, number];
  /** The numbers of the points within what was drawn; with Ctrl or Shift they add to others. */
  readonly onPoints?: (points: Uint32Array, isAdded: boolean) => void;
}

/** Height of the picture in the page, px. */
const HEIGHT = 200;
const PLAIN = [90, 150, 220] as const;
const CHOSEN = [255, 176, 0] as const;
/** Points from which on each is one pixel. */
const MANY = 20_000;

/** Two numbers of each point against one another; a rectangle or a free line around points chooses them. */
export function ScatterPlot({ x, y, brush, isChosen, colorOf, onPoints }: ScatterPlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const toX = useScale(x, [0, width - 1]);
  const toY = useScale(y, [HEIGHT - 1, 0]);
  const count = Math.min(x.values.length, y.values.length);
  const placeOf = (point: number) => [toX(x.values[point]), toY(y.values[point])] as const;
  const { ring, ...pointer } = useDrawnRing(brush, (drawn, isAdded) =>
    onPoints?.(placesWithin(drawn, count, placeOf), isAdded),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: places on the screen follow the scales
  useEffect(() => {
    canvas
      .current!.getContext("2d")!
      .putImageData(pictureOf({ width, count, placeOf, isChosen, colorOf }), 0, 0);
  }, [toX, toY, x.values, y.values, count, width, isChosen, colorOf]);
  const what = `${titleOf(y)} against ${titleOf(x)}`;
  return (
    <figure className="scatter" aria-label={`Scatter plot of ${what}`}>
      <div className="plot">
        <canvas
          ref={canvas}
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${count} points: ${what}`}
          {...(onPoints && pointer)}
        />
        <svg className="over" width={width} height={HEIGHT} aria-hidden="true">
          <Ticks {...{ x, y, toX, toY, width }} />
          {ring.length > 4 && <polygon points={ring.join(" ")} />}
        </svg>
      </div>
      <figcaption>{what}</figcaption>
    </figure>
  );
}

/** A place on the screen of a value. */
type Scale = (value: number) => number;

function useScale({ values, range }: PlotAxis, [start, end]: readonly [number, number]): Scale {
  const [from, to] = useMemo(() => range ?? roomy(endsOf(values)), [range, values]);
  return useCallback(
    (value) => start + ((value - from) / (to - from)) * (end - start),
    [from, to, start, end],
  );
}

/** Points at the ends are seen, and can be drawn around. */
function roomy([from, to]: readonly [number, number]): readonly [number, number] {
  const margin = (to - from) * 0.05;
  return [from - margin, to + margin];
}

function useWidth(canvas: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(240);
  useEffect(() => {
    const box = canvas.current!.parentElement!;
    const observer = new ResizeObserver(() => setWidth(Math.max(80, box.clientWidth)));
    observer.observe(box);
    return () => observer.disconnect();
  }, [canvas]);
  return width;
}

interface TicksProps {
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly toX: Scale;
  readonly toY: Scale;
  readonly width: number;
}

function Ticks({ x, y, toX, toY, width }: TicksProps) {
  const across = ticksOf(x.range ?? endsOf(x.values), 4);
  const up = ticksOf(y.range ?? endsOf(y.values), 4).filter((tick) => toY(tick) < HEIGHT - 20);
  return (
    <>
      {across.map((tick) => (
        <text key={`x${tick}`} x={toX(tick)} y={HEIGHT - 4} textAnchor={anchorOf(toX(tick), width)}>
          {numberText(tick)}
        </text>
      ))}
      {up.map((tick) => (
        <text key={`y${tick}`} x={3} y={Math.max(11, toY(tick) + 4)}>
          {numberText(tick)}
        </text>
      ))}
    </>
  );
}

interface PictureOf {
  readonly isChosen: ScatterPlotProps["isChosen"] | undefined;
  readonly colorOf: ScatterPlotProps["colorOf"] | undefined;
  readonly width: number;
  readonly count: number;
  readonly placeOf: (point: number) => readonly [x: number, y: number];
}

/** All points; chosen ones lie over the others. */
function pictureOf({ width, count, placeOf, isChosen, colorOf }: PictureOf): ImageData {
  const image = new ImageData(width, HEIGHT);
  const dot = count > MANY ? 1 : 2;
  for (const isOver of isChosen === undefined ? [false] : [false, true])
    for (let i = 0; i < count; i++) {
      if ((isChosen?.(i) ?? false) !== isOver) continue;
      const [px, py] = placeOf(i);
      if (!(px >= 0 && py >= 0 && px < width && py < HEIGHT)) continue;
      const color = isOver ? CHOSEN : (colorOf?.(i) ?? PLAIN);
      paint(image, { px: Math.floor(px), py: Math.floor(py), dot: isOver ? 2 : dot }, color);
    }
  return image;
}

function anchorOf(x: number, width: number): "start" | "middle" | "end" {
  if (x < 20) return "start";
  return x > width - 20 ? "end" : "middle";
}

function paint(
  { data, width, height }: ImageData,
  { px, py, dot }: { readonly px: number; readonly py: number; readonly dot: number },
  [red, green, blue]: readonly [number, number, number],
): void {
  for (let dy = 0; dy < dot; dy++)
    for (let dx = 0; dx < dot; dx++) {
      if (px + dx >= width || py + dy >= height) continue;
      const at = 4 * ((py + dy) * width + px + dx);
      data[at] = red;
      data[at + 1] = green;
      data[at + 2] = blue;
      data[at + 3] = 255;
    }
}
