import * as platform from "#threads";
import { VitrineError } from "../core/index.ts";
import {
  controlBytes,
  controlView,
  lateCallsWord,
  raiseAbort,
  readProgress,
  resetControl,
} from "./control.ts";
import { Crew, type Outcome } from "./crew.ts";
import { Arena, createMemory, type Region } from "./memory.ts";
import type { Job, Seat } from "./protocol.ts";
import type { Threads } from "./threads.ts";

/** Bytes at the start of the memory that belong to the WASM module's static data. */
const MODULE_BYTES = 65_536;

/** Time between two looks at the progress. */
const PROGRESS_MS = 100;

/** Options of {@link createPool}. */
export interface PoolOptions {
  /** Number of worker threads; default {@link defaultWorkerCount}. */
  readonly workers?: number | undefined;
  /** Count kernel calls that end after an abort, see {@link Pool.lateCalls}; costs about 0.1 µs a call. Default false. */
  readonly countLateCalls?: boolean;
}

/** Options of {@link Pool.run}. */
export interface RunOptions {
  /** Teams that the workers split into, 1 to their number; default 1, all workers on the same ranges. */
  readonly teams?: number;
  readonly signal?: AbortSignal;
  /** Gets what the job has reported so far, about ten times a second and once at the end; unit: the job's. */
  readonly onProgress?: (done: number) => void;
}

/** Workers of a pool that is not told how many: `SLURM_CPUS_PER_TASK`, else the cgroup's quota, else the processors. */
export function defaultWorkerCount(): number {
  return platform.defaultWorkerCount();
}

/**
 * Starts the worker threads, which wait for work until the pool is disposed. Idle, they do not keep the process alive.
 *
 * @throws {VitrineError} range: `workers` below 1; missing: the package is not built; unsupported: a page without
 *   cross-origin isolation; device: the system refuses the addresses
 *
 * @example
 * await using pool = await createPool({ workers: 2 });
 */
export function createPool(options: PoolOptions = {}): Promise<Pool> {
  return createPoolOn(platform, options);
}

/** {@link createPool} on given threads. */
export async function createPoolOn(threads: Threads, options: PoolOptions = {}): Promise<Pool> {
  const workers = checkCount("createPool workers", options.workers ?? threads.defaultWorkerCount());
  threads.checkSupport();
  const module = await threads.loadKernels();
  const memory = createMemory(MODULE_BYTES / 65_536 + 1);
  const arena = new Arena(memory, { start: MODULE_BYTES });
  const { address: controlAddress } = arena.allocate(controlBytes(workers));
  const crew = new Crew(threads, workers);
  const countLateCalls = options.countLateCalls ?? false;
  const init = { kind: "init", module, memory, controlAddress, workers, countLateCalls } as const;
  try {
    await crew.ask((worker) => ({ ...init, worker }));
  } catch (error) {
    await crew.close(disposed());
    throw error;
  }
  return new Pool({ memory, arena, crew, workers, control: controlView(memory, controlAddress, workers) });
}

interface Parts {
  readonly memory: WebAssembly.Memory;
  readonly arena: Arena;
  readonly crew: Crew;
  readonly workers: number;
  readonly control: Int32Array;
}

/**
 * Worker threads over one shared memory, made by {@link createPool}. Whoever creates a pool disposes of it; plans take their
 * memory from it and give it back.
 */
