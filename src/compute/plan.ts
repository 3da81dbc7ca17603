import type { RunOptions } from "./job.ts";
import type { WorkerPool } from "./workerPool.ts";

/** Arrays that plans take and give. */
export type PlanArray = Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array;

/** The names and types that a kind of plan has. */
export interface PlanTypes {
  /** Arrays that can be set. */
  readonly input: string;
  /** Arrays that can be read after a run. */
  readonly output: string;
  /** What a run is told. */
  readonly work: unknown;
  /** What a run gives besides what can be read. */
  readonly outcome: unknown;
}

/**
 * Work that was checked and sized once, with the memory that it needs: set, run, read, as often as wanted, then dispose. Memory has names;
 * one copy goes in and one comes out, and no view of it ever leaves. Who uses a plan cannot tell which {@link Backend} made it.
 */
export interface Plan<Types extends PlanTypes> {
  /** Memory that it holds; known before it is made, see {@link BackendSizes.bytes}. */
  readonly bytes: number;
  /**
   * Copies values of array `name` in, from index `at` of its first axis on (default 0): all, or a part at a time.
   *
   * @throws {VitrineError} shape: not whole rows of that array; range: more than it has
   */
  set(name: Types["input"], data: PlanArray, at?: number): void;
  /** @throws {VitrineError} aborted: by `signal`, with its reason as cause; worker: a kernel or a thread failed */
  run(work: Types["work"], options?: RunOptions): Promise<Types["outcome"]>;
  /**
   * Fills `into` with values of array `name` from index `at` of its first axis on. A run leaves its results where they can be copied.
   *
   * @throws {VitrineError} as {@link set}
   */
  read(name: Types["output"], into: PlanArray, at?: number): void;
  /** Gives the memory back; a second call does nothing. Not while a run is under way. */
  dispose(): void;
}

/**
 * A kind of plan: what it is called, and how the backends make it. `Size` is all that its memory follows from; `Uses` names plans whose
 * data it works on, which therefore live at least as long.
 */
export interface PlanKind<Size, Made, Uses = unknown> {
  readonly name: `${string}/${string}`;
  readonly wasm: WasmMaker<Size, Made, Uses>;
}

/** How a kind of plan is made of WASM kernels on a pool's workers. */
export interface WasmMaker<Size, Made, Uses> {
  /** Bytes of a plan of this size on so many workers. @throws {VitrineError} shape, range: a size that cannot be */
  bytes(size: Size, workers: number): number;
  create(pool: WorkerPool, request: Size & Uses): Made;
}

/** Knows what plans take. */
export interface BackendSizes {
  /** Bytes that a plan of this size would take; nothing is allocated. @throws {VitrineError} shape, range */
  bytes<Size, Made, Uses>(kind: PlanKind<Size, Made, Uses>, size: Size): number;
}

/** What makes plans: WASM kernels in worker threads ({@link Pool}), or another way to the same results. */
export interface Backend extends BackendSizes {
  /** For reports: `wasm relaxed simd, 2 workers`. */
  readonly name: string;
  /** Number of workers that share a plan's work. */
  readonly workers: number;
  /** Makes a plan. Whoever makes it disposes of it. @throws {VitrineError} range: more memory than there is left; device */
  plan<Size, Made, Uses>(kind: PlanKind<Size, Made, Uses>, request: Size & Uses): Made;
}
