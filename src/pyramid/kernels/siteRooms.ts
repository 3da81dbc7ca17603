import type { Backend, PlanKind } from "../../compute/index.ts";
import type { WorkerPool } from "../../compute/kernels/index.ts";

/**
 * Memory of a pool for sites that come from files: what is read straight into it is placed where it lies, which saves a copy of every pixel. The one
 * place where a view of a pool's memory leaves: it is good until it is given back.
 */
export interface SiteRooms extends Disposable {
  /** Memory for so many bytes, whatever was there before. @throws {VitrineError} range, device: there is no more */
  take(bytes: number): Uint8Array;
  /** Gives it back, by any view that begins with it; what is no room of these is let alone. Not while it is placed. */
  give(data: ArrayBufferView): void;
  /** Where such a view lies in the pool's memory; undefined for any other array. */
  addressOf(data: ArrayBufferView): number | undefined;
}

/** The kind of what {@link createSiteRooms} makes. */
const siteRooms: PlanKind<object, SiteRooms> = {
  name: "pyramid/siteRooms",
  wasm: { bytes: () => 0, create: (pool) => new WasmRooms(pool) },
};

/** Makes {@link SiteRooms} in the memory of a pool's workers. Whoever makes them disposes of them, after the plans that use them. */
export function createSiteRooms(backend: Backend): SiteRooms {
  return backend.plan(siteRooms, {});
}

class WasmRooms implements SiteRooms {
  readonly #pool: WorkerPool;
  /** By address. */
  readonly #taken = new Map<number, ReturnType<WorkerPool["allocate"]>>();

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  take(bytes: number): Uint8Array {
    const region = this.#pool.allocate(bytes);
    this.#taken.set(region.address, region);
    return this.#pool.u8(region.address, bytes);
  }

  give(data: ArrayBufferView): void {
    const region = this.#taken.get(this.addressOf(data) ?? -1);
    if (region === undefined) return;
    this.#taken.delete(region.address);
    this.#pool.free(region);
  }

  addressOf({ buffer, byteOffset }: ArrayBufferView): number | undefined {
    // the memory's buffer is another object whenever it has grown, and views of the one before stay good
    return buffer instanceof SharedArrayBuffer && this.#taken.has(byteOffset) ? byteOffset : undefined;
  }

  [Symbol.dispose](): void {
    for (const region of this.#taken.values()) this.#pool.free(region);
    this.#taken.clear();
  }
}
