import { requireKnownOptions, VitrineError } from "../core/index.ts";
import { type FftLayout, type FftSize, fftLayout, fftPhases, fftPieces } from "./fftLayout.ts";
import { RUN_KEYS, type RunOptions } from "./job.ts";
import { writeLinePlan } from "./linePlan.ts";
import { phasesJob } from "./phases.ts";
import type { Backend, Plan, PlanArray, PlanKind, PlanTypes } from "./plan.ts";
import { checkRows } from "./planArrays.ts";
import { createRegions, type Regions, regionBytes } from "./regions.ts";
import type { WorkerPool } from "./workerPool.ts";

export type { FftSize } from "./fftLayout.ts";

/**
 * What a plan can hold: `real` (batch, ...shape) or, for complex1d, `complex` (batch, length, 2) before a forward transform,
 * `spectrum` after it: (batch, ..., width/2+1, 2), or (batch, length, 2) for complex1d. Last axis: re, im.
 */
export type FftPiece = "real" | "complex" | "spectrum";

/** Forward sums x exp(-2πi kx/n); inverse divides by the number of elements, as numpy's rfftn and irfftn. */
export type FftDirection = "forward" | "inverse";

/** The words of an {@link FftPlan}. Progress counts passes. */
export interface FftTypes extends PlanTypes {
  readonly input: FftPiece;
  readonly output: FftPiece;
  readonly work: FftDirection;
  readonly outcome: undefined;
}

/**
 * A transform in place, made by {@link createFft}. For `set` and `read` the first axis is that of {@link rows}. `inverse` ignores the
 * imaginary parts that a real array's spectrum cannot have, as irfftn does. After a run that was aborted it holds nothing.
 */
export interface FftPlan extends Plan<FftTypes>, Disposable {
  readonly size: FftSize;
  /** Rows (last axis) of the whole batch, in C order: row (b * depth + z) * height + y. */
  readonly rows: number;
  /** What was last set or computed; undefined at first, during a transform, and after one that failed. */
  readonly holds: FftPiece | undefined;
}

/** The kind of plan that {@link createFft} makes. */
export const fftPlan: PlanKind<FftSize, FftPlan> = {
  name: "compute/fft",
  wasm: { bytes: fftBytes, create: (pool, size) => new WasmFft(pool, size) },
};

function fftBytes(size: FftSize, workers: number): number {
  return regionBytes(fftPieces(fftLayout(size, workers), workers));
}

/**
 * Makes a plan for Fourier transforms in place.
 *
 * @throws {VitrineError} shape: a length that is not a whole number from 1; range: more memory than a pool can have
 *
 * @example
 * const plan = createFft(pool, { kind: "real2d", shape: [4092, 5760] });
 * plan.set("real", image);         // (4092, 5760)
 * await plan.run("forward");
 * plan.read("spectrum", spectrum); // (4092, 2881, 2)
 * plan.dispose();
 *
 * Accuracy: |error| < 5e-7 |result| in the 2-norm, any length (fft.test.ts). The two real rows y and y + 4 of each 8 share
 * one complex line, so a row's error is relative to the larger of the two.
 * Source: see {@link writeLinePlan}.
 */
export function createFft(backend: Backend, size: FftSize): FftPlan {
  requireKnownOptions("createFft", size, { kind: true, shape: true, batch: true });
  return backend.plan(fftPlan, size);
}

/** A transform in a pool's memory. */
export class WasmFft implements FftPlan {
  readonly size: FftSize;
  readonly bytes: number;
  readonly rows: number;
  /** Where the data lie, for kernels: rows of `rowBytes`, before and after a transform. */
  readonly address: number;
  readonly rowBytes: number;
  readonly #pool: WorkerPool;
  readonly #layout: FftLayout;
  readonly #regions: Regions<string>;
  #holds: FftPiece | undefined;

  constructor(pool: WorkerPool, size: FftSize) {
    const layout = fftLayout(size, pool.workers);
    this.size = size;
    this.#pool = pool;
    this.#layout = layout;
    this.#regions = createRegions(pool, fftPieces(layout, pool.workers));
    this.bytes = this.#regions.bytes;
    for (const length of layout.lengths) {
      writeLinePlan(pool.memory.buffer, this.#regions.address[`line${length}`], length);
    }
    this.rows = layout.rows;
    this.address = this.#regions.address.data;
    this.rowBytes = layout.rowBytes;
  }

  get holds(): FftPiece | undefined {
    return this.#holds;
  }

  set(piece: FftPiece, data: PlanArray, firstRow = 0): void {
    const { rowFloats, rows } = this.#check(piece, data, firstRow);
    const view = this.#pool.f32(this.address + firstRow * this.rowBytes, (rows * this.rowBytes) / 4);
    const stride = this.rowBytes / 4;
    if (rowFloats === stride) view.set(data);
    else
      for (let y = 0; y < rows; y++) view.set(data.subarray(y * rowFloats, (y + 1) * rowFloats), y * stride);
    this.#holds = piece;
  }

  read(piece: FftPiece, into: PlanArray, firstRow = 0): void {
    const { rowFloats, rows } = this.#check(piece, into, firstRow);
    this.#expect(piece);
    const stride = this.rowBytes / 4;
    const view = this.#pool.f32(this.address + firstRow * this.rowBytes, rows * stride);
    if (rowFloats === stride) into.set(view);
    else
      for (let y = 0; y < rows; y++)
        into.set(view.subarray(y * stride, y * stride + rowFloats), y * rowFloats);
  }

  /** Says that kernels have written `piece` at {@link address}, so that it can be transformed or read. */
  assume(piece: FftPiece): void {
    this.#rowFloats(piece);
    this.#holds = piece;
  }

  async run(direction: FftDirection, options: RunOptions = {}): Promise<undefined> {
    requireKnownOptions("FftPlan.run", options, RUN_KEYS);
    const inverse = direction === "inverse";
    this.#expect(inverse ? "spectrum" : this.#input);
    this.#holds = undefined;
    const phases = fftPhases(this.#layout, this.#regions.address, { inverse, workers: this.#pool.workers });
    await this.#pool.run(phasesJob, phases, options);
    this.#holds = inverse ? this.#input : "spectrum";
  }

  get #input(): FftPiece {
    return this.#layout.isReal ? "real" : "complex";
  }

  dispose(): void {
    this.#holds = undefined;
    this.#regions.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #expect(piece: FftPiece): void {
    if (this.#holds === piece) return;
    throw new VitrineError({
      code: "missing",
      at: `fft plan ${this.size.kind}`,
      expected: `a plan that holds "${piece}"`,
      found: this.#holds === undefined ? "one that holds nothing" : `"${this.#holds}"`,
      hint: "Set it, or await the transform that makes it",
    });
  }

  #rowFloats(piece: FftPiece): number {
    if (piece === "spectrum") return this.#layout.spectrumFloats;
    if (piece === this.#input) return this.#layout.inputFloats;
    throw new VitrineError({
      code: "type",
      at: `fft plan ${this.size.kind}`,
      expected: `"${this.#input}" or "spectrum"`,
      found: `"${piece}"`,
    });
  }

  #check(piece: FftPiece, data: PlanArray, firstRow: number): { rowFloats: number; rows: number } {
    const rowFloats = this.#rowFloats(piece);
    const array = { type: "f32", rows: this.rows, rowLength: rowFloats } as const;
    const rows = checkRows(`fft plan ${this.size.kind} "${piece}"`, array, { data, at: firstRow });
    return { rowFloats, rows };
  }
}
