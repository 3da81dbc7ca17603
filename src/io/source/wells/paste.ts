import type { PixelArray } from "../../../core/index.ts";
import { indicesWithin } from "../../dataset/arrayPlan.ts";
import type { ArrayBlock } from "../../dataset/dataset.ts";
import { binned } from "../axes.ts";
import { copyBox } from "../box.ts";
import { closedSource, type SourceFacts } from "../chunked.ts";
import { createBlock, type ResolvedRegion, resolveRegion } from "../region.ts";
import type { ImageSource, SourceLevel } from "../source.ts";
import { axisOf, type ViewLevel, viewLevel } from "../viewLevels.ts";
import { readView } from "../views.ts";
import type { PlacedField, PlacedFields } from "./place.ts";

/** The coarsest level is no longer than this on either side. */
const COARSEST = 512;
/** Fields that are read at the same time: each may hold a band of pixels that is shrunk. */
const AT_ONCE = 4;

/** What a pasted image is called, and what closes with it. */
interface PasteOptions {
  readonly name: string;
  readonly sources: readonly ImageSource[];
  readonly warnings: readonly string[];
}

/**
 * Fields as one image of many resolutions, each one half of the one before: a part of it is read of the fields that touch it, later
 * ones above. Other axes are as long as the longest of the fields; what a field lacks, and what none covers, is 0.
 *
 * A field lies at whole pixels of each level: at coarser ones it may lie half a pixel of that level from its place.
 */