export class Pool {
  /** Shared by all workers. It grows: never keep a view of it, ask for a new one. */
  readonly memory: WebAssembly.Memory;
  /** Number of worker threads. */
  readonly workers: number;
  readonly #arena: Arena;
  readonly #crew: Crew;
  readonly #control: Int32Array;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ memory, arena, crew, workers, control }: Parts) {
    this.memory = memory;
    this.workers = workers;
    this.#arena = arena;
    this.#crew = crew;
    this.#control = control;
  }

  /** Takes memory, see {@link Arena.allocate}; contents are whatever was there. The caller frees it. */
  allocate(bytes: number): Region {
    return this.#arena.allocate(bytes);
  }

  /** Gives memory back. */
  free(region: Region): void {
    this.#arena.free(region);
  }

  /** A fresh view of `count` floats at `address`. */
  f32(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  /** A fresh view of `count` doubles at `address`. */
  f64(address: number, count: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, count);
  }

  /** A fresh view of `count` 32-bit integers at `address`. */
  i32(address: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, count);
  }

  /** A fresh view of `count` bytes at `address`. */
  u8(address: number, count: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, count);
  }

  /** For each worker, kernel calls of the last run that ended after its abort flag was raised (option `countLateCalls`). */
  lateCalls(): number[] {
    return Array.from({ length: this.workers }, (_, worker) =>
      Atomics.load(this.#control, lateCallsWord(worker)),
    );
  }

  /**
   * Runs one job on all workers. Jobs run one at a time in the order of their calls.
   *
   * @throws {VitrineError} aborted: by `signal` (its reason is the cause) or by `dispose`, once every worker has stopped;
   *   worker: a kernel trapped (the pool stays usable) or a thread died (it does not); range: `teams`; else what the job throws
   */
  async run(job: Job, options: RunOptions = {}): Promise<void> {
    const seats = assignSeats(this.workers, checkTeams(options.teams ?? 1, this.workers));
    if (options.signal?.aborted) throw aborted(job, options.signal.reason);
    let begun = false;
    const work = this.#last.then(() => {
      begun = true;
      return this.#runNow(job, seats, options);
    });
    this.#last = work.catch(() => {});
    // An abort while the job waits its turn need not wait for the turn.
    const waiting = onAbort(options.signal, (reason) => {
      if (!begun) waiting.reject(aborted(job, reason));
    });
    await Promise.race([work, waiting.promise]).finally(waiting.stop);
  }

  async #runNow(job: Job, seats: readonly Seat[], { signal, onProgress }: RunOptions): Promise<void> {
    if (signal?.aborted) throw aborted(job, signal.reason);
    resetControl(this.#control);
    const stop = () => raiseAbort(this.#control, this.workers);
    const progress = watchProgress(() => readProgress(this.#control), onProgress, stop);
    signal?.addEventListener("abort", stop, { once: true });
    let outcome: Outcome;
    try {
      outcome = await this.#crew.ask((worker) => ({ kind: "run", job, seat: seats[worker] }));
    } finally {
      signal?.removeEventListener("abort", stop);
      progress.end();
    }
    progress.rethrow();
    if (signal?.aborted || outcome === "stopped") throw aborted(job, signal?.reason);
  }

  /** Ends the threads; work in progress or waiting is rejected as aborted. The memory goes when nobody refers to it. */
  async dispose(): Promise<void> {
    await this.#crew.close(disposed());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Splits workers into contiguous teams whose sizes differ by one at most. */
function assignSeats(workers: number, teams: number): Seat[] {
  const first = (team: number) => Math.floor((team * workers) / teams);
  return Array.from({ length: teams }, (_, team) => {
    const size = first(team + 1) - first(team);
    return Array.from({ length: size }, (_, rank) => ({ team, teams, rank, size }));
  }).flat();
}

interface Watch {
  end(): void;
  /** Throws what the listener threw. */
  rethrow(): void;
}

/** Tells `listener` of new progress; if it throws, stops the work and keeps the error. */
function watchProgress(
  read: () => number,
  listener: ((done: number) => void) | undefined,
  stop: () => void,
): Watch {
  let told = -1;
  let failure: { error: unknown } | undefined;
  const look = () => {
    const done = read();
    if (done === told || failure !== undefined) return;
    told = done;
    try {
      listener?.(done);
    } catch (error) {
      failure = { error };
      stop();
    }
  };
  const timer = listener === undefined ? undefined : setInterval(look, PROGRESS_MS);
  return {
    end() {
      clearInterval(timer);
      look();
    },
    rethrow() {
      if (failure !== undefined) throw failure.error;
    },
  };
}

interface AbortWait {
  /** Never resolves; rejects by `reject`. */
  readonly promise: Promise<never>;
  reject(error: VitrineError): void;
  stop(): void;
}

function onAbort(signal: AbortSignal | undefined, react: (reason: unknown) => void): AbortWait {
  let reject: (error: VitrineError) => void = () => {};
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  const listener = () => react(signal?.reason);
  signal?.addEventListener("abort", listener, { once: true });
  return { promise, reject, stop: () => signal?.removeEventListener("abort", listener) };
}

function checkCount(at: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count;
  throw new VitrineError({ code: "range", at, expected: "a whole number from 1 to 1024", found: `${count}` });
}

function checkTeams(teams: number, workers: number): number {
  if (Number.isInteger(teams) && teams >= 1 && teams <= workers) return teams;
  const expected = `a whole number from 1 to ${workers}, the pool's workers`;
  throw new VitrineError({ code: "range", at: "pool.run teams", expected, found: `${teams}` });
}

function aborted(job: Job, cause: unknown): VitrineError {
  const fault = { code: "aborted", at: `${job.kind} job`, expected: "to finish", found: "an abort" } as const;
  return new VitrineError(fault, { cause });
}

function disposed(): VitrineError {
  return new VitrineError({
    code: "aborted",
    at: "pool",
    expected: "to be in use",
    found: "that it was disposed",
    hint: "Create another",
  });
}
