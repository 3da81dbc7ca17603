import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type Regions,
  regionBytes,
  requireAtMost,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import type { Shape3 } from "../../core/index.ts";
import { halfSpectrumCount } from "./halfSpectrum.ts";
import { insertJob } from "./insertJob.ts";
import type { Slice } from "./sliceTask.ts";

/** Boxes of one shape that are made of as many slices each. */
export interface InsertSize {
  /** Of the padded transform, and of the box in it, voxels. */
  readonly shape: Shape3;
  readonly sides: Shape3;
  /** Of a patch, pixels. */
  readonly side: number;
  readonly slices: number;
  /** Boxes at a time. */
  readonly batch: number;
}

/** The words of an {@link InsertPlan}. Progress counts boxes. */
export interface InsertTypes extends PlanTypes {
  /** `spectra` (batch x slices, side x (side / 2 + 1) x 2); `rates` (1, side x (side / 2 + 1)), how fast frequencies fade, Å² per electron. */
  readonly input: "spectra" | "rates";
  /** `values` (batch, depth x height x (width / 2 + 1) x 2): transforms of padded boxes whose centres lie at voxel 0. */
  readonly output: "values";
  /** The slices of each of the first boxes. */
  readonly work: readonly (readonly Slice[])[];
  readonly outcome: undefined;
}

/** Makes transforms of boxes of the slices that images are through them. */
export interface InsertPlan extends Plan<InsertTypes> {}

/** The kind of plan that {@link createInsertion} makes. */
export const insertPlan: PlanKind<InsertSize, InsertPlan> = {
  name: "subtomogram/insert",
  wasm: {
    bytes: (size) => regionBytes(pieces(size)),
    create: (pool, size) => new WasmInsertion(pool, size),
  },
};

/** Makes an {@link InsertPlan}. @throws {VitrineError} range: more memory than there is */
export function createInsertion(backend: Backend, size: InsertSize): InsertPlan {
  return backend.plan(insertPlan, size);
}

class WasmInsertion implements InsertPlan {
  readonly bytes: number;
  readonly #size: InsertSize;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;

  constructor(pool: WorkerPool, size: InsertSize) {
    this.#size = size;
    this.#pool = pool;
    this.#regions = createRegions(pool, pieces(size));
    this.bytes = this.#regions.bytes;
  }

  set(name: InsertTypes["input"], data: PlanArray, at = 0): void {
    const { batch, slices } = this.#size;
    const count = patchCount(this.#size);
    if (name === "rates") {
      checkRows("slice rates", { type: "f64", rows: 1, rowLength: count }, { data, at });
      this.#regions.set("rates", data);
      return;
    }
    const rowLength = 2 * count;
    checkRows("slice spectra", { type: "f32", rows: batch * slices, rowLength }, { data, at });
    this.#regions.set("spectra", data, 4 * rowLength * at);
  }

  async run(boxes: readonly (readonly Slice[])[], options: RunOptions = {}): Promise<undefined> {
    const { batch, shape, sides, side, slices } = this.#size;
    requireAtMost("boxes of slices", boxes.length, batch);
    const { spectra, rates, values, weights } = this.#regions.address;
    const task = { boxes, shape, sides, side, spectra, slicesABox: slices, rates, values, weights };
    await this.#pool.run(insertJob, task, { ...options, teams: this.#pool.workers });
    return undefined;
  }

  read(_: "values", into: PlanArray, at = 0): void {
    const rowLength = 2 * halfSpectrumCount(this.#size.shape);
    checkRows("slice values", { type: "f32", rows: this.#size.batch, rowLength }, { data: into, at });
    this.#regions.read("values", into, 4 * rowLength * at);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

function patchCount({ side }: InsertSize): number {
  return side * (Math.floor(side / 2) + 1);
}

function pieces(size: InsertSize) {
  const { batch, slices, shape } = size;
  const count = halfSpectrumCount(shape);
  return {
    spectra: 8 * batch * slices * patchCount(size),
    rates: 8 * patchCount(size),
    values: 8 * batch * count,
    weights: 4 * batch * count,
  };
}
