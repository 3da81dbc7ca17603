import type { PixelArray } from "../../core/index.ts";
import { type OptionKeys, pixelTypeOf, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { ArrayBlock } from "../dataset/dataset.ts";
import { binned, sourceAxis } from "./axes.ts";
import { copyBox } from "./box.ts";
import { closedSource, type SourceFacts } from "./chunked.ts";
import { createBlock, resolveRegion } from "./region.ts";
import type { ImageSource, SourceLevel } from "./source.ts";

const MEMORY_SOURCE_KEYS: OptionKeys<MemorySourceOptions> = {
  scale: true,
  translation: true,
  lower: true,
  name: true,
  axes: true,
  channels: true,
  isLabels: true,
  metadata: true,
  warnings: true,
};

/** A lower resolution in memory. */
export interface MemoryLevel {
  /** C order, of the type of the full resolution. */
  readonly data: PixelArray;
  readonly shape: readonly number[];
  /** Pixels of the full resolution that one stands for, along each axis. */
  readonly factors: readonly number[];
}

/** What is known of an image in memory besides its values. */
export interface MemorySourceOptions
  extends Partial<Pick<ImageSource, "name" | "axes" | "channels" | "isLabels" | "metadata" | "warnings">> {
  /** Of the full resolution, an entry an axis (default 1). */
  readonly scale?: readonly number[];
  /** Of the full resolution, an entry an axis (default 0). */
  readonly translation?: readonly number[];
  readonly lower?: readonly MemoryLevel[];
}

/**
 * Values in memory as a source. They are not copied, and must stay unchanged while it is read; what is read is a copy.
 *
 * @param block    the full resolution; its names are those of the axes, unless `axes` tells more of them
 * @throws {VitrineError} shape: values, shapes and axes that do not agree; type: levels of several types
 */
export function memorySource(block: ArrayBlock, options: MemorySourceOptions = {}): ImageSource {
  requireKnownOptions("memorySource", options, MEMORY_SOURCE_KEYS);
  const { name = "memory", axes = block.axes.map((axis) => sourceAxis(axis)) } = options;
  const { scale = axes.map(() => 1), translation = axes.map(() => 0), lower = [] } = options;
  const levels = [{ ...block, factors: axes.map(() => 1) }, ...lower];
  const dtype = pixelTypeOf(block.data, `${name} data`);
  for (const [index, level] of levels.entries())
    checkLevel(level, { axes: axes.length, dtype, at: `${name} level ${index}` });
  const facts: SourceFacts = {
    name,
    axes,
    dtype,
    levels: levels.map(({ shape, factors }): SourceLevel => {
      return { shape, chunkShape: shape, ...binned({ scale, translation }, factors) };
    }),
    channels: options.channels ?? [],
    isLabels: options.isLabels ?? false,
    metadata: options.metadata ?? {},
    warnings: options.warnings ?? [],
  };
  let isOpen = true;
  const close = async () => {
    isOpen = false;
  };
  return {
    ...facts,
    async read(what = {}) {
      if (!isOpen) throw closedSource(name);
      const region = resolveRegion(facts, what);
      const part = createBlock(facts, region, what.into);
      const from = { ...levels[region.index], at: region.spans.map((span) => span.from) };
      copyBox(from, { ...part, at: axes.map(() => 0) }, region.shape);
      return part;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkLevel(
  { data, shape, factors }: MemoryLevel,
  { axes, dtype, at }: { axes: number; dtype: string; at: string },
): void {
  const found = pixelTypeOf(data, `${at} data`);
  if (found !== dtype) throw new VitrineError({ code: "type", at, expected: dtype, found });
  const length = shape.reduce((product, side) => product * side, 1);
  if (shape.length === axes && factors.length === axes && length === data.length) return;
  throw new VitrineError({
    code: "shape",
    at,
    expected: `${data.length} values along ${axes} axes`,
    found: `a shape of ${shape.join(" x ")}, factors ${factors.join(" x ")}`,
  });
}
