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
import { type WedgeSumTask, wedgeSumJob } from "./wedgeSumJob.ts";

/** Sums of spectra of boxes of one shape. */
export interface WedgeSumSize {
  /** Of a box, voxels. */
  readonly shape: Shape3;
  /** How many sums there are. */
  readonly parts: number;
  /** Spectra at a time. */
  readonly batch: number;
}

/** The words of a {@link WedgeSumPlan}. */
export interface WedgeSumTypes extends PlanTypes {
  /** `spectra` (batch, depth x height x (width / 2 + 1) x 2). */
  readonly input: "spectra";
  /** `sums` (parts, depth x height x (width / 2 + 1) x 2) and how often each coefficient was seen, `weights` (parts, …), float64. */
  readonly output: "sums" | "weights";
  /** Of the first spectra: the sums that they belong to, and the normals of their wedges. A run adds. */
  readonly work: WedgeSumTask["members"];
  readonly outcome: undefined;
}

/** Sums spectra where they were seen, and counts them. */
export interface WedgeSumPlan extends Plan<WedgeSumTypes> {}

/** The kind of plan that {@link createWedgeSum} makes. */
export const wedgeSumPlan: PlanKind<WedgeSumSize, WedgeSumPlan> = {
  name: "subtomogram/wedgeSum",
  wasm: {
    bytes: (size) => regionBytes(pieces(size)),
    create: (pool, size) => new WasmWedgeSum(pool, size),
  },
};

/** Makes a {@link WedgeSumPlan} whose sums are 0. @throws {VitrineError} range: more memory than there is */
export function createWedgeSum(backend: Backend, size: WedgeSumSize): WedgeSumPlan {
  return backend.plan(wedgeSumPlan, size);
}

class WasmWedgeSum implements WedgeSumPlan {
  readonly bytes: number;
  readonly #size: WedgeSumSize;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;

  constructor(pool: WorkerPool, size: WedgeSumSize) {
    this.#size = size;
    this.#pool = pool;
    this.#regions = createRegions(pool, pieces(size));
    this.bytes = this.#regions.bytes;
    const { address } = this.#regions;
    const count = halfSpectrumCount(size.shape);
    pool.f64(address.sums, 2 * count * size.parts).fill(0);
    pool.f64(address.weights, count * size.parts).fill(0);
  }

  set(_: "spectra", data: PlanArray, at = 0): void {
    const rowLength = 2 * halfSpectrumCount(this.#size.shape);
    checkRows("spectra of boxes", { type: "f32", rows: this.#size.batch, rowLength }, { data, at });
    this.#regions.set("spectra", data, 4 * rowLength * at);
  }

  async run(members: WedgeSumTask["members"], options: RunOptions = {}): Promise<undefined> {
    requireAtMost("spectra of boxes", members.length, this.#size.batch);
    const { spectra, sums, weights } = this.#regions.address;
    await this.#pool.run(wedgeSumJob, { shape: this.#size.shape, members, spectra, sums, weights }, options);
    return undefined;
  }

  read(name: WedgeSumTypes["output"], into: PlanArray, at = 0): void {
    const rowLength = (name === "sums" ? 2 : 1) * halfSpectrumCount(this.#size.shape);
    checkRows(`spectra ${name}`, { type: "f64", rows: this.#size.parts, rowLength }, { data: into, at });
    this.#regions.read(name, into, 8 * rowLength * at);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

function pieces(size: WedgeSumSize) {
  const count = halfSpectrumCount(size.shape);
  return { spectra: 8 * size.batch * count, sums: 16 * size.parts * count, weights: 8 * size.parts * count };
}
