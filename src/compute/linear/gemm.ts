import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { RUN_KEYS, type RunOptions } from "../job.ts";
import { phasesJob } from "../phases.ts";
import type { Backend, Plan, PlanArray, PlanKind, PlanTypes } from "../plan.ts";
import { checkRows } from "../planArrays.ts";
import { createRegions, type Regions, regionBytes } from "../regions.ts";
import type { WorkerPool } from "../workerPool.ts";
import { type GemmLayout, type GemmPiece, type GemmSize, gemmLayout, SIZE_KEYS } from "./gemmLayout.ts";
import { type ComplexNumber, type GemmPieces, gemmPhases, gemmPieces, writeGemmPlan } from "./gemmPhases.ts";

/** Factors of one run: C = alpha A B + beta C; re and im for complex ones. Rounded to float32. */
export interface GemmWork {
  /** Default 1. With 0, A and B are not looked at. */
  readonly alpha?: number | ComplexNumber;
  /** Default 0: C is overwritten, whatever it held. */
  readonly beta?: number | ComplexNumber;
}

const WORK_KEYS: OptionKeys<GemmWork> = { alpha: true, beta: true };

/** The words of a {@link GemmPlan}. Progress counts passes over the memory, two for each block of rows, columns and depth. */
export interface GemmTypes extends PlanTypes {
  /** The floats that a matrix spans with its strides; `at` counts floats. What was not set holds anything. */
  readonly input: GemmPiece;
  readonly output: GemmPiece;
  readonly work: GemmWork | undefined;
  readonly outcome: undefined;
}

/**
 * Products with their memory, made by {@link createGemm}. A run needs the factors, and a C that is to be added to; one that was aborted has lost
 * C.
 */
export interface GemmPlan extends Plan<GemmTypes>, Disposable {
  readonly size: GemmSize;
  run(work?: GemmWork, options?: RunOptions): Promise<undefined>;
}

/** The kind of plan that {@link createGemm} makes. */
export const gemmPlan: PlanKind<GemmSize, GemmPlan> = {
  name: "compute/gemm",
  wasm: { bytes: gemmBytes, create: (pool, size) => new WasmGemm(pool, size) },
};

function gemmBytes(size: GemmSize, workers: number): number {
  return regionBytes(gemmPieces(gemmLayout(size), workers));
}

/**
 * Makes a plan for products of a batch of matrices, float32, real or complex (re and im side by side): C = alpha A B + beta C
 * for A (m, k), B (k, n), C (m, n), each with any strides.
 *
 * @throws {VitrineError} shape: a length or stride that is not a whole number (from 1, from 0), a C whose values overlap; type: a
 *   real matrix to conjugate; range: more memory than a pool can have
 *
 * @example
 * const plan = createGemm(pool, { kind: "real", m: 300, n: 49, k: 260000, b: { rowStride: 1, columnStride: 260000 } });
 * plan.set("a", slices);  // (300, 260000)
 * plan.set("b", windows); // (49, 260000): B is its transpose
 * await plan.run();
 * plan.read("c", products); // (300, 49)
 * plan.dispose();
 *
 * Accuracy: |error| < 5e-7 |row of A| |column of B| in 2-norms, for k up to 10^5 (gemm.test.ts): float32 sums over 256 floats
 * of depth at most, which are added in float32. Any number of workers gives the same bytes; the two WASM modules differ in the
 * last bits.
 * Source: panels and register tiles as in Van Zee & van de Geijn 2015, ACM TOMS 41:14.
 */
export function createGemm(backend: Backend, size: GemmSize): GemmPlan {
  requireKnownOptions("createGemm", size, SIZE_KEYS);
  return backend.plan(gemmPlan, size);
}

/** Products in a pool's memory, on its workers. */
class WasmGemm implements GemmPlan {
  readonly size: GemmSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #layout: GemmLayout;
  readonly #regions: Regions<keyof GemmPieces>;
  readonly #held = new Set<GemmPiece>();

