import type { ImageSource } from "../source/source.ts";
import { axisAt, type PlaneChoice } from "./axes.ts";
import type { PictureOptions } from "./options.ts";

const GAP = 4;
const MOST_PANELS = 64;
const LARGEST = 2048;

/** One plane of the picture. */
export interface Panel {
  readonly row: number;
  readonly column: number;
  /** Indices on the montage's axes. */
  readonly fixed: Readonly<Record<string, number>>;
}

/** Where the panels stand, and how large they are. */
export interface PictureLayout {
  readonly panels: readonly Panel[];
  readonly rows: number;
  readonly columns: number;
  /** Pixels between panels. */
  readonly gap: number;
  readonly level: number;
  /** Pixels of the level that become one. */
  readonly shrink: number;
}

type Sides = readonly [height: number, width: number];

/** Lays out a picture of at most `maxSize` and chooses the level that suits it. */
export function layOut(
  source: ImageSource,
  choice: PlaneChoice,
  options: Pick<PictureOptions, "panels" | "maxSize" | "level" | "onLog">,
): PictureLayout {
  const maxSize = options.maxSize ?? LARGEST;
  const sides = source.levels.map(
    ({ shape }): Sides => [shape[axisAt(source, "y")], shape[axisAt(source, "x")]],
  );
  const indices = choice.montage.map((name) => source.levels[0].shape[axisAt(source, name)]);
  const counts = fewEnough(indices, options.panels ?? MOST_PANELS);
  const total = counts.reduce((product, count) => product * count, 1);
  const columns = counts.length === 2 ? counts[1] : columnsOf(total, sides[0], maxSize);
  const rows = Math.ceil(total / columns);
  if (counts.join() !== indices.join())
    options.onLog?.(
      `${source.name}: ${total} planes of ${indices.join(" x ")}, evenly chosen, are drawn; more with panels (--panels N)`,
      "warning",
    );
  const chosen = counts.map((count, i) => evenly(indices[i], count));
  const panels = Array.from({ length: total }, (_, i): Panel => {
    const [first, second] = counts.length === 2 ? [Math.floor(i / counts[1]), i % counts[1]] : [i, 0];
    const places = choice.montage.map((name, k) => [name, chosen[k][k === 0 ? first : second]] as const);
    return { row: Math.floor(i / columns), column: i % columns, fixed: Object.fromEntries(places) };
  });
  const room = (count: number) => Math.max(1, Math.floor((maxSize - GAP * (count - 1)) / count));
  const size = levelFor(sides, [room(rows), room(columns)], options.level);
  return { panels, rows, columns, gap: total === 1 ? 0 : GAP, ...size };
}

/** The coarsest level that is still as large as the room, or the finest there is. */
function levelFor(
  sides: readonly Sides[],
  [height, width]: Sides,
  asked: number | undefined,
): { level: number; shrink: number } {
  const fill = ([h, w]: Sides) => Math.max(h / height, w / width);
  const enough = sides.findLastIndex((side) => fill(side) >= 1);
  const level = asked ?? Math.max(0, enough);
  return { level, shrink: Math.max(1, Math.ceil(fill(sides[level]))) };
}

/** As many columns as make the panels largest. */
function columnsOf(count: number, [height, width]: Sides, maxSize: number): number {
  const scale = (columns: number) =>
    Math.min(maxSize / (columns * width), maxSize / (Math.ceil(count / columns) * height));
  let best = 1;
  for (let columns = 2; columns <= count; columns++) if (scale(columns) > scale(best)) best = columns;
  return best;
}

/** Takes from the longer axis until all have room. */
function fewEnough(counts: readonly number[], most: number): number[] {
  const [first = 1, second = 1] = counts;
  if (counts.length < 2) return counts.map((count) => Math.min(count, most));
  const short = Math.min(first, second, Math.max(1, Math.floor(Math.sqrt(most))));
  const long = Math.min(Math.max(first, second), Math.floor(most / short));
  return first <= second ? [short, long] : [long, short];
}

function evenly(length: number, count: number): number[] {
  if (count === 1) return [Math.floor((length - 1) / 2)];
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}
