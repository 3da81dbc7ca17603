import { type BackendSizes, createPool, MEMORY_LIMIT, type Pool, poolSizes } from "../compute/index.ts";
import { type Progress, VitrineError } from "../core/index.ts";
import { prepareResultFiles, type ResultFiles, type ResultPlaces, writeTogether } from "../io/essentials.ts";

/**
 * Gets what a user should know. A `warning` says what was left out, guessed, has no effect or looks wrong; a `note` tells what
 * happens.
 */
export type Log = (message: string, kind: "warning" | "note") => void;

/** What every program takes beside its own options. */
export interface ProgramOptions {
  /** Worker threads; default `defaultWorkerCount`. */
  readonly workers?: number;
  /** Ends it: no result is there then. */
  readonly signal?: AbortSignal;
  /** How far it is; the unit may change, where one kind of work follows another. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: Log;
  /** Told once what computes, before it does: `wasm relaxed simd, 2 workers`. */
  readonly onBackend?: (backend: string) => void;
}

/** What is known of a program's run before it begins. */
export interface ProgramNeeds extends ResultPlaces {
  /** Bytes that its plans will take; nothing is allocated yet. */
  readonly bytes?: (sizes: BackendSizes) => number;
  /** Whatever else can be found wrong without work. */
  readonly check?: () => Promise<void>;
}

/** What a program works with. */
export interface ProgramTools {
  readonly pool: Pool;
  /** Takes the results, which come to their places together when the work is done. */
  readonly results: ResultFiles;
}

/**
 * The frame of a program that has read its settings and opened its inputs: checks that its results can be written and its memory is to be
 * had, makes a pool, lets it work, puts its results in their places together, and gives the pool back.
 *
 * @returns what `work` returns, once the results are in their places
 * @throws {VitrineError} exists, storage: as `prepareResultFiles`; range: more memory than a pool can have; and whatever `check` and
 *   `work` throw, in which case no result is there
 */
export async function runProgram<Report>(
  needs: ProgramNeeds,
  options: ProgramOptions,
  work: (tools: ProgramTools) => Promise<Report>,
): Promise<Report> {
  const { check, bytes, ...places } = needs;
  await prepareResultFiles(places);
  await check?.();
  if (bytes !== undefined) requireMemory(bytes(poolSizes(options.workers)));
  return withPool(options, (pool) => writeTogether((results) => work({ pool, results })));
}

/** Gives `work` a pool, says what computes, and disposes of the pool whatever happens. */
export async function withPool<Result>(
  { workers, onBackend }: Pick<ProgramOptions, "workers" | "onBackend">,
  work: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  await using pool = await createPool({ workers });
  onBackend?.(pool.name);
  return await work(pool);
}

function requireMemory(bytes: number): void {
  if (bytes <= MEMORY_LIMIT) return;
  const gib = (count: number) => (count / 2 ** 30).toFixed(2);
  throw new VitrineError({
    code: "range",
    at: "memory",
    expected: `at most ${gib(MEMORY_LIMIT)} GiB, what 32 bits address`,
    found: `${gib(bytes)} GiB`,
    hint: "Take a smaller image, template or padding, or fewer workers",
  });
}
