import { requireNotAborted, Semaphore } from "../../core/index.ts";
import type { FileRows, RandomAccessFile } from "../files.ts";

/**
 * Pieces that lie further apart are read each alone, nearer ones with what lies between them: a read through the event loop costs
 * as much as copying this many bytes that the system has in memory.
 */
const LARGEST_GAP = 2 ** 15;

/** From this many pieces on, threads are worth their start. */
const MANY = 1024;

/** What threads read is copied once more, and in memory twice meanwhile: only so much at a time. */
const LARGEST_UNIT = 2 ** 24;

/** Of a buffer for several pieces with what lies between them. */
const SPAN_BYTES = 2 ** 20;

/** Pieces that are read at the same time. */
const AT_ONCE = 16;

/** Where the pieces go. */
interface RowsTarget {
  /** As long as all of them. */
  readonly into: Uint8Array;
  /** Pieces that are read for the same purpose, these among them. */
  readonly total: number;
  readonly signal: AbortSignal | undefined;
}

/** Reads pieces one after the other, in few reads where they lie near each other. */
export async function readRows(file: RandomAccessFile, rows: FileRows, target: RowsTarget): Promise<void> {
  const { offsets, bytes, stride, count } = rows;
  const gap = stride - bytes;
  const isForThreads = count > 1 && gap > 0 && target.total >= MANY && target.into.length <= LARGEST_UNIT;
  if (file.readRows !== undefined && isForThreads) return file.readRows(rows, target.into);
  for (const [block, offset] of offsets.entries()) {
    const into = target.into.subarray(block * count * bytes, (block + 1) * count * bytes);
    const one = { ...rows, offset };
    if (gap === 0 || count === 1) await file.read(offset, into.length, into);
    else if (gap > LARGEST_GAP) await readEach(file, one, { ...target, into });
    else await readSpans(file, one, { ...target, into });
  }
}

type Block = FileRows & { readonly offset: number };

async function readEach(
  file: RandomAccessFile,
  { offset, bytes, stride, count }: Block,
  { into, signal }: RowsTarget,
): Promise<void> {
  const few = new Semaphore(AT_ONCE);
  const read = async (row: number) => {
    requireNotAborted(signal, `${file.name} read`);
    await file.read(offset + row * stride, bytes, into.subarray(row * bytes, (row + 1) * bytes));
  };
  await Promise.all(Array.from({ length: count }, (_, row) => few.run(() => read(row))));
}

async function readSpans(
  file: RandomAccessFile,
  { offset, bytes, stride, count }: Block,
  { into, signal }: RowsTarget,
): Promise<void> {
  const perSpan = Math.max(1, Math.floor((SPAN_BYTES - bytes) / stride) + 1);
  const span = new Uint8Array((Math.min(perSpan, count) - 1) * stride + bytes);
  for (let first = 0; first < count; first += perSpan) {
    requireNotAborted(signal, `${file.name} read`);
    const rows = Math.min(perSpan, count - first);
    await file.read(offset + first * stride, (rows - 1) * stride + bytes, span);
    for (let row = 0; row < rows; row++)
      into.set(span.subarray(row * stride, row * stride + bytes), (first + row) * bytes);
  }
}
