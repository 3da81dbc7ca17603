/** What a thread that reads rows of files runs; rowThreads.node.ts starts it. */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { packError } from "../core/index.ts";
import { shortRead } from "./files.ts";
import type { RowsFile, RowsMessage, RowsReply, RowsRequest } from "./rowThreads.node.ts";

/** Rows that are timed together (a look at the clock costs more than a row), and the milliseconds a row that show a disk. */
const GROUP = 64;
const SLOW_MS = 0.0125;

/** Rows nearer to each other than this are read with what lies between them: a system call costs as much as copying it. */
const NEAR = 2 ** 12;

/** The same where each read has to ask a disk. */
const NEAR_ON_DISK = 2 ** 20;

/** Of the buffer for rows and what lies between them. */
const SPAN_BYTES = 2 ** 20;

/** A part of a file, and where it goes. */
interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly into: Uint8Array;
  readonly at: number;
}

parentPort?.on("message", (message: RowsMessage) => {
  if ("closed" in message) return forget(message.closed);
  try {
    readBlocks({ ...message, fd: ownDescriptor(message) });
    post({ id: message.id });
  } catch (error) {
    post({ id: message.id, error: packError(error) });
  }
});

/** Files that this thread opened once more, by their keys. */
const own = new Map<number, number>();

/**
 * The same file, opened by this thread: those who share one wait at every row for the count of its users (8 % of all time with two
 * threads). The one that is shared where the system has no such way.
 */
function ownDescriptor({ key, fd }: RowsFile): number {
  const known = own.get(key);
  if (known !== undefined) return known;
  try {
    const opened = openSync(`/proc/self/fd/${fd}`, "r");
    own.set(key, opened);
    return opened;
  } catch {
    return fd;
  }
}

function forget(key: number): void {
  const opened = own.get(key);
  own.delete(key);
  if (opened !== undefined) closeSync(opened);
}

function post(reply: RowsReply): void {
  parentPort?.postMessage(reply);
}

/** Row by row what the system has in memory, in spans what it must fetch: a disk is asked less often so. */
function readBlocks(request: RowsRequest): void {
  const { into } = request;
  const { offsets, bytes, stride, count } = request.rows;
  const timing = { groups: 0, slow: 0 };
  const gap = stride - bytes;
  let inSpans = gap <= NEAR;
  let span: Uint8Array | undefined;
  for (const [block, offset] of offsets.entries()) {
    const first = { offset, length: bytes, into, at: block * count * bytes };
    if (inSpans) {
      span ??= new Uint8Array(bytes + stride * Math.min(count - 1, Math.floor(SPAN_BYTES / stride)));
      readSpans(request, first, span);
    } else inSpans = readEach(request, first, timing) && gap <= NEAR_ON_DISK;
  }
}

/**
 * The loop that a box of a large file spends its time in: a system call a row, and hardly anything else. Says whether most rows
 * up to here came from a disk; that the thread had to wait for a processor makes a few of them slow, not most.
 */
function readEach(request: RowsRequest, first: Piece, timing: { groups: number; slow: number }): boolean {
  const { fd, rows } = request;
  let { offset, at } = first;
  const { count } = rows;
  let began = performance.now();
  for (let row = 0; row < count; row++, offset += rows.stride, at += rows.bytes) {
    const read = readSync(fd, first.into, at, rows.bytes, offset);
    if (read < rows.bytes) readPiece(request, { offset, length: rows.bytes, into: first.into, at });
    const timed = (row % GROUP) + 1;
    if (timed < GROUP && row + 1 < count) continue;
    const now = performance.now();
    timing.groups++;
    if (now - began > SLOW_MS * timed) timing.slow++;
    began = now;
  }
  return timing.slow >= 2 && timing.slow > timing.groups / 2;
}

function readSpans(request: RowsRequest, { offset, into, at }: Piece, span: Uint8Array): void {
  const { bytes, stride, count } = request.rows;
  const most = 1 + (span.length - bytes) / stride;
  for (let first = 0; first < count; first += most) {
    const rows = Math.min(most, count - first);
    readPiece(request, {
      offset: offset + first * stride,
      length: (rows - 1) * stride + bytes,
      into: span,
      at: 0,
    });
    for (let row = 0; row < rows; row++)
      into.set(span.subarray(row * stride, row * stride + bytes), at + (first + row) * bytes);
  }
}

function readPiece({ fd, path }: RowsRequest, { offset, length, into, at }: Piece): void {
  let done = 0;
  while (done < length) {
    const read = readSync(fd, into, at + done, length - done, offset + done);
    if (read === 0) throw shortRead(path, offset, { wanted: length, found: done });
    done += read;
  }
}
