/** Any image as a viewer wants it: each level half of the one before, down to one that fits on a screen. */
import { VitrineError } from "../../core/index.ts";
import type { ImageSource } from "./source.ts";

/** One resolution as it is shown: made of a level of the file. */
export interface ViewLevel {
  readonly height: number;
  readonly width: number;
  /** Pixels of full resolution along each side. */
  readonly factor: number;
  /** The level of the file that is read, and how many of its pixels along each side become one. */
  readonly level: number;
  readonly shrink: number;
}

/** The coarsest level is no longer than this on either side. */
const COARSEST = 512;

/**
 * The levels of an image, full resolution first, down to one that is no longer than 512 pixels on either side. Levels of a file that are no halves
 * of one another are left out.
 *
 * @throws {VitrineError} missing: an image without y or x
 */
export function viewLevels(source: ImageSource): ViewLevel[] {
  const levels: ViewLevel[] = [];
  for (let factor = 1; ; factor *= 2) {
    const level = viewLevel(source, factor);
    levels.push(level);
    if (Math.max(level.height, level.width) <= COARSEST) return levels;
  }
}

/** An image shrunk by a power of two, made of the coarsest level of its file that can give it. @throws {VitrineError} missing: no y or x */
export function viewLevel(source: ImageSource, factor: number): ViewLevel {
  const [y, x] = [axisOf(source, "y"), axisOf(source, "x")];
  const sizes = source.levels.map(({ shape }) => ({ height: shape[y], width: shape[x] }));
  const factors = sizes.map((size) => halvings(sizes[0], size));
  const level = bestLevel(factors, factor);
  const shrink = factor / factors[level]!;
  const height = Math.ceil(sizes[level].height / shrink);
  const width = Math.ceil(sizes[level].width / shrink);
  return { height, width, factor, level, shrink };
}

/** Where an axis of a source stands. @throws {VitrineError} missing: an image without it */
export function axisOf({ axes, name }: ImageSource, axis: string): number {
  const index = axes.findIndex((candidate) => candidate.name === axis);
  if (index >= 0) return index;
  const found = axes.map((candidate) => candidate.name).join(", ");
  throw new VitrineError({ code: "missing", at: name, expected: `an axis ${axis}`, found });
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** The power of two by which a level is smaller than the whole, rounded either way; undefined: none. */
function halvings(full: Size, size: Size): number | undefined {
  const factor = 2 ** Math.round(Math.log2(full.height / size.height));
  const fits = (whole: number, part: number) =>
    part === Math.max(1, Math.floor(whole / factor)) || part === Math.ceil(whole / factor);
  return fits(full.height, size.height) && fits(full.width, size.width) ? factor : undefined;
}

/** The coarsest level of the file from which a factor can be made. */
function bestLevel(factors: readonly (number | undefined)[], factor: number): number {
  let best = 0;
  for (const [level, own] of factors.entries())
    if (own !== undefined && own <= factor && own > factors[best]!) best = level;
  return best;
}