export function pasteFields(
  { fields }: PlacedFields,
  { name, sources, warnings }: PasteOptions,
): ImageSource {
  const facts = factsOf(fields, { name, sources, warnings });
  let isOpen = true;
  const close = async () => {
    isOpen = false;
    await Promise.all(sources.map((source) => source.close()));
  };
  return {
    ...facts,
    async read(what = {}) {
      if (!isOpen) throw closedSource(name);
      const region = resolveRegion(facts, what);
      const block = createBlock(facts, region, what.into);
      if (what.into !== undefined) block.data.fill(0);
      await pasteInto(block, { fields, region, signal: what.signal });
      return block;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function factsOf(fields: readonly PlacedField[], { name, sources, warnings }: PasteOptions): SourceFacts {
  const [{ source: first }] = fields;
  const [y, x] = [axisOf(first, "y"), axisOf(first, "x")];
  const shape = first.axes.map((_, axis) =>
    Math.max(...fields.map(({ source }) => source.levels[0].shape[axis])),
  );
  shape[y] = Math.max(...fields.map(({ part }) => part.y + part.height));
  shape[x] = Math.max(...fields.map(({ part }) => part.x + part.width));
  const { channels, dtype, isLabels, metadata, significantBits } = first;
  // names of places along an axis that the first field does not have, it cannot tell
  const axes = first.axes.map(({ values, ...axis }, i) =>
    values?.length === shape[i] ? { ...axis, values } : axis,
  );
  const channel = first.axes.findIndex((axis) => axis.kind === "channel");
  return {
    name,
    axes,
    dtype,
    levels: levelsOf(fields, shape),
    channels: channel < 0 || channels.length === shape[channel] ? channels : [],
    isLabels,
    ...(significantBits !== undefined && { significantBits }),
    metadata,
    warnings: [...new Set([...warnings, ...sources.flatMap((source) => source.warnings)])],
    parts: fields.map(({ part }) => part),
  };
}

/** Halves down to one that fits on a screen. */
function levelsOf(fields: readonly PlacedField[], full: readonly number[]): SourceLevel[] {
  const [{ source: first, part }] = fields;
  const [y, x] = [axisOf(first, "y"), axisOf(first, "x")];
  const { scale, translation, chunkShape } = first.levels[0];
  const start = [...translation];
  start[y] -= part.y * scale[y];
  start[x] -= part.x * scale[x];
  const levels: SourceLevel[] = [];
  for (let factor = 1; ; factor *= 2) {
    const factors = full.map((_, axis) => (axis === y || axis === x ? factor : 1));
    const shape = full.map((side, axis) => Math.ceil(side / factors[axis]));
    levels.push({
      shape,
      chunkShape: chunkShape.map((side, axis) => Math.min(side, shape[axis])),
      ...binned({ scale, translation: start }, factors),
    });
    if (Math.max(shape[y], shape[x]) <= COARSEST) return levels;
  }
}

interface Paste {
  readonly fields: readonly PlacedField[];
  readonly region: ResolvedRegion;
  readonly signal: AbortSignal | undefined;
}

/** What of a field lies in the region, in pixels of the level. */
interface Piece {
  readonly field: PlacedField;
  readonly level: ViewLevel;
  readonly rows: Side;
  readonly columns: Side;
  /** In the block, along every axis. */
  readonly at: readonly number[];
  /** Indices on the other axes, in the field. */
  readonly index: readonly number[];
}

/** Reads what touches the region, and lays it down in the order of the fields. */
async function pasteInto(block: ArrayBlock, { fields, region, signal }: Paste): Promise<void> {
  if (block.data.length === 0) return;
  const [{ source: first }] = fields;
  const plane = [axisOf(first, "y"), axisOf(first, "x")];
  const outer = region.spans.map((span, axis) => (plane.includes(axis) ? { from: 0, to: 1 } : span));
  const onField = new Map(fields.map((field) => [field, overlapOf(field, region, plane)]));
  const pieces: Piece[] = [];
  for (const index of indicesWithin(outer))
    for (const field of fields) {
      const overlap = onField.get(field);
      const { shape } = field.source.levels[0];
      if (overlap === undefined || index.some((place, axis) => place >= shape[axis])) continue;
      const at = index.map((place, axis) => place - outer[axis].from);
      [at[plane[0]], at[plane[1]]] = [overlap.rows.at, overlap.columns.at];
      pieces.push({ ...overlap, field, at, index });
    }
  for (let from = 0; from < pieces.length; from += AT_ONCE) {
    const some = pieces.slice(from, from + AT_ONCE);
    const read = await Promise.all(some.map((piece) => readPiece(piece, { plane, signal })));
    for (const [i, { data, shape }] of read.entries())
      copyBox({ data, shape, at: shape.map(() => 0) }, { ...block, at: some[i].at }, shape);
  }
}

/** Pixels along one side: what is read of the field, and how many of the block they fill. */
interface Side {
  readonly at: number;
  readonly first: number;
  readonly read: number;
  readonly fill: number;
}

/** The part of a field that lies in a region; undefined: none. */
function overlapOf(
  { source, part }: PlacedField,
  region: ResolvedRegion,
  [y, x]: readonly number[],
): Pick<Piece, "level" | "rows" | "columns"> | undefined {
  const factor = 2 ** region.index;
  const level = viewLevel(source, factor);
  const sideOf = (axis: number, { start, full, has }: Record<"start" | "full" | "has", number>): Side => {
    const place = Math.min(Math.round(start / factor), region.level.shape[axis] - 1);
    const { from, to } = region.spans[axis];
    const first = Math.max(from, place);
    const end = Math.min(to, place + Math.ceil(full / factor));
    // levels of some files leave out what is no whole pixel: the last one stands for it, lest there are lines between neighbours
    const begin = Math.min(first - place, has - 1);
    return { at: first - from, first: begin, read: Math.min(end - place, has) - begin, fill: end - first };
  };
  const rows = sideOf(y, { start: part.y, full: part.height, has: level.height });
  const columns = sideOf(x, { start: part.x, full: part.width, has: level.width });
  return rows.fill > 0 && columns.fill > 0 ? { level, rows, columns } : undefined;
}

async function readPiece(
  { field: { source }, level, rows, columns, index }: Piece,
  { plane: [y, x], signal }: { readonly plane: readonly number[] } & Pick<Paste, "signal">,
): Promise<{ readonly data: PixelArray; readonly shape: readonly number[] }> {
  const others = source.axes.flatMap(({ name }, axis) =>
    axis === y || axis === x ? [] : [[name, index[axis]] as const],
  );
  const shape = source.axes.map((_, axis) => (axis === y ? rows.fill : axis === x ? columns.fill : 1));
  const box = { y: rows.first, x: columns.first, height: rows.read, width: columns.read };
  const region = Object.fromEntries(others);
  const data = await readView(source, { level, box, region, ...(signal && { signal }) });
  return { data: filled(data, rows, columns), shape };
}

/** The last row and column again, where they stand for what is left out. */
function filled(data: PixelArray, rows: Side, columns: Side): PixelArray {
  if (rows.read === rows.fill && columns.read === columns.fill) return data;
  const Pixels = data.constructor as new (length: number) => PixelArray;
  const out = new Pixels(rows.fill * columns.fill);
  for (let row = 0; row < rows.fill; row++) {
    const from = Math.min(row, rows.read - 1) * columns.read;
    const to = row * columns.fill;
    out.set(data.subarray(from, from + columns.read), to);
    out.fill(data[from + columns.read - 1], to + columns.read, to + columns.fill);
  }
  return out;
}
