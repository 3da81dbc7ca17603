import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  noArray,
  type Regions,
  regionBytes,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { LINES_WORDS, linesWords } from "./blocks.ts";
import { ELEMENT, numbersOf } from "./precision.ts";
import { columnWidth, type Summand, sketchJob, sketchSpectraJob } from "./sketchJob.ts";
import { transformPlan, transformPlanBytes } from "./transformPlan.ts";

/** What a {@link SketchPlan} is made for. */
export interface SketchSize {
  readonly shells: number;
  readonly inplanes: number;
  readonly displacements: number;
  /** Templates of a batch. */
  readonly batch: number;
  /** Columns: sums of displaced templates. */
  readonly columns: number;
}

/** The words of a {@link SketchPlan}. */
export interface SketchTypes extends PlanTypes {
  /** `weights` (shells); `displacements` (displacements, shells, inplanes) and `items` (batch, shells, inplanes) complex; all float32. */
  readonly input: "weights" | "displacements" | "items";
  readonly output: never;
  readonly work:
    | { readonly kind: "add"; readonly sums: readonly (readonly Summand[])[] }
    | { readonly kind: "vectors"; readonly limit: number };
  readonly outcome: readonly FrequencyVectors[];
}

/** Vectors that span the columns of one angular frequency. */
export interface FrequencyVectors {
  readonly rank: number;
  /** (rank, width): real and orthonormal, over shells; zeros beyond them. */
  readonly vectors: Float64Array;
}

/** Sums displaced templates at random into a few columns, and finds what spans them. */
export interface SketchPlan extends Plan<SketchTypes> {
  readonly size: SketchSize;
}

/** The kind of plan that {@link createSketch} makes. */
export const sketchPlan: PlanKind<SketchSize, SketchPlan> = {
  name: "likelihood/sketch",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
    create: (pool, size) => new WasmSketch(pool, size),
  },
};

/** Makes a {@link SketchPlan}. @throws {VitrineError} range: more memory than there is */
export function createSketch(backend: Backend, size: SketchSize): SketchPlan {
  return backend.plan(sketchPlan, size);
}

class WasmSketch implements SketchPlan {
  readonly size: SketchSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;

  constructor(pool: WorkerPool, size: SketchSize) {
    this.size = size;
    this.#pool = pool;
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
    const { shells, inplanes, columns } = size;
    const { address } = this.#regions;
    const half = inplanes / 2 + 1;
    this.#regions.set("plan", transformPlan(inplanes, address.plan, numbersOf("single")));
    this.#regions.set(
      "bins",
      Int32Array.from({ length: half }, (_, q) => q),
    );
    const lines = {
      shells,
      inplanes,
      plan: address.plan,
      bins: address.bins,
      binCount: half,
      shared: 0,
      ownBytes: 0,
    };
    const block = linesWords({
      ...lines,
      kind: "complex",
      weights: address.weights,
      itemBytes: 8 * shells * inplanes,
    });
    this.#regions.set("block", block);
    this.#pool.f32(address.columns, 2 * shells * inplanes * columns).fill(0);
  }

  set(name: SketchTypes["input"], data: PlanArray, at = 0): void {
    const { shells, inplanes, displacements, batch } = this.size;
    const rowLength = name === "weights" ? shells : 2 * shells * inplanes;
    const rows = { weights: 1, displacements, items: batch }[name];
    checkRows(`sketch ${name}`, { type: "f32", rows, rowLength }, { data, at });
    const numbers = name === "weights" ? Float32Array.from(data, Math.sqrt) : data;
    this.#regions.set(name, numbers, 4 * rowLength * at);
  }

  async run(work: SketchTypes["work"], options: RunOptions = {}): Promise<FrequencyVectors[]> {
    const { shells, inplanes, columns } = this.size;
    const { address } = this.#regions;
    if (work.kind === "add") {
      const at = { items: address.items, displacements: address.displacements, columns: address.columns };
      await this.#pool.run(sketchJob, { ...at, plane: shells * inplanes, sums: work.sums }, options);
      return [];
    }
    const most = mostOf(this.size);
    const { block, spectra, vectors, ranks, work: memory } = address;
    const at = { columns: address.columns, block, spectra, vectors, ranks, work: memory };
    const task = {
      ...at,
      shells,
      inplanes,
      count: columns,
      most,
      limit: work.limit,
      workBytes: workBytes(this.size),
    };
    await this.#pool.run(sketchSpectraJob, task, options);
    return this.#vectors();
  }

  #vectors(): FrequencyVectors[] {
    const { shells, inplanes } = this.size;
    const most = mostOf(this.size);
    const width = columnWidth(shells);
    const ranks = new Int32Array(inplanes / 2 + 1);
    this.#regions.read("ranks", ranks);
    return Array.from(ranks, (rank, q) => {
      const vectors = new Float64Array(width * rank);
      this.#regions.read("vectors", vectors, 8 * width * most * q);
      return { rank, vectors };
    });
  }

  read(name: never): never {
    throw noArray("sketch", name);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

/** Most vectors of a frequency. */
function mostOf({ shells, columns }: SketchSize): number {
  return Math.min(shells, 2 * columns);
}

function workBytes(size: SketchSize): number {
  const { shells, inplanes, columns } = size;
  const transforms = 2 * ELEMENT * inplanes;
  const vectors = 16 * (columnWidth(shells) + 1) * columns;
  return 64 * Math.ceil(Math.max(transforms, vectors) / 64);
}

function pieces(size: SketchSize, workers: number) {
  const { shells, inplanes, displacements, batch, columns } = size;
  const half = inplanes / 2 + 1;
  const plane = 8 * shells * inplanes;
  const most = mostOf(size);
  return {
    plan: transformPlanBytes(inplanes, numbersOf("single")),
    bins: 4 * half,
    block: 4 * LINES_WORDS,
    weights: 4 * shells,
    displacements: plane * displacements,
    items: plane * batch,
    columns: plane * columns,
    spectra: ELEMENT * Math.ceil(columns / 4) * half * shells,
    vectors: 8 * columnWidth(shells) * most * half,
    ranks: 4 * half,
    work: workBytes(size) * workers,
  };
}
