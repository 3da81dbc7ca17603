import * as platform from "#threads";
import {
  abortError,
  type OptionKeys,
  raceAbort,
  requireKnownOptions,
  requireNotAborted,
  VitrineError,
} from "../core/index.ts";
import {
  controlBytes,
  controlView,
  lateCallsWord,
  pauseClaims,
  raiseAbort,
  readProgress,
  resetControl,
} from "./control.ts";
import type { Job } from "./job.ts";
import { Arena, createMemory, type Region } from "./memory.ts";
import type { Backend, BackendSizes, PlanKind } from "./plan.ts";
import type { Member } from "./protocol.ts";
import type { Threads } from "./threads.ts";
import { type Outcome, WorkerGroup } from "./workerGroup.ts";
import { JOB_KEYS, type JobOptions, type WorkerPool } from "./workerPool.ts";

const POOL_KEYS: OptionKeys<PoolOptions> = {
  workers: true,
  relaxedSimd: true,
  entry: true,
  domains: true,
  countLateCalls: true,
  callingThread: true,
};

/** The first page is left alone: address 0 stays nobody's. */
const FIRST_ADDRESS = 65_536;

/** Time between two looks at the progress. */
const PROGRESS_MS = 100;

/** Options of {@link createPool}. */
export interface PoolOptions {
  /** Number of worker threads; default {@link defaultWorkerCount}. */
  readonly workers?: number | undefined;
  /** Whether kernels multiply and add in one instruction, which rounds differently; default what the engine can. */
  readonly relaxedSimd?: boolean;
  /** Built entry of the worker threads, where a lab has domains of its own to serve; default the package's. */
  readonly entry?: URL;
  /** Names of domains whose kernels the workers load as soon as they are there, and not with their first job. Default none. */
  readonly domains?: readonly string[];
  /** Count kernel calls that end after an abort, see `ThreadPool.lateCalls`; costs about 0.1 µs a call. Default false. */
  readonly countLateCalls?: boolean;
  /**
   * Whether the calling thread is one of the workers: one thread fewer starts, which is 10 MB. While a job runs it does nothing else, so that timers,
   * `onProgress` and `signal` wait for the job's end. For scripts in Node that have nothing else to do. Default false.
   */
  readonly callingThread?: boolean;
}

/** Worker threads that make plans of WASM kernels. Whoever creates a pool disposes of it. */
export interface Pool extends Backend, AsyncDisposable {
  /** Ends the threads; work in progress or waiting is rejected as aborted. */
  dispose(): Promise<void>;
}

/** Workers of a pool that is not told how many: `SLURM_CPUS_PER_TASK`, else the cgroup's quota, else the processors. */
export function defaultWorkerCount(): number {
  return platform.defaultWorkerCount();
}

/** What computes in a pool of this engine, without one: its name without its number of workers, as `wasm relaxed simd`. */
export function poolKernels(): string {
  return kernelsName(platform.hasRelaxedSimd());
}

function kernelsName(relaxedSimd: boolean): string {
  return `wasm ${relaxedSimd ? "relaxed simd" : "simd"}`;
}

/** What plans would take of a pool of so many workers, without one. */
export function poolSizes(workers = defaultWorkerCount()): BackendSizes {
  return { bytes: (kind, size) => kind.wasm.bytes(size, workers) };
}

/**
 * Starts the worker threads, which wait for work until the pool is disposed. Idle, they do not keep the process alive.
 *
 * @throws {VitrineError} range: `workers` below 1; missing: the package is not built; unsupported: a page without
 *   cross-origin isolation or `callingThread` in a page; device: the system refuses the addresses
 *
 * @example
 * await using pool = await createPool({ workers: 2 });
 */
export function createPool(options: PoolOptions = {}): Promise<Pool> {
  requireKnownOptions("createPool", options, POOL_KEYS);
  return createThreadPool(options);
}

/** {@link createPool} for those who know what a pool is made of; tests give it threads of their own. */
export async function createThreadPool(
  options: PoolOptions = {},
  threads: Threads = platform,
): Promise<ThreadPool> {
  const workers = checkCount("createPool workers", options.workers ?? threads.defaultWorkerCount());
  const { callingThread = false, entry } = options;
  threads.checkSupport();
  if (callingThread && entry !== undefined) throw callerOfAnother(entry);
  const relaxedSimd = threads.hasRelaxedSimd() && options.relaxedSimd !== false;
  const memory = createMemory(FIRST_ADDRESS / 65_536 + 1);
  const arena = new Arena(memory, { start: FIRST_ADDRESS });
  const { address: controlAddress } = arena.allocate(controlBytes(workers));
  const control = controlView(memory, controlAddress, workers);
  // the caller comes last, so that all others are at work when it begins
  const isCaller = (worker: number) => callingThread && worker === workers - 1;
  const group = new WorkerGroup(
    (events, worker) =>
      isCaller(worker) ? threads.enlistCaller(events) : threads.startThread(events, entry),
    // a caller that has not begun its part must not wait for threads that are gone
    { size: workers, onEnd: () => raiseAbort(control, workers) },
  );
  const countLateCalls = options.countLateCalls ?? false;
  const { domains = [] } = options;
  const how = { memory, controlAddress, workers, relaxedSimd, countLateCalls, domains };
  const init = { kind: "init", ...how } as const;
  try {
    await group.ask((worker) => ({ ...init, worker }));
  } catch (error) {
    await group.close(disposed());
    throw error;
  }
  return new ThreadPool({ memory, arena, group, workers, relaxedSimd, control });
}

