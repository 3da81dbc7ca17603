import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  requireAtMost,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { slicesJob } from "./slicesJob.ts";

/** What a {@link SlicesPlan} is made for. */
export interface SlicesSize {
  /** Cells of a period of the grid, and of the array, whose ends are repeated. */
  readonly cells: readonly [number, number, number];
  readonly padded: readonly [number, number, number];
  /** Cells of the spreading function, even, and the degree of its polynomials. */
  readonly width: number;
  readonly degree: number;
  readonly shells: number;
  readonly angles: number;
  /** Slices of a run. */
  readonly batch: number;
}

/** The words of a {@link SlicesPlan}; all arrays are float64. */
export interface SlicesTypes extends PlanTypes {
  /**
   * - `grid` (padded[0], padded[1], padded[2]) complex.
   * - `coefficients` (degree + 1, width): of the spreading function, highest power first.
   * - `radii` (shells): of points, in turns of a period along an axis.
   * - `gains` (shells): what values are multiplied with; `offsets` (shells, angles): what is taken off their real parts then.
   * - `directions` (batch, 3, angles): unit vectors.
   */
  readonly input: "grid" | "coefficients" | "radii" | "gains" | "offsets" | "directions";
  /** `values` (batch, shells, angles) complex. */
  readonly output: "values";
  readonly work: { readonly count: number };
  readonly outcome: undefined;
}

/** Values of a grid on slices through its origin. */
export interface SlicesPlan extends Plan<SlicesTypes> {
  readonly size: SlicesSize;
}

/** The kind of plan that {@link createSlices} makes. */
export const slicesPlan: PlanKind<SlicesSize, SlicesPlan> = {
  name: "likelihood/slices",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
    create: (pool, size) => new WasmSlices(pool, size),
  },
};

/** Makes a {@link SlicesPlan}. @throws {VitrineError} range: more memory than there is */
export function createSlices(backend: Backend, size: SlicesSize): SlicesPlan {
  return backend.plan(slicesPlan, size);
}

const BLOCK_WORDS = 14;

class WasmSlices implements SlicesPlan {
  readonly size: SlicesSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;

  constructor(pool: WorkerPool, size: SlicesSize) {
    this.size = size;
    this.#pool = pool;
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
    const { cells, padded, width, degree, shells, angles } = size;
    const { grid, coefficients, radii, gains, offsets } = this.#regions.address;
    const strides = [padded[1] * padded[2], padded[2]];
    const words = [grid, ...cells, ...strides, width, degree, coefficients, radii, shells, gains, offsets];
    this.#regions.set("block", Uint32Array.of(...words, angles));
  }

  #shapeOf(name: SlicesTypes["input"] | SlicesTypes["output"]): PlanArrayShape {
    const { padded, width, degree, shells, angles, batch } = this.size;
    const shapes: Readonly<Record<typeof name, readonly [rows: number, rowLength: number]>> = {
      grid: [padded[0], 2 * padded[1] * padded[2]],
      coefficients: [degree + 1, width],
      radii: [1, shells],
      gains: [1, shells],
      offsets: [shells, angles],
      directions: [batch, 3 * angles],
      values: [batch, 2 * shells * angles],
    };
    const [rows, rowLength] = shapes[name];
    return { type: "f64", rows, rowLength };
  }

  set(name: SlicesTypes["input"], data: PlanArray, at = 0): void {
    const shape = this.#shapeOf(name);
    checkRows(`slices ${name}`, shape, { data, at });
    this.#regions.set(name, data, 8 * shape.rowLength * at);
  }

  async run({ count }: SlicesTypes["work"], options: RunOptions = {}): Promise<undefined> {
    const { shells, angles, batch, width } = this.size;
    requireAtMost("slices", count, batch);
    const { block, directions, values, work } = this.#regions.address;
    const bytes = { directionsBytes: 24 * angles, valuesBytes: 16 * shells * angles };
    const task = { block, angles, count, directions, values, ...bytes, work, workBytes: workBytes(width) };
    await this.#pool.run(slicesJob, task, options);
  }

  read(name: SlicesTypes["output"], into: PlanArray, at = 0): void {
    const shape = this.#shapeOf(name);
    checkRows(`slices ${name}`, shape, { data: into, at });
    this.#regions.read(name, into, 8 * shape.rowLength * at);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

/** See assembly/slices.ts. */
function workBytes(width: number): number {
  return 64 * Math.ceil((8 * (3 * width + width * width)) / 64);
}

function pieces({ padded, width, degree, shells, angles, batch }: SlicesSize, workers: number) {
  return {
    block: 4 * BLOCK_WORDS,
    grid: 16 * padded[0] * padded[1] * padded[2],
    coefficients: 8 * (degree + 1) * width,
    radii: 8 * shells,
    gains: 8 * shells,
    offsets: 8 * shells * angles,
    directions: 24 * angles * batch,
    values: 16 * shells * angles * batch,
    work: workBytes(width) * workers,
  };
}
