/** Batches in processes of this machine. */
import { availableParallelism, totalmem } from "node:os";
import { VitrineError } from "../core/index.ts";
import type { BatchPlace } from "./batchFiles.ts";
import type { LocalEngine } from "./engine.ts";
import type { StepFolder } from "./layout.ts";
import { type LocalEnd, type LocalRun, TaskProcesses } from "./taskProcess.ts";

/**
 * Runs batches of one phase, a few at a time, each in a process that runs nothing else meanwhile.
 *
 * @param run  `processes`: those that stay for the next phase; whoever has them closes them
 * @returns how each that was begun ended; after an abort the others are not begun
 * @throws {VitrineError} range: more cores or memory than the machine has; storage
 */
export async function runLocally(
  folder: StepFolder,
  places: readonly BatchPlace[],
  { processes, ...run }: LocalRun & { readonly processes?: TaskProcesses },
): Promise<LocalEnd[]> {
  const waiting = [...places];
  const atOnce = Math.min(tasksAtOnce(run.engine), places.length);
  const engine = { ...run.engine, cores: coresOfEach(run.engine, atOnce) };
  const ends: LocalEnd[] = [];
  const own = processes ?? new TaskProcesses();
  const lane = async () => {
    for (let place = waiting.shift(); place !== undefined && !run.signal?.aborted; place = waiting.shift())
      ends.push(await own.run(folder, place, { ...run, engine }));
  };
  const lanes = Array.from({ length: atOnce }, lane);
  const settled = await Promise.allSettled(lanes); // a batch that cannot start must not leave others behind
  if (processes === undefined) own.close();
  for (const one of settled) if (one.status === "rejected") throw one.reason;
  return ends;
}

/** How many batches run at once. @throws {VitrineError} range: not even one fits */
export function tasksAtOnce(engine: LocalEngine): number {
  const { cores = 1, memoryBytes = 0, tasks = Number.POSITIVE_INFINITY } = engine;
  const allCores = engine.totalCores ?? availableParallelism();
  const allBytes = engine.totalMemoryBytes ?? machineBytes();
  if (cores > allCores) throw tooMuch("cores", `at most ${allCores}, what this machine has`, `${cores}`);
  if (memoryBytes > allBytes)
    throw tooMuch("memory", `at most ${gib(allBytes)}, what this machine has`, gib(memoryBytes));
  const byMemory = memoryBytes > 0 ? Math.floor(allBytes / memoryBytes) : Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(tasks, Math.floor(allCores / cores), byMemory));
}

/** Where fewer batches run at once than might, they share what the others would have. */
export function coresOfEach(engine: LocalEngine, atOnce: number): number {
  const { cores = 1, tasks = Number.POSITIVE_INFINITY } = engine;
  const allCores = Math.min(engine.totalCores ?? availableParallelism(), tasks * cores);
  return Math.max(cores, Math.floor(allCores / Math.max(1, atOnce)));
}

function machineBytes(): number {
  const limit = process.constrainedMemory(); // of the control group; 0 or 2^64 and near it where there is none
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function tooMuch(what: string, expected: string, found: string): VitrineError {
  const hint = "Ask for less for each batch, or take a cluster";
  return new VitrineError({ code: "range", at: `${what} of a batch`, expected, found, hint });
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
