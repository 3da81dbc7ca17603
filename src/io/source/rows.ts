import { requireNotAborted, Semaphore } from "../../core/index.ts";
import type { RandomAccessFile } from "../files.ts";

/** Pieces of a file, as long as each other and as far apart. */
export interface Rows {
  /** First byte of the first piece. */
  readonly offset: number;
  /** Of each piece. */
  readonly bytes: number;
  /** From one piece to the next, at least `bytes`. */
  readonly stride: number;
  readonly count: number;
}

/** A read of its own costs as much as reading this much more of memory that the system keeps (measured: `bench -- io`). */
const LARGEST_GAP = 2 ** 15;

/** Of a buffer for several pieces with what lies between them. */
const SPAN_BYTES = 2 ** 20;

/** Pieces far apart that are read at the same time. */
const AT_ONCE = 16;

/** Reads pieces one after the other into `into`, which has exactly their length; few reads where they lie near each other. */
export async function readRows(
  file: RandomAccessFile,
  rows: Rows,
  { into, signal }: { readonly into: Uint8Array; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { offset, bytes, stride, count } = rows;
  if (stride === bytes || count === 1) {
    await file.read(offset, bytes * count, into);
  } else if (stride - bytes > LARGEST_GAP) {
    const few = new Semaphore(AT_ONCE);
    const read = async (_: unknown, row: number) => {
      requireNotAborted(signal, `${file.name} read`);
      await file.read(offset + row * stride, bytes, into.subarray(row * bytes, (row + 1) * bytes));
    };
    await Promise.all(Array.from({ length: count }, (_, row) => few.run(() => read(_, row))));
  } else {
    await readSpans(file, rows, { into, signal });
  }
}

async function readSpans(
  file: RandomAccessFile,
  { offset, bytes, stride, count }: Rows,
  { into, signal }: { readonly into: Uint8Array; readonly signal: AbortSignal | undefined },
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
