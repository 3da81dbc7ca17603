import type { ImageLayout, PixelArray, PixelImage } from "../../core/index.ts";
import { describeAxes, imageBytes, pixelView, VitrineError } from "../../core/index.ts";
import { allocate } from "../files.ts";
import { type ArrayPlan, indicesWithin, type Overlap, planArray, type Span, tileAxes } from "./arrayPlan.ts";
import type { ArrayBlock, ArrayOptions, ArraySelection, Dataset, DatasetArray } from "./dataset.ts";

/** What {@link arrayOf} needs besides: asked only where tiles are joined. */
interface Tiling {
  readonly overlap: () => Overlap | null;
}

/** The array of a dataset; {@link Dataset.asArray} says what it does. */
export function arrayOf(
  dataset: Dataset,
  axes: readonly string[] | undefined,
  options: ArrayOptions & Tiling,
): DatasetArray {
  const plan = planArray(dataset, axes, {
    slice: options.slice ?? {},
    overlap: options.stitched ? options.overlap() : undefined,
  });
  return {
    axes: plan.names,
    shape: plan.shape,
    dtype: plan.layout.dtype,
    coordinates: Object.fromEntries(plan.stacked.map(({ name, values }) => [name, values])),
    get missing() {
      return [...tileAxes(plan)].filter((at) => !dataset.hasImage(at));
    },
    read: (selection = {}) => readBlock(dataset, plan, { selection, fill: options.fill ?? 0 }),
  };
}

async function readBlock(
  dataset: Dataset,
  plan: ArrayPlan,
  { selection, fill }: { selection: ArraySelection; fill: number },
): Promise<ArrayBlock> {
  const at = `${dataset.name} asArray`;
  const spans = spansOf(plan, selection, at);
  const kept = plan.names.flatMap((name, i) => (typeof selection[name] === "number" ? [] : [i]));
  const counts = spans.map(({ from, to }) => to - from);
  const data = newBlock(plan, counts, at);
  if (fill !== 0) data.fill(fill);
  await fillBlock(dataset, plan, { spans, data });
  return { data, axes: kept.map((i) => plan.names[i]), shape: kept.map((i) => counts[i]) };
}

function newBlock(plan: ArrayPlan, counts: readonly number[], at: string): PixelArray {
  const length = counts.reduce((product, count) => product * count, 1);
  const layout = { width: length, height: 1, channels: 1, dtype: plan.layout.dtype };
  const bytes = imageBytes(layout);
  return pixelView(
    layout,
    allocate(() => new ArrayBuffer(bytes), bytes, at),
  );
}

function spansOf(plan: ArrayPlan, selection: ArraySelection, at: string): Span[] {
  const unknown = Object.keys(selection).find((name) => !plan.names.includes(name));
  if (unknown !== undefined) {
    const found = JSON.stringify(unknown);
    throw new VitrineError({ code: "missing", at, expected: `one of ${plan.names.join(", ")}`, found });
  }
  return plan.names.map((name, i) => spanOf(selection[name], plan.shape[i], `${at} ${name}`));
}

function spanOf(chosen: ArraySelection[string] | undefined, count: number, at: string): Span {
  if (chosen === undefined) return { from: 0, to: count };
  const [from, to] = typeof chosen === "number" ? [chosen, chosen + 1] : chosen;
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= count && from <= to) {
    return { from, to };
  }
  throw new VitrineError({
    code: "range",
    at,
    expected: `indices within 0..${count}`,
    found: `${from}..${to}`,
  });
}

/** One image in memory at a time, besides the block. */
async function fillBlock(
  dataset: Dataset,
  plan: ArrayPlan,
  { spans, data }: { spans: readonly Span[]; data: PixelArray },
): Promise<void> {
  const outer = spans.slice(0, plan.stacked.length);
  const [ySpan, xSpan] = spans.slice(plan.stacked.length);
  const samples = spans[plan.stacked.length + 2] ?? { from: 0, to: 1 };
  const plane = { y: ySpan, x: xSpan, samples };
  const planeLength = [ySpan, xSpan, samples].reduce((product, { from, to }) => product * (to - from), 1);
  let offset = 0;
  for (const indices of indicesWithin(outer)) {
    for (const { axes, top, left } of plan.tilesAt(indices)) {
      const target = { ...plane, top, left, data, offset };
      if (!overlaps(plan, target) || !dataset.hasImage(axes)) continue;
      checkSame(plan, dataset.imageLayout(axes), `${dataset.name} at ${describeAxes(axes)}`);
      copyTile(plan, await dataset.readImage(axes), target);
    }
    offset += planeLength;
  }
}

/** Where a tile goes: the chosen part of the plane, the tile's corner in the plane, the plane's place in the block. */
interface Target {
  readonly y: Span;
  readonly x: Span;
  readonly samples: Span;
  readonly top: number;
  readonly left: number;
  readonly data: PixelArray;
  readonly offset: number;
}

function overlaps({ tile }: ArrayPlan, { y, x, top, left }: Target): boolean {
  return top < y.to && top + tile.height > y.from && left < x.to && left + tile.width > x.from;
}

function copyTile({ tile, layout }: ArrayPlan, image: PixelImage, target: Target): void {
  const { y, x, samples, top, left, data, offset } = target;
  const [depth, rowLength] = [samples.to - samples.from, (x.to - x.from) * (samples.to - samples.from)];
  const [x0, x1] = [Math.max(x.from, left), Math.min(x.to, left + tile.width)];
  for (let row = Math.max(y.from, top); row < Math.min(y.to, top + tile.height); row++) {
    const source = (row - top + tile.trimTop) * layout.width + x0 - left + tile.trimLeft;
    const into = offset + (row - y.from) * rowLength + (x0 - x.from) * depth;
    if (depth === layout.channels) {
      data.set(image.data.subarray(source * depth, (source + x1 - x0) * depth), into);
      continue;
    }
    for (let i = 0; i < (x1 - x0) * depth; i++) {
      const pixel = (source + Math.floor(i / depth)) * layout.channels;
      data[into + i] = image.data[pixel + samples.from + (i % depth)];
    }
  }
}

function checkSame({ layout }: ArrayPlan, found: ImageLayout, at: string): void {
  const [wanted, given] = [describeLayout(layout), describeLayout(found)];
  if (wanted === given) return;
  throw new VitrineError({
    code: "shape",
    at,
    expected: `${wanted}, as the first image has`,
    found: given,
    hint: "Choose images of one size and type with slice",
  });
}

function describeLayout({ width, height, channels, dtype }: ImageLayout): string {
  return `${width} x ${height} pixels of ${channels === 1 ? "" : `${channels} `}${dtype}`;
}
