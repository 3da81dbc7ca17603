import type { Progress } from "../core/index.ts";
import type { JobTarget } from "./target.ts";

/** What a file of state holds: plain data of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Heavy work in batches. `init` makes them, each phase runs its own once those of the phase before are all done, `collect` joins what came
 * of them. The engine knows batches as JSON and results as JSON with files beside, and nothing of what they mean.
 */
export interface Step<Batch extends Json = Json, Result extends Json = Json, Outcome = unknown> {
  /** The name of its folder: letters, digits, `-` and `_`. */
  readonly name: string;
  /** In the order in which they run; at least one. */
  readonly phases: readonly Phase[];
  /** The batches of one phase, in an order that is always the same. Pulled once, before anything runs. */
  init(phase: string): AsyncIterable<Batch> | Iterable<Batch>;
  /** Joins the results, those of the first phase first, each phase in the order of its batches. */
  collect(results: AsyncIterable<StoredResult<Batch, Result>>, context: CollectContext): Promise<Outcome>;
  /** The same as a function of a module, for whoever has only the folder (`vitrine jobs collect`). */
  readonly collectTarget?: JobTarget;
}

/** Batches that may all run at once. */
export interface Phase {
  /** Letters, digits, `-` and `_`; no two phases have the same. */
  readonly name: string;
  /** A {@link BatchFunction} that another process, perhaps on another machine, can load. */
  readonly target: JobTarget;
  /** What a progress counts, in the plural; without `work` the batches themselves. */
  readonly unit: string;
  /** How much of `unit` a batch is; default 1. */
  readonly work?: (batch: Json) => number;
}

/** Runs one batch. It may run again at any time and anywhere, and then must give the same. */
export type BatchFunction<Batch extends Json = Json, Result extends Json = Json> = (
  batch: Batch,
  context: BatchContext,
) => Promise<BatchResult<Result>> | BatchResult<Result>;

/** What a batch gives; all of it is stored at once or not at all. */
export interface BatchResult<Result extends Json = Json> {
  readonly value: Result;
  /** By their names: bytes, or a file made at {@link BatchContext.scratch}, which is moved. */
  readonly files?: Readonly<Record<string, Uint8Array | { readonly path: string }>>;
}

/** A result as it is read. */
export interface StoredResult<Batch extends Json = Json, Result extends Json = Json> {
  readonly phase: string;
  /** The batch's place in its phase, from 0. */
  readonly index: number;
  readonly batch: Batch;
  readonly value: Result;
  /** Names of its files. */
  readonly files: readonly string[];
  /** @throws {VitrineError} missing: no such file; format: other bytes than were stored */
  read(file: string): Promise<Uint8Array>;
  /** Where a file lies, for whoever reads it in parts; undefined where results are in memory. */
  path(file: string): string | undefined;
}

/** What a batch may use beside its own data. */
export interface BatchContext {
  readonly phase: string;
  readonly index: number;
  /** What the step gives to all batches alike. */
  readonly options: Json;
  /** Threads that it may keep busy. */
  readonly cores: number;
  /** Raised by an interrupt or when its time is over: write a checkpoint and throw. */
  readonly signal: AbortSignal;
  /** How far this batch is, in any unit. */
  readonly onProgress: (progress: Progress) => void;
  /** A line of the batch's log; a `warning` also reaches whoever runs the step. */
  readonly onLog: (message: string, kind: "warning" | "note") => void;
  readonly checkpoint: Checkpoint;
  /** A path under which the batch may write a file of its own, nobody else's, on the disk of the results. */
  scratch(name: string): string;
  /** A result of an earlier phase. @throws {VitrineError} missing: it is not there */
  resultOf(phase: string, index: number): Promise<StoredResult>;
  /**
   * Something that takes long to make and holds nothing of a batch, such as threads: the first batch of a process that asks for this name makes it, the
   * others get the same. It is given back, or ends with the process, when no more batches come or one has failed.
   *
   * @throws whatever `make` throws
   */
  keep<Kept extends AsyncDisposable>(name: string, make: () => Promise<Kept>): Promise<Kept>;
  /**
   * Holds what this process finds against what the identity says, such as the variant of its kernels.
   *
   * @throws {VitrineError} unsupported: they differ
   */
  requireSame(part: string, value: Json): Promise<void>;
}

/** How far a batch came, kept by its own bytes; whole or not there, and never that of another identity. */
export interface Checkpoint {
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

/** What `collect` is given. */
export interface CollectContext {
  readonly options: Json;
  readonly onLog: (message: string, kind: "warning" | "note") => void;
}

/** What decides about results, by name: configuration, inputs, version, variant of kernels. Others are never joined with them. */
export type IdentityParts = Readonly<Record<string, Json>>;
