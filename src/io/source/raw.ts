import type { PixelArray } from "../../core/index.ts";
import { bytesPerValue, requireNotAborted } from "../../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN, swapBytes } from "../byteOrder.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import type { ArrayBlock } from "../dataset/dataset.ts";
import { allocate, type FileRows, type RandomAccessFile } from "../files.ts";
import { halfToNumber } from "../half.ts";
import { numbersOfWide, type WideType } from "../wide.ts";
import { indexIn, strides } from "./box.ts";
import { closedSource, type SourceFacts } from "./chunked.ts";
import { createBlock, type ResolvedRegion, resolveRegion } from "./region.ts";
import { readRows } from "./rows.ts";
import type { ImageSource, SourceRead } from "./source.ts";

/** How the values of a file lie: one after another, whatever the order of their axes. */
export interface RawLayout {
  readonly file: RandomAccessFile;
  /** Of the first value. */
  readonly offset: number;
  /** Bytes between neighbours along each axis of the source; half a byte for `nibble` along its fastest axis. */
  readonly strides: readonly number[];
  /** How a value is stored: as the source's type, as 16-bit float, as 4 bits whose rows begin at whole bytes, or as 64-bit integers. */
  readonly storage: "plain" | "half" | "nibble" | WideType;
  readonly bigEndian: boolean;
}

/** Rows that lie together are read as one up to this, so that an abort is seen in time. */
const LARGEST_RUN = 2 ** 22;

/** Small sections are read together up to this. */
const UNIT_BYTES = 2 ** 18;

/** Units that are read at the same time: as many as Node has threads for files. */
const AT_ONCE = 4;