interface Parts {
  readonly memory: WebAssembly.Memory;
  readonly arena: Arena;
  readonly group: WorkerGroup;
  readonly workers: number;
  readonly relaxedSimd: boolean;
  readonly control: Int32Array;
}

/** A pool as those see it who make plans of kernels. */
export class ThreadPool implements Pool, WorkerPool {
  readonly memory: WebAssembly.Memory;
  readonly workers: number;
  readonly name: string;
  readonly #arena: Arena;
  readonly #group: WorkerGroup;
  readonly #control: Int32Array;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ memory, arena, group, workers, relaxedSimd, control }: Parts) {
    this.memory = memory;
    this.workers = workers;
    this.name = `${kernelsName(relaxedSimd)}, ${workers} ${workers === 1 ? "worker" : "workers"}`;
    this.#arena = arena;
    this.#group = group;
    this.#control = control;
  }

  bytes<Size, Made, Uses>(kind: PlanKind<Size, Made, Uses>, size: Size): number {
    return kind.wasm.bytes(size, this.workers);
  }

  plan<Size, Made, Uses>(kind: PlanKind<Size, Made, Uses>, request: Size & Uses): Made {
    return kind.wasm.create(this, request);
  }

  allocate(bytes: number): Region {
    return this.#arena.allocate(bytes);
  }

  free(region: Region): void {
    this.#arena.free(region);
  }

  f32(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  f64(address: number, count: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, count);
  }

  i32(address: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, count);
  }

  u8(address: number, count: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, count);
  }

  /** For each worker, kernel calls of the last run that ended after its abort flag was raised (option `countLateCalls`). */
  lateCalls(): number[] {
    return Array.from({ length: this.workers }, (_, worker) =>
      Atomics.load(this.#control, lateCallsWord(worker)),
    );
  }

  async run<Parameters>(
    { name }: Job<Parameters>,
    parameters: Parameters,
    options: JobOptions = {},
  ): Promise<void> {
    requireKnownOptions(name, options, JOB_KEYS);
    const members = assignMembers(this.workers, checkTeams(options.teams ?? 1, this.workers));
    requireNotAborted(options.signal, `${name} job`);
    let begun = false;
    const work = this.#last.then(() => {
      begun = true;
      return this.#runNow({ name, parameters, members }, options);
    });
    this.#last = work.catch(() => {});
    // An abort while the job waits its turn need not wait for the turn.
    await raceAbort(work, options.signal, (reason) => {
      if (begun) return work;
      throw abortError(`${name} job`, reason);
    });
  }

  async #runNow(
    { name, parameters, members }: Request,
    { signal, onProgress, pause }: JobOptions,
  ): Promise<void> {
    requireNotAborted(signal, `${name} job`);
    resetControl(this.#control);
    const hold = () => pause?.onPause(pauseClaims(this.#control));
    if (pause?.signal.aborted) hold();
    else pause?.signal.addEventListener("abort", hold, { once: true });
    const stop = () => raiseAbort(this.#control, this.workers);
    const progress = watchProgress(() => readProgress(this.#control), onProgress, stop);
    signal?.addEventListener("abort", stop, { once: true });
    let outcome: Outcome;
    try {
      outcome = await this.#group.ask((worker) => ({
        kind: "run",
        job: name,
        parameters,
        member: members[worker],
      }));
    } finally {
      signal?.removeEventListener("abort", stop);
      pause?.signal.removeEventListener("abort", hold);
      progress.end();
    }
    progress.rethrow();
    if (signal?.aborted || outcome === "stopped") throw abortError(`${name} job`, signal?.reason);
  }

  /** The memory goes when nobody refers to it. */
  async dispose(): Promise<void> {
    await this.#group.close(disposed());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

interface Request {
  readonly name: string;
  readonly parameters: unknown;
  readonly members: readonly Member[];
}

/** Splits workers into contiguous teams whose sizes differ by one at most. */
function assignMembers(workers: number, teams: number): Member[] {
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

function checkCount(at: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count;
  throw new VitrineError({ code: "range", at, expected: "a whole number from 1 to 1024", found: `${count}` });
}

function checkTeams(teams: number, workers: number): number {
  if (Number.isInteger(teams) && teams >= 1 && teams <= workers) return teams;
  const expected = `a whole number from 1 to ${workers}, the pool's workers`;
  throw new VitrineError({ code: "range", at: "pool.run teams", expected, found: `${teams}` });
}

function callerOfAnother({ href }: URL): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: "createPool callingThread",
    expected: "the package's own domains",
    found: `the entry ${href}`,
    hint: "Leave callingThread or entry out",
  });
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
