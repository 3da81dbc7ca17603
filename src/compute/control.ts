/**
 * The pool's control block: Int32 words in shared memory that all workers and the owner touch with Atomics.
 * Every word that somebody writes while others read lies in a cache line of its own.
 */

/** Int32 words of one cache line (64 bytes). */
const LINE = 16;

/** Pool-wide counters for {@link WorkerContext.claim}. */
export const CLAIM_SLOTS = 64;

const ABORT = 0;
const PROGRESS = LINE;
const CLAIMS = 2 * LINE;
const PER_WORKER = CLAIMS + CLAIM_SLOTS * LINE;

/** Lines of one worker and of the team that has its number (there are never more teams than workers). */
const WORKER_LINES = 6;

/** Words of one team. */
export interface TeamWords {
  /** Ranges given out in the current phase. */
  readonly counter: number;
  /** Members that have arrived at the barrier. */
  readonly arrived: number;
  /** Grows by one when a barrier opens, and when work is aborted; members sleep on it. */
  readonly generation: number;
  /** Two words in turn, by which the first member tells the others a number. */
  readonly shared: readonly [number, number];
}

/** Bytes of the block for a number of workers. */
export function controlBytes(workers: number): number {
  return 4 * (PER_WORKER + workers * WORKER_LINES * LINE);
}

/** The block at `address` as words. Stays valid when the memory grows, since it lies near its start. */
export function controlView(memory: WebAssembly.Memory, address: number, workers: number): Int32Array {
  return new Int32Array(memory.buffer, address, controlBytes(workers) / 4);
}

/** Indices of the words of team `team`. */
export function teamWords(team: number): TeamWords {
  const first = PER_WORKER + team * WORKER_LINES * LINE;
  const shared = first + 3 * LINE;
  return {
    counter: first,
    arrived: first + LINE,
    generation: first + 2 * LINE,
    shared: [shared, shared + LINE],
  };
}

/** Index of the word that counts kernel calls of a worker which ended after the abort flag was raised. */
export function lateCallsWord(worker: number): number {
  return PER_WORKER + worker * WORKER_LINES * LINE + 5 * LINE;
}

/** Sets every word to zero. Only while all workers are idle. */
export function resetControl(control: Int32Array): void {
  control.fill(0);
}

/**
 * Raises the abort flag, then opens every team's barrier. The generation changes as well as being notified:
 * a member between its last look at the flag and its sleep would otherwise miss the call.
 */
export function raiseAbort(control: Int32Array, teams: number): void {
  Atomics.store(control, ABORT, 1);
  for (let team = 0; team < teams; team++) {
    const { generation } = teamWords(team);
    Atomics.add(control, generation, 1);
    Atomics.notify(control, generation);
  }
}

/** Whether the running job is to stop. */
export function isAborted(control: Int32Array): boolean {
  return Atomics.load(control, ABORT) !== 0;
}

/** Takes the next number, from 0, of counter `slot` (below {@link CLAIM_SLOTS}). */
export function claim(control: Int32Array, slot: number): number {
  return Atomics.add(control, CLAIMS + slot * LINE, 1);
}

/** Far above what any job counts, below what an Int32 holds. */
const PAUSED = 1 << 30;

/** Lets counter 0 give out nothing more that a job has; how many numbers it gave before. */
export function pauseClaims(control: Int32Array): number {
  return Atomics.add(control, CLAIMS, PAUSED);
}

/** Adds to the pool's progress. */
export function report(control: Int32Array, amount: number): void {
  Atomics.add(control, PROGRESS, amount);
}

/** Progress since the job began, below 2³². */
export function readProgress(control: Int32Array): number {
  return Atomics.load(control, PROGRESS) >>> 0;
}
