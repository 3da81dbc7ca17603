import { progressTeller, requireNotAborted, VitrineError } from "../../core/index.ts";
import { fileExists } from "../../io/index.ts";
import { BLOCK_TEMPLATES } from "../kernels/index.ts";
import type { MatchOptions } from "./matchOptions.ts";
import type { TemplateSearch } from "./search.ts";
import {
  type ExpectedState,
  MergedStatistics,
  readSearchState,
  type SearchStatistics,
  type StateHeader,
  writeSearchState,
} from "./searchState.ts";

/** Which blocks of a search are run, and where what is done of them is kept. */
export interface CheckpointedRange {
  readonly fingerprint: string;
  /** See {@link StateHeader.choices}. */
  readonly choices?: Readonly<Record<string, string>>;
  readonly firstBlock: number;
  readonly lastBlock: number;
  /** Path of the checkpoint. */
  readonly checkpoint: string;
}

/**
 * Runs a range of blocks with a checkpoint now and then; with `resume` it goes on from the last one.
 *
 * @returns the header of the finished state, for {@link writeSearchState}
 * @throws {VitrineError} format: a checkpoint of another search; storage; aborted; worker
 */
export async function runCheckpointed(
  search: TemplateSearch,
  { checkpoint, ...range }: CheckpointedRange,
  options: MatchOptions,
): Promise<StateHeader> {
  const { size, blockCount, kernels } = search;
  const header = { ...range, kernels, shape: size.mapShape, blockCount };
  const nextBlock = options.resume
    ? await restore(search, checkpoint, { header, options })
    : range.firstBlock;
  await runBlocks(search, { ...header, nextBlock }, { options, checkpoint });
  return { ...header, nextBlock: range.lastBlock };
}

/** @throws {VitrineError} exists: a checkpoint of an earlier run, which is neither continued nor overwritten */
export async function refuseCheckpoint(
  at: string,
  { resume = false, overwrite = false }: Pick<MatchOptions, "resume" | "overwrite">,
): Promise<void> {
  if (resume || overwrite) return;
  const hint = "Continue with --resume, or start again with --overwrite";
  await refuseExisting(at, { expected: "no earlier run", found: "its checkpoint", hint });
}

/** @throws {VitrineError} exists: a file of this name */
export async function refuseExisting(
  at: string,
  message: { expected: string; found: string; hint: string },
): Promise<void> {
  if (await fileExists(at)) throw new VitrineError({ code: "exists", at, ...message });
}

/** The statistics of a finished state, in memory of their own. @throws {VitrineError} missing, storage, format */
export async function loadStatistics(path: string, expected: ExpectedState): Promise<SearchStatistics> {
  return readSearchState(path, expected, async (file) => {
    const merged = new MergedStatistics(file.header.shape);
    await merged.add(file);
    return merged;
  });
}

/** Puts the statistics of a checkpoint back; returns the block to continue with. */
async function restore(
  search: TemplateSearch,
  path: string,
  { header, options }: { header: Omit<StateHeader, "nextBlock">; options: MatchOptions },
): Promise<number> {
  if (!(await fileExists(path))) {
    options.onLog?.(`${path} is not there: starting from the beginning`, "warning");
    return header.firstBlock;
  }
  return readSearchState(path, header, async (file) => {
    await file.load((name, values, row) => search.statistics.set(name, values, row));
    const { nextBlock, hits } = file.header;
    if (hits !== undefined) search.statistics.hits?.restore(await file.hits(), hits.threshold);
    options.onLog?.(`continuing at block ${nextBlock} of ${header.lastBlock} from ${path}`, "note");
    return nextBlock;
  });
}

/**
 * Runs ranges of blocks that take about as long as the time between checkpoints, and writes one after each; at an abort the blocks that
 * are under way are finished, and a checkpoint is written at once.
 */
async function runBlocks(
  search: TemplateSearch,
  header: StateHeader,
  { options, checkpoint }: { options: MatchOptions; checkpoint: string },
): Promise<void> {
  const { checkpointSeconds = 60, signal, onProgress } = options;
  const { firstBlock, lastBlock } = header;
  const correlations = (blocks: number) =>
    Math.min(search.size.correlations, blocks * BLOCK_TEMPLATES) - firstBlock * BLOCK_TEMPLATES;
  const total = Math.max(0, correlations(lastBlock));
  const before = Math.max(0, correlations(header.nextBlock));
  const tell = progressTeller(onProgress, { unit: "correlations", before });
  const save = () => writeSearchState(checkpoint, { ...header, nextBlock: next }, search.statistics);
  let next = header.nextBlock;
  let size = 1;
  while (next < lastBlock) {
    const start = performance.now();
    const end = Math.min(lastBlock, next + size);
    const sofar = Math.max(0, correlations(next)) - before;
    const onDone = (done: number) => tell(sofar + done, total);
    const range = { firstBlock: next, lastBlock: end, pause: signal };
    next = await search.runUntil(range, { onProgress: onDone });
    if (signal?.aborted) {
      if (next > firstBlock) await save();
      requireNotAborted(signal, "template search");
    }
    const seconds = (performance.now() - start) / 1000;
    size = Math.max(1, Math.min(4 * size, Math.floor((size * checkpointSeconds) / seconds)));
    const due = seconds >= checkpointSeconds / 4;
    if (next < lastBlock && due) await save();
  }
}

/**
 * Tells who aborted some work how to go on, where one of its checkpoints is there.
 *
 * @throws {VitrineError} what the work throws; aborted: with the checkpoint in its hint
 */
export async function tellingOfCheckpoints<T>(
  checkpoints: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== "aborted") throw error;
    for (const path of checkpoints)
      if (await fileExists(path)) {
        const hint = `--resume continues from ${path}`;
        throw new VitrineError({ ...error.fault, hint }, { cause: error.cause });
      }
    throw error;
  }
}
