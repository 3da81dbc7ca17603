import { VitrineError } from "../core/index.ts";
import { ALIGNMENT } from "./memory.ts";
import type { WorkerPool } from "./workerPool.ts";

/** Named pieces of a pool's memory, the store of a plan: one copy in, one copy out, no view leaves. */
export interface Regions<Name extends string> {
  /** What it takes of the pool's memory. */
  readonly bytes: number;
  /** Where each piece begins: what jobs are given. */
  readonly address: Readonly<Record<Name, number>>;
  /** Copies `data` into piece `name` from byte `offset`. @throws {VitrineError} range: it does not fit */
  set(name: Name, data: ArrayBufferView, offset?: number): void;
  /** Fills `into` from piece `name` at byte `offset`. @throws {VitrineError} range: the piece is too short */
  read(name: Name, into: ArrayBufferView, offset?: number): void;
  /** Gives the memory back; a second call does nothing. */
  dispose(): void;
}

/**
 * Takes memory for all of `sizes` (bytes by name) at once, each piece at a multiple of 64 bytes.
 *
 * @throws {VitrineError} range: above what the pool can grow to; device: the system has no more
 *
 * @example
 * const regions = createRegions(pool, { image: 4 * height * width, sums: 8 * width });
 */
export function createRegions<Name extends string>(
  pool: WorkerPool,
  sizes: Readonly<Record<Name, number>>,
): Regions<Name> {
  const bytes = regionBytes(sizes);
  const region = pool.allocate(bytes);
  const address: Partial<Record<Name, number>> = {};
  let next = region.address;
  for (const name of Object.keys(sizes) as Name[]) {
    address[name] = next;
    next += aligned(sizes[name]);
  }
  let live = true;
  const addresses = address as Record<Name, number>;
  const piece = (name: Name, offset: number, length: number) => {
    checkPiece({ name, live, offset, bytes: length, size: sizes[name] });
    return pool.u8(addresses[name] + offset, length);
  };
  return {
    bytes,
    address: addresses,
    set: (name, data, offset = 0) => piece(name, offset, data.byteLength).set(bytesOf(data)),
    read: (name, into, offset = 0) => bytesOf(into).set(piece(name, offset, into.byteLength)),
    dispose() {
      if (live) pool.free(region);
      live = false;
    },
  };
}

/** Bytes that {@link createRegions} takes for pieces of these sizes. */
export function regionBytes(sizes: Readonly<Record<string, number>>): number {
  return Object.values(sizes).reduce((sum, bytes) => sum + aligned(bytes), 0);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function checkPiece(piece: {
  name: string;
  live: boolean;
  offset: number;
  bytes: number;
  size: number;
}): void {
  const { name, live, offset, bytes, size } = piece;
  if (live && offset >= 0 && offset + bytes <= size) return;
  const found = live ? `bytes ${offset} to ${offset + bytes}` : "that its memory was given back";
  throw new VitrineError({ code: "range", at: `region "${name}"`, expected: `bytes 0 to ${size}`, found });
}
