import type { ImageLayout, PixelArray, PixelType } from "../../core/index.ts";
import {
  imageBytes,
  pixelTypeOf,
  pixelView,
  requireKnownOptions,
  requireNotAborted,
  VitrineError,
} from "../../core/index.ts";
import type { Span } from "../dataset/arrayPlan.ts";
import type { ArrayBlock } from "../dataset/dataset.ts";
import { allocate } from "../files.ts";
import {
  type ImageSource,
  READ_KEYS,
  type SourceLevel,
  type SourceRead,
  type SourceRegion,
} from "./source.ts";

/** What {@link resolveRegion} needs of a source. */
export type RegionFacts = Pick<ImageSource, "name" | "axes" | "levels">;

/** A region with every axis told. */
export interface ResolvedRegion {
  readonly index: number;
  readonly level: SourceLevel;
  /** An entry an axis. */
  readonly spans: readonly Span[];
  /** Their lengths. */
  readonly shape: readonly number[];
}

/**
 * Checks what is to be read and fills in what was left out.
 *
 * @throws {VitrineError} range: no such level, a region outside; missing: no axis of this name; aborted
 */
export function resolveRegion(source: RegionFacts, what: SourceRead = {}): ResolvedRegion {
  requireKnownOptions(`${source.name} read`, what, READ_KEYS);
  const { level: index = 0, region = {}, signal } = what;
  requireNotAborted(signal, `${source.name} read`);
  const level = levelAt(source, index);
  checkNames(source, region);
  const spans = source.axes.map(({ name }, i) => {
    const chosen = Object.hasOwn(region, name) ? region[name] : undefined;
    return spanOf(chosen, level.shape[i], `${source.name} level ${index} ${name}`);
  });
  return { index, level, spans, shape: spans.map(({ from, to }) => to - from) };
}

/**
 * Values for a region: new ones are zero, those of `into` are what they were.
 *
 * @throws {VitrineError} range: more than memory holds; shape: `into` of another type or length
 */
export function createBlock(
  { name, axes: named, dtype }: Pick<ImageSource, "name" | "axes"> & { readonly dtype: PixelType },
  { shape }: Pick<ResolvedRegion, "shape">,
  into?: PixelArray,
): ArrayBlock {
  const axes = named.map((axis) => axis.name);
  const layout = {
    width: shape.reduce((product, length) => product * length, 1),
    height: 1,
    channels: 1,
    dtype,
  };
  if (into !== undefined) return { data: givenArray(into, layout, name), axes, shape };
  const bytes = imageBytes(layout);
  const buffer = allocate(() => new ArrayBuffer(bytes), bytes, `${name} read`);
  return { data: pixelView(layout, buffer), axes, shape };
}

function givenArray(into: PixelArray, { width, dtype }: ImageLayout, name: string): PixelArray {
  const found = pixelTypeOf(into, `${name} read into`);
  if (found === dtype && into.length === width) return into;
  throw new VitrineError({
    code: "shape",
    at: `${name} read into`,
    expected: `${width} values of ${dtype}`,
    found: `${into.length} of ${found}`,
  });
}

function levelAt({ name, levels }: RegionFacts, index: number): SourceLevel {
  const level = Number.isInteger(index) ? levels[index] : undefined;
  if (level !== undefined) return level;
  const expected = levels.length === 1 ? "0, the only level" : `one of 0 to ${levels.length - 1}`;
  throw new VitrineError({ code: "range", at: `${name} level`, expected, found: String(index) });
}

function checkNames({ name, axes }: RegionFacts, region: SourceRegion): void {
  const unknown = Object.keys(region).find((key) => !axes.some((axis) => axis.name === key));
  if (unknown === undefined) return;
  const expected = `one of the axes ${axes.map((axis) => axis.name).join(", ")}`;
  throw new VitrineError({ code: "missing", at: `${name} region`, expected, found: JSON.stringify(unknown) });
}

function spanOf(chosen: SourceRegion[string] | undefined, length: number, at: string): Span {
  if (chosen === undefined) return { from: 0, to: length };
  const [from, to] = typeof chosen === "number" ? [chosen, chosen + 1] : chosen;
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= length)
    return { from, to };
  const found = typeof chosen === "number" ? `${from}` : `${from}..${to}`;
  throw new VitrineError({ code: "range", at, expected: `indices within 0..${length}`, found });
}
