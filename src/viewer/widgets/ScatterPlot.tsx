import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { endsOf, numberText, ticksOf, titleOf } from "./numbers.ts";
import { placesWithin, rectangleRing } from "./rings.ts";

/** An axis: one value a point. */
export interface PlotAxis {
  readonly title: string;
  readonly unit?: string;
  /** The same array as long as its content is the same; points without a number are left out. */
  readonly values: ArrayLike<number>;
  /** Default: from the least to the greatest. */
  readonly range?: readonly [number, number];
}

/** How points are chosen. */
export type Brush = "rectangle" | "lasso";

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
/** Pixels that a hand moves within a click. */
const CLICK = 4;

/** Two numbers of each point against one another; a rectangle or a free line around points chooses them. */
export function ScatterPlot({ x, y, brush, isChosen, colorOf, onPoints }: ScatterPlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(240);
  const [drawn, setDrawn] = useState<readonly number[]>([]);
  const [fromX, toX] = useMemo(() => x.range ?? endsOf(x.values), [x.range, x.values]);
  const [fromY, toY] = useMemo(() => y.range ?? endsOf(y.values), [y.range, y.values]);
  const count = Math.min(x.values.length, y.values.length);
  const screenX = (value: number) => ((value - fromX) / (toX - fromX)) * (width - 1);
  const screenY = (value: number) => (1 - (value - fromY) / (toY - fromY)) * (HEIGHT - 1);

  useEffect(() => {
    const box = canvas.current!.parentElement!;
    const observer = new ResizeObserver(() => setWidth(Math.max(80, box.clientWidth)));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: places on the screen follow ends and width
  useEffect(() => {
    const image = new ImageData(width, HEIGHT);
    const dot = count > 20_000 ? 1 : 2;
    // chosen points lie over the others
    for (const isOver of isChosen === undefined ? [false] : [false, true])
      for (let i = 0; i < count; i++) {
        if ((isChosen?.(i) ?? false) !== isOver) continue;
        const [px, py] = [screenX(x.values[i]), screenY(y.values[i])];
        if (!(px >= 0 && py >= 0 && px < width && py < HEIGHT)) continue;
        const color = isOver ? CHOSEN : (colorOf?.(i) ?? PLAIN);
        paint(image, { px: Math.floor(px), py: Math.floor(py), dot: isOver ? Math.max(2, dot) : dot }, color);
      }
    canvas.current!.getContext("2d")!.putImageData(image, 0, 0);
  }, [x.values, y.values, fromX, toX, fromY, toY, count, width, isChosen, colorOf]);

  const placeOf = (event: PointerEvent) => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top] as const;
  };
  const onDown = (event: PointerEvent<HTMLCanvasElement>) => {
    if (onPoints === undefined || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrawn([...placeOf(event)]);
  };
  const onMove = (event: PointerEvent) => {
    if (event.buttons === 0 || drawn.length === 0) return;
    const place = placeOf(event);
    setDrawn(brush === "lasso" ? [...drawn, ...place] : [drawn[0], drawn[1], ...place]);
  };
  const onUp = (event: PointerEvent) => {
    if (drawn.length === 0) return;
    const isAdded = event.ctrlKey || event.metaKey || event.shiftKey;
    setDrawn([]);
    onPoints?.(within(ringOf(drawn, brush)), isAdded);
  };
  const within = (ring: readonly number[]) =>
    isClick(ring)
      ? new Uint32Array(0)
      : placesWithin(ring, count, (i) => [screenX(x.values[i]), screenY(y.values[i])]);
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
          onPointerDown={onDown}
          onPointerMove={onMove}
          onPointerUp={onUp}
        />
        <svg className="over" width={width} height={HEIGHT} aria-hidden="true">
          {ticksOf([fromX, toX], 4).map((tick) => (
            <text
              key={`x${tick}`}
              x={screenX(tick)}
              y={HEIGHT - 4}
              textAnchor={anchorOf(screenX(tick), width)}
            >
              {numberText(tick)}
            </text>
          ))}
          {ticksOf([fromY, toY], 4)
            .filter((tick) => screenY(tick) < HEIGHT - 20)
            .map((tick) => (
              <text key={`y${tick}`} x={3} y={Math.max(11, screenY(tick) + 4)}>
                {numberText(tick)}
              </text>
            ))}
          {drawn.length > 2 && <polygon points={ringOf(drawn, brush).join(" ")} />}
        </svg>
      </div>
      <figcaption>{what}</figcaption>
    </figure>
  );
}

function ringOf(drawn: readonly number[], brush: Brush): readonly number[] {
  if (brush === "lasso" || drawn.length < 4) return drawn;
  return rectangleRing(drawn[0], drawn[1], drawn[2], drawn[3]);
}

/** A click chooses nothing: what was chosen is let go. */
function isClick(ring: readonly number[]): boolean {
  const spread = (part: number) => {
    const values = ring.filter((_, i) => i % 2 === part);
    return Math.max(...values) - Math.min(...values);
  };
  return Math.max(spread(0), spread(1)) < CLICK;
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