/** A file of plain values as a source: boxes are read where they lie, whole sections never for a small one. */
export function rawSource(facts: SourceFacts, layout: RawLayout): ImageSource {
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await layout.file.close();
  };
  return {
    ...facts,
    async read(what = {}) {
      if (!isOpen) throw closedSource(facts.name);
      return readRegion(facts, layout, what);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readRegion(facts: SourceFacts, layout: RawLayout, what: SourceRead): Promise<ArrayBlock> {
  const region = resolveRegion(facts, what);
  const block = createBlock(facts, region, what.into);
  if (block.data.length === 0) return block;
  const order = storedOrder(layout);
  const isInOrder = order.every((axis, i) => axis === i);
  // in another order the values are read as they lie, then put in their places
  const stored = isInOrder ? block : createBlock(facts, region);
  await readStored(layout, { region, order, values: stored.data, signal: what.signal });
  if (!isInOrder) reorder(stored.data, block, order);
  return block;
}

/** The axes of the source in the order of the file, slowest first. */
function storedOrder({ strides: steps }: RawLayout): number[] {
  return steps.map((_, axis) => axis).sort((a, b) => steps[b] - steps[a] || a - b);
}

interface StoredRead {
  readonly region: ResolvedRegion;
  readonly order: readonly number[];
  /** Where the values go, in the order of the file. */
  readonly values: PixelArray;
  readonly signal: AbortSignal | undefined;
}

/** Several units of sections at a time, each by its rows. */
async function readStored(layout: RawLayout, read: StoredRead): Promise<void> {
  const { counts, steps, start } = runsOf(layout, read);
  const rows = counts.at(-2) ?? 1;
  const bytes = rowBytes(layout, read, counts);
  const outer = counts.slice(0, -2);
  const sections = indicesWithin(outer.map((to) => ({ from: 0, to })));
  const perUnit = Math.max(1, Math.floor(UNIT_BYTES / (rows * bytes)));
  const values = rows * (counts.at(-1) ?? 1);
  let done = 0;
  const work = async () => {
    for (;;) {
      requireNotAborted(read.signal, `${layout.file.name} read`);
      const offsets = [...take(sections, perUnit)].map((section) =>
        section.reduce((sum, index, axis) => sum + index * steps[axis], start),
      );
      if (offsets.length === 0) return;
      const into = read.values.subarray(done * values, (done + offsets.length) * values);
      done += offsets.length;
      const part = { offsets, bytes, stride: rows === 1 ? bytes : (steps.at(-2) ?? 0), count: rows };
      await readUnit(layout, part, { into, read, total: rows * product(outer) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, product(outer)) }, work));
}

function* take<T>(items: Iterator<T>, most: number): Generator<T> {
  for (let i = 0; i < most; i++) {
    const next = items.next();
    if (next.done) return;
    yield next.value;
  }
}

/** The region in the order of the file; fastest axes that are read whole count as one. The last two are rows and what a row has. */
function runsOf({ strides: all, offset, storage }: RawLayout, { region, order }: StoredRead) {
  const counts = order.map((axis) => region.shape[axis]);
  const steps = order.map((axis) => all[axis]);
  const start = order.reduce((sum, axis) => sum + Math.floor(region.spans[axis].from * all[axis]), offset);
  const size = steps[steps.length - 1];
  while (storage !== "nibble" && counts.length > 1) {
    const run = counts[counts.length - 1];
    const isJoined = counts[counts.length - 2] === 1 || steps[steps.length - 2] === run * size;
    if (!isJoined || run * counts[counts.length - 2] * size > LARGEST_RUN) break;
    counts.splice(-2, 2, run * counts[counts.length - 2]);
    steps.splice(-2, 2, size);
  }
  return { counts, steps, start };
}

function rowBytes(
  { storage, strides: all }: RawLayout,
  { region, order }: StoredRead,
  counts: readonly number[],
) {
  const fastest = order[order.length - 1];
  if (storage !== "nibble") return counts[counts.length - 1] * all[fastest];
  const { from, to } = region.spans[fastest];
  return Math.ceil(to / 2) - Math.floor(from / 2);
}

interface Unit {
  readonly into: PixelArray;
  readonly read: StoredRead;
  /** Rows of the whole read. */
  readonly total: number;
}

async function readUnit(layout: RawLayout, rows: FileRows, { into, read, total }: Unit): Promise<void> {
  const { file, storage, bigEndian } = layout;
  const { signal } = read;
  const isSwapped = bigEndian === HOST_IS_LITTLE_ENDIAN;
  if (storage !== "half" && storage !== "nibble") {
    const bytes = bytesOf(into);
    await readRows(file, rows, { into: bytes, total, signal });
    if (isSwapped && into.BYTES_PER_ELEMENT > 1) swapBytes(bytes, into.BYTES_PER_ELEMENT);
    if (storage !== "plain" && into instanceof Float64Array)
      numbersOfWide(into, storage, (index) => placeOf(layout, rows, index));
    return;
  }
  const length = rows.bytes * rows.count * rows.offsets.length;
  const coded = allocate(() => new Uint8Array(length), length, file.name);
  await readRows(file, rows, { into: coded, total, signal });
  if (storage === "nibble") {
    const first = read.region.spans[read.order[read.order.length - 1]].from % 2;
    return decodeNibbles(coded, rows.bytes, { into, first });
  }
  if (isSwapped) swapBytes(coded, 2);
  const halves = new Uint16Array(coded.buffer, 0, length / 2);
  for (let i = 0; i < halves.length; i++) into[i] = halfToNumber(halves[i]);
}

/** How messages call a value of rows that were read: by its index along each axis. */
function placeOf({ file, offset, strides: steps }: RawLayout, rows: FileRows, value: number): string {
  const perRow = rows.bytes / Float64Array.BYTES_PER_ELEMENT;
  const row = Math.floor(value / perRow);
  const start = rows.offsets[Math.floor(row / rows.count)] + (row % rows.count) * rows.stride;
  const at = (start - offset) / Float64Array.BYTES_PER_ELEMENT + (value % perRow);
  const place = indexIn(
    at,
    steps.map((step) => step / Float64Array.BYTES_PER_ELEMENT),
  );
  return `${file.name} value [${place.join(", ")}]`;
}

/** The low half of a byte comes first; `first` is 1 where a row begins with a high one. */
function decodeNibbles(
  coded: Uint8Array,
  rowBytes: number,
  { into, first }: { into: PixelArray; first: number },
): void {
  const rows = coded.length / rowBytes;
  const columns = into.length / rows;
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = first; column < first + columns; column++, i++) {
      const pair = coded[row * rowBytes + (column >> 1)];
      into[i] = column & 1 ? pair >> 4 : pair & 15;
    }
  }
}

/** Puts values that lie in the order of a file in that of the block. */
function reorder(stored: PixelArray, { data, shape }: ArrayBlock, order: readonly number[]): void {
  const fileSteps = strides(order.map((axis) => shape[axis]));
  const steps = shape.map((_, axis) => fileSteps[order.indexOf(axis)]);
  const [columns, step] = [shape[shape.length - 1], steps[steps.length - 1]];
  let to = 0;
  for (const index of indicesWithin(shape.slice(0, -1).map((length) => ({ from: 0, to: length })))) {
    let from = index.reduce((sum, place, axis) => sum + place * steps[axis], 0);
    for (let x = 0; x < columns; x++, from += step) data[to++] = stored[from];
  }
}

function product(counts: readonly number[]): number {
  return counts.reduce((all, count) => all * count, 1);
}

/** Strides in bytes of values in C order. */
export function plainStrides(shape: readonly number[], dtype: SourceFacts["dtype"]): number[] {
  return strides(shape).map((step) => step * bytesPerValue(dtype));
}
