/** What a thread that reads rows of files runs; rowThreads.node.ts starts it. */
import { readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { packError } from "../core/index.ts";
import { shortRead } from "./files.ts";
import type { RowsReply, RowsRequest } from "./rowThreads.node.ts";

/** Rows that are timed together, and the milliseconds above which one of them came from a disk. */
const GROUP = 8;
const SLOW_MS = 0.1;

/** Rows nearer to each other than this are read with what lies between them where each read has to ask a disk. */
const LARGEST_GAP = 2 ** 20;

/** A part of a file, and where it goes. */
interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly into: Uint8Array;
  readonly at: number;
}

parentPort?.on("message", (request: RowsRequest) => {
  try {
    const bytes = readBlocks(request);
    post({ id: request.id, bytes }, [bytes.buffer]);
  } catch (error) {
    post({ id: request.id, error: packError(error) }, []);
  }
});

function post(reply: RowsReply, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(reply, transfer);
}

/** Row by row what the system has in memory, in spans what it must fetch: a disk is asked less often so. */
function readBlocks(request: RowsRequest): Uint8Array<ArrayBuffer> {
  const { offsets, bytes, stride, count } = request.rows;
  const into = new Uint8Array(offsets.length * count * bytes);
  let isSlow = false;
  for (const [block, offset] of offsets.entries()) {
    const at = block * count * bytes;
    if (isSlow) readSpan(request, { offset, length: (count - 1) * stride + bytes, into, at });
    else isSlow = readEach(request, { offset, length: bytes, into, at }) && stride <= LARGEST_GAP;
  }
  return into;
}

/**
 * The loop that a box of a large file spends its time in: a system call a row, and hardly anything else. Says whether most rows
 * came from a disk; that the thread had to wait for a processor makes a few of them slow, not most.
 */
function readEach(request: RowsRequest, first: Piece): boolean {
  const { fd, rows } = request;
  let { offset, at } = first;
  let slow = 0;
  let began = performance.now();
  for (let row = 0; row < rows.count; row++, offset += rows.stride, at += rows.bytes) {
    const read = readSync(fd, first.into, at, rows.bytes, offset);
    if (read < rows.bytes) readPiece(request, { offset, length: rows.bytes, into: first.into, at });
    if (row % GROUP !== GROUP - 1) continue;
    const now = performance.now();
    if (now - began > SLOW_MS) slow++;
    began = now;
  }
  return slow > rows.count / GROUP / 2;
}

function readSpan(request: RowsRequest, { offset, length, into, at }: Piece): void {
  const { bytes, stride } = request.rows;
  const span = new Uint8Array(length);
  readPiece(request, { offset, length, into: span, at: 0 });
  for (let from = 0, to = at; from < length; from += stride, to += bytes)
    into.set(span.subarray(from, from + bytes), to);
}

function readPiece({ fd, path }: RowsRequest, { offset, length, into, at }: Piece): void {
  let done = 0;
  while (done < length) {
    const read = readSync(fd, into, at + done, length - done, offset + done);
    if (read === 0) throw shortRead(path, offset, { wanted: length, found: done });
    done += read;
  }
}
