import { VitrineError } from "../core/index.ts";
import { ALIGNMENT } from "./memory.ts";
import type { WorkerPool } from "./workerPool.ts";

/** Named pieces of a pool's memory, the store of a plan: one copy in, one copy out, no view leaves. */
export interface Regions<Name extends string> {
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
  const names = Object.keys(sizes) as Name[];
  const offsets = names.map(() => 0);
  let total = 0;
  names.forEach((name, i) => {
    offsets[i] = total;
    total += Math.ceil(sizes[name] / ALIGNMENT) * ALIGNMENT;
  });
  const region = pool.allocate(total);
  const address = Object.fromEntries(names.map((name, i) => [name, region.address + offsets[i]]));
  let live = true;
  const piece = (name: Name, offset: number, bytes: number) => {
    checkPiece({ name, live, offset, bytes, size: sizes[name] });
    return pool.u8(address[name] + offset, bytes);
  };
  return {
    address: address as Record<Name, number>,
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
  return Object.values(sizes).reduce((sum, bytes) => sum + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT, 0);
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
