/** The highest place of a correlation. */
export interface CorrelationPeak {
  /** Shift in pixels that moves the second image of a pair onto the first, with its fraction. */
  readonly y: number;
  readonly x: number;
  /** Height there. */
  readonly height: number;
  /** Height at the highest whole shift: what heights elsewhere are compared with. */
  readonly wholeHeight: number;
}

/** A box of whole shifts, ends included. */
export interface ShiftBox {
  readonly fromY: number;
  readonly toY: number;
  readonly fromX: number;
  readonly toX: number;
}

/** A correlation that goes on behind its ends: value at any whole shift. */
export type Correlation = (y: number, x: number) => number;

/** Pixels on either side that the value between pixels is made of. */
const REACH = 6;
/** Distances at which the peak is looked for, one after the other, in pixels. */
const STEPS = [0.5, 0.25, 0.1, 0.03, 0.01];

/**
 * The peak of a correlation among the shifts of a box. Between pixels it is the maximum of Lanczos' interpolation: filtered images have
 * little near the highest frequency, so that it is what lies between, where a parabola would draw the peak to the pixels' centres.
 */
export function findPeak(at: Correlation, { fromY, toY, fromX, toX }: ShiftBox): CorrelationPeak {
  let best = { y: fromY, x: fromX, height: Number.NEGATIVE_INFINITY };
  for (let y = fromY; y <= toY; y++) {
    for (let x = fromX; x <= toX; x++) {
      const height = at(y, x);
      if (height > best.height) best = { y, x, height };
    }
  }
  return refined(at, best);
}

function refined(
  at: Correlation,
  whole: { readonly y: number; readonly x: number; readonly height: number },
): CorrelationPeak {
  const side = 2 * REACH + 3;
  const around = Float64Array.from({ length: side * side }, (_, i) =>
    at(whole.y + Math.floor(i / side) - REACH - 1, whole.x + (i % side) - REACH - 1),
  );
  const value = (y: number, x: number) => interpolated(around, side, [y, x]);
  let [y, x] = [0, 0];
  for (const step of STEPS) {
    const middle = value(y, x);
    const moveY = vertex(value(y - step, x), middle, value(y + step, x));
    const moveX = vertex(value(y, x - step), middle, value(y, x + step));
    y = Math.min(1, Math.max(-1, y + step * moveY));
    x = Math.min(1, Math.max(-1, x + step * moveX));
  }
  return { y: whole.y + y, x: whole.x + x, height: value(y, x), wholeHeight: whole.height };
}

/** Where the parabola through three values at -1, 0, 1 is highest, not further than 1. */
function vertex(before: number, middle: number, after: number): number {
  const curvature = before - 2 * middle + after;
  if (!(curvature < 0)) return before > after ? -1 : after > before ? 1 : 0;
  return Math.min(1, Math.max(-1, (before - after) / (2 * curvature)));
}

function interpolated(around: Float64Array, side: number, [y, x]: readonly [number, number]): number {
  const rows = lanczos(y, side);
  const columns = lanczos(x, side);
  let sum = 0;
  for (let i = 0; i < side; i++) {
    let row = 0;
    for (let j = 0; j < side; j++) row += columns[j] * around[i * side + j];
    sum += rows[i] * row;
  }
  return sum;
}

/** Weights of `side` samples whose middle one is 0, for the value at `place`. */
function lanczos(place: number, side: number): Float64Array {
  const sinc = (t: number) => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));
  const weights = Float64Array.from({ length: side }, (_, i) => {
    const t = place - (i - (side >> 1));
    return Math.abs(t) < REACH ? sinc(t) * sinc(t / REACH) : 0;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** All values of a correlation, rows `stride` apart. */
export interface CorrelationPlane {
  readonly plane: Float32Array;
  readonly stride: number;
  readonly height: number;
  readonly width: number;
}

/** Its values at any whole shift. */
export function readerOf({ plane, stride, height, width }: CorrelationPlane): Correlation {
  return (y, x) => plane[(((y % height) + height) % height) * stride + (((x % width) + width) % width)];
}

/** How near to the searched box others may lie: the foot of a peak, pixels, and less on short axes. */
const FOOT = 8;
const FOOT_PART = 1 / 20;
/** Boxes of chance that are looked at, at most. */
const MOST_BOXES = 64;

/**
 * The highest values in boxes of the size of `box`, side by side over all other shifts. A correlation goes round, so that each is what the
 * same two windows give at a shift that cannot be right.
 */
export function highestElsewhere(correlation: CorrelationPlane, box: ShiftBox): number[] {
  const rows = spansElsewhere(box.fromY, box.toY, correlation.height);
  const columns = spansElsewhere(box.fromX, box.toX, correlation.width);
  const boxes = rows.flatMap((row) => columns.map((column) => ({ row, column })));
  // The first of both is the searched one.
  const others = boxes.slice(1);
  const every = Math.max(1, Math.ceil(others.length / MOST_BOXES));
  return others.filter((_, i) => i % every === 0).map(({ row, column }) => highest(correlation, row, column));
}

/** First shifts and lengths of equal spans round an axis, the searched one first; one shorter span where no other has room. */
function spansElsewhere(from: number, to: number, length: number): { from: number; length: number }[] {
  const span = to - from + 1;
  const foot = Math.min(FOOT, Math.ceil(FOOT_PART * length));
  const room = length - span - 2 * foot;
  const other = Math.min(span, room);
  const count = other > 0 ? Math.floor(room / other) : 0;
  const next = (_: unknown, i: number) => ({ from: to + 1 + foot + i * other, length: other });
  return [{ from, length: span }, ...Array.from({ length: count }, next)];
}

function highest(
  { plane, stride, height, width }: CorrelationPlane,
  rows: { from: number; length: number },
  columns: { from: number; length: number },
): number {
  let most = Number.NEGATIVE_INFINITY;
  const first = ((columns.from % width) + width) % width;
  for (let i = 0; i < rows.length; i++) {
    const row = ((((rows.from + i) % height) + height) % height) * stride;
    for (let j = 0; j < columns.length; j++) {
      const x = first + j;
      const value = plane[row + (x < width ? x : x - width)];
      if (value > most) most = value;
    }
  }
  return most;
}
