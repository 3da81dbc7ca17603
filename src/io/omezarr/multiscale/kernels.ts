import { readBandKernels } from "#band-kernel-bytes";
import { allocate } from "../../files.ts";

/** What assembly/index.ts exports; addresses and lengths in bytes. */
interface Exports {
  isZero(at: number, bytes: number): number;
  halveShorts(source: number, width: number, rows: number, target: number): number;
  packBlosc(source: number, length: number, size: number, streams: number, table: number, to: number): number;
}

const PAGE_BYTES = 65_536;
const MOST_PAGES = 65_536;

/** The table of LZ4 lies before all else, in the first page. */
const TABLE = 1024;
const FIRST = PAGE_BYTES;

/** Each of the pieces begins at a multiple of it. */
const ALIGNMENT = 64;

interface Kernels extends Exports {
  readonly memory: WebAssembly.Memory;
}

let loaded: Kernels | undefined;

/** The module of this thread, with memory of its own: a chunk and what is made of it stay in the cache. @throws missing */
function kernels(): Kernels {
  if (loaded !== undefined) return loaded;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  const module = new WebAssembly.Module(readBandKernels());
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  loaded = { ...(exports as WebAssembly.Exports & Exports), memory };
  return loaded;
}

/** Makes pieces of these lengths and gives where they begin. @throws {VitrineError} memory */
function pieces(lengths: readonly number[]): readonly number[] {
  const { memory } = kernels();
  const starts: number[] = [];
  let end = FIRST;
  for (const length of lengths) {
    starts.push(end);
    end += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  }
  const more = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
  if (more > 0) allocate(() => memory.grow(more), end, "a chunk that is packed");
  return starts;
}

/** Bytes of a chunk in the memory of the kernels, as the last call left them; good until the next one. @throws {VitrineError} memory */
export function chunkMemory(bytes: number): Uint8Array {
  const [at] = pieces([bytes]);
  return new Uint8Array(kernels().memory.buffer, at, bytes);
}

/** Whether all of a chunk in {@link chunkMemory} is 0. */
export function isZeroChunk({ byteOffset, length }: Uint8Array): boolean {
  return kernels().isZero(byteOffset, length) !== 0;
}

/**
 * Packs a chunk in {@link chunkMemory} as Blosc 1 does with LZ4 and a shuffle; no longer than its bytes and 16 more.
 *
 * @param size  bytes a value, up to 16; a divisor of the length
 * @returns     the frame, good until the next call
 */
export function packBloscChunk({ length }: Uint8Array, size: number): Uint8Array {
  const [source, streams, to] = pieces([length, length, length + 64 + 4 * size]);
  const { memory, packBlosc } = kernels();
  const end = packBlosc(source, length, size, streams, TABLE, to);
  return new Uint8Array(memory.buffer, to, end);
}

/** Rows of a plane from one column to another, `stride` values apart. */
export interface ShortRows {
  readonly data: Uint16Array;
  readonly offset: number;
  readonly stride: number;
}

/** Values of a strip of rows that stays in the cache. */
const STRIP_VALUES = 2 ** 16;

/**
 * Halves rows of `width` unsigned values of 16 bits by the mean, as `halveRows` of downsample.ts does, into `target` where there is one.
 *
 * @returns the smallest and the largest value
 */
export function halveShortRows(
  source: ShortRows,
  target: ShortRows | undefined,
  { width, rows }: { readonly width: number; readonly rows: number },
): readonly [min: number, max: number] {
  const half = (width + 1) >> 1;
  const most = Math.max(2, 2 * Math.floor(STRIP_VALUES / width / 2));
  const [from, to] = pieces([2 * width * most, half * most]);
  const { memory, halveShorts } = kernels();
  const strip = { data: new Uint16Array(memory.buffer, from, width * most), offset: 0, stride: width };
  const halved = { data: new Uint16Array(memory.buffer, to, (half * most) >> 1), offset: 0, stride: half };
  let [min, max] = [0xffff, 0];
  for (let y = 0; y < rows; y += most) {
    const count = Math.min(most, rows - y);
    copyRows({ ...source, offset: source.offset + y * source.stride }, strip, { width, rows: count });
    const range = halveShorts(from, width, count, to);
    min = Math.min(min, range & 0xffff);
    max = Math.max(max, range >>> 16);
    if (target === undefined) continue;
    const into = { ...target, offset: target.offset + (y >> 1) * target.stride };
    copyRows(halved, into, { width: half, rows: (count + 1) >> 1 });
  }
  return [min, max];
}

function copyRows(
  from: ShortRows,
  to: ShortRows,
  { width, rows }: { readonly width: number; readonly rows: number },
): void {
  const isWhole = from.stride === width && to.stride === width;
  const [run, runs] = isWhole ? [width * rows, 1] : [width, rows];
  for (let i = 0; i < runs; i++) {
    const start = from.offset + i * from.stride;
    to.data.set(from.data.subarray(start, start + run), to.offset + i * to.stride);
  }
}