  constructor(pool: WorkerPool, size: GemmSize) {
    const layout = gemmLayout(size);
    this.size = size;
    this.#pool = pool;
    this.#layout = layout;
    this.#regions = createRegions(pool, gemmPieces(layout, pool.workers));
    this.bytes = this.#regions.bytes;
    writeGemmPlan(pool.memory.buffer, layout, this.#regions.address);
  }

  set(piece: GemmPiece, data: PlanArray, at = 0): void {
    this.#check(piece, data, at);
    this.#regions.set(piece, data, 4 * at);
    this.#held.add(piece);
  }

  read(piece: GemmPiece, into: PlanArray, at = 0): void {
    this.#check(piece, into, at);
    this.#expect(piece);
    this.#regions.read(piece, into, 4 * at);
  }

  async run(work: GemmWork = {}, options: RunOptions = {}): Promise<undefined> {
    requireKnownOptions("GemmPlan.run work", work, WORK_KEYS);
    requireKnownOptions("GemmPlan.run", options, RUN_KEYS);
    const { alpha = 1, beta = 0 } = work;
    const factors = { alpha: this.#factor("alpha", alpha), beta: this.#factor("beta", beta) };
    if (!isZero(factors.alpha)) for (const piece of ["a", "b"] as const) this.#expect(piece);
    if (!isZero(factors.beta)) this.#expect("c");
    this.#held.delete("c");
    const run = { ...factors, places: this.#regions.address, workers: this.#pool.workers };
    await this.#pool.run(phasesJob, gemmPhases(this.#layout, run), options);
    this.#held.add("c");
  }

  dispose(): void {
    this.#held.clear();
    this.#regions.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #factor(name: string, value: number | ComplexNumber): ComplexNumber {
    if (typeof value === "number") return [value, 0];
    if (this.#layout.isComplex) return value;
    const found = `[${value.join(", ")}]`;
    throw new VitrineError({ code: "type", at: `real product ${name}`, expected: "a number", found });
  }

  #expect(piece: GemmPiece): void {
    if (this.#held.has(piece)) return;
    throw new VitrineError({
      code: "missing",
      at: `product plan matrix ${piece}`,
      expected: "values",
      found: "none",
      hint: piece === "c" ? "Set it, or await the run that makes it" : "Set it",
    });
  }

  #check(piece: GemmPiece, data: PlanArray, at: number): void {
    checkRows(
      `matrix ${piece}`,
      { type: "f32", rows: this.#layout.floats[piece], rowLength: 1 },
      { data, at },
    );
  }
}

/** Matrices and factors of one {@link gemm}. */
export interface GemmInput extends GemmWork, RunOptions {
  readonly a: Float32Array;
  readonly b: Float32Array;
  /** What beta multiplies, default zeros; stays as it is. */
  readonly c?: Float32Array;
}

const INPUT_KEYS: OptionKeys<GemmInput> = { ...WORK_KEYS, ...RUN_KEYS, a: true, b: true, c: true };

/**
 * C = alpha A B + beta C in one call, see {@link createGemm}; for many products of one size make a plan.
 *
 * @returns C as it lies in memory; values that its strides leave out are those of `c`, else 0
 * @throws {VitrineError} as {@link createGemm} and {@link GemmPlan.run}; shape: a matrix of another length than it spans
 */
export async function gemm(backend: Backend, size: GemmSize, input: GemmInput): Promise<Float32Array> {
  requireKnownOptions("gemm", input, INPUT_KEYS);
  const { a, b, c, signal, onProgress, ...work } = input;
  const { floats } = gemmLayout(size);
  const result = c === undefined ? new Float32Array(floats.c) : c.slice();
  for (const [piece, data] of Object.entries({ a, b, c: result })) checkSpan(piece, data, floats);
  using plan = createGemm(backend, size);
  plan.set("a", a);
  plan.set("b", b);
  plan.set("c", result);
  await plan.run(work, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
  plan.read("c", result);
  return result;
}

function checkSpan(piece: string, { length }: Float32Array, floats: Readonly<Record<string, number>>): void {
  if (length === floats[piece]) return;
  const expected = `${floats[piece]} floats`;
  throw new VitrineError({ code: "shape", at: `gemm matrix ${piece}`, expected, found: `${length}` });
}

function isZero([re, im]: ComplexNumber): boolean {
  return re === 0 && im === 0;
}
