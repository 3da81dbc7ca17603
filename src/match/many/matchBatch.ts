import { z } from "zod";
import { poolKernels } from "../../compute/index.ts";
import { fileExists, parseWithSchema } from "../../io/index.ts";
import type { BatchContext, BatchResult, CollectContext, Json, StoredResult } from "../../jobs/index.ts";
import { coarsePaths } from "../coarse/coarseResults.ts";
import { collectMatch } from "../search/collect.ts";
import { planSearches } from "../search/configuredSearch.ts";
import { checkpointPath, type Part } from "../search/parts.ts";
import { runMatch } from "../search/program.ts";
import { joinTables } from "./jointTable.ts";
import { type MicrographReport, micrographReport, type PlannedTarget, runTarget } from "./manyProgram.ts";
import { removeParts } from "./partFiles.ts";
import type { ManyReport } from "./runMany.ts";

/** A batch of a search in tasks: of one micrograph a part, or all its parts to be joined. */
export interface MatchBatch {
  readonly planned: PlannedTarget;
  /** Absent: the whole micrograph. */
  readonly part?: Part;
}

/** A batch as the engine keeps it: {@link MatchBatch} as JSON. */
export type StoredBatch = { readonly batch: string };

/** What {@link collectMicrographs} is told, as the engine keeps it. */
export type CollectChoices = {
  /** The joint table; null where one micrograph has only its own. */
  readonly table: string | null;
  /** Parts of each micrograph; their states are removed once everything is joined, unless they are kept. */
  readonly parts: number;
  readonly keepsParts: boolean;
};

const CHOICES: z.ZodType<CollectChoices> = z.strictObject({
  table: z.string().nullable(),
  parts: z.int().min(0),
  keepsParts: z.boolean(),
});

/**
 * Searches a part of a micrograph, from its checkpoint where there is one, into the state file of `--part`.
 *
 * @throws {VitrineError} unsupported: kernels other than those of the other batches; as `runMatch`; aborted, after a checkpoint
 */
export async function searchBatch({ batch }: StoredBatch, context: BatchContext): Promise<BatchResult> {
  const { planned, part }: MatchBatch = JSON.parse(batch);
  const { target, options } = planned;
  const { coarse: _, ...own } = options;
  const { searches } = await planSearches(target.configPath, own);
  const checkpoints = searches.map(({ settings }) => checkpointPath(settings, part));
  await fromCheckpoint(checkpoints, context, (more) =>
    runMatch(target.configPath, { ...own, ...more, ...(part && { part }) }),
  );
  return { value: null };
}

/** Joins the parts of a micrograph and writes its results; a search with a coarse pass, which has no parts, is done here. */
export async function finishBatch(
  { batch }: StoredBatch,
  context: BatchContext,
): Promise<BatchResult<{ readonly report: string }>> {
  const { planned }: MatchBatch = JSON.parse(batch);
  const report = await finish(planned, context);
  return { value: { report: JSON.stringify(report) } };
}

async function finish(planned: PlannedTarget, context: BatchContext): Promise<MicrographReport> {
  const { target, options, micrographPath } = planned;
  const { configPath } = target;
  const { coarse } = options;
  if (coarse !== undefined) {
    const { searches } = await planSearches(configPath, options);
    const checkpoints = searches.map(({ settings }) => coarsePaths(settings, coarse.factor).checkpoint);
    return fromCheckpoint(checkpoints, context, (more) => runTarget(planned, more));
  }
  const more = { ...toolsOf(context), resume: false, overwrite: true };
  const found = await collectMatch(configPath, { ...options, ...more });
  return micrographReport({ micrographPath, configPath }, found);
}

/** Runs a search from one of its checkpoints, which are its own files; where one is there after an abort the engine is told so. */
async function fromCheckpoint<T>(
  checkpoints: readonly string[],
  context: BatchContext,
  search: (
    more: ReturnType<typeof toolsOf> & { readonly resume: boolean; readonly overwrite: true },
  ) => Promise<T>,
): Promise<T> {
  await context.requireSame("kernels", poolKernels());
  const there = async () => {
    for (const path of checkpoints) if (await fileExists(path)) return path;
    return undefined;
  };
  const resume = (await there()) !== undefined;
  try {
    return await search({ ...toolsOf(context), resume, overwrite: true });
  } catch (error) {
    const path = context.signal.aborted ? await there() : undefined;
    if (path !== undefined) await context.checkpoint.write(new TextEncoder().encode(path));
    throw error;
  }
}

function toolsOf({ cores: workers, signal, onProgress, onLog }: BatchContext) {
  return { workers, signal, onProgress, onLog };
}

/**
 * Writes the joint table of all micrographs, and removes the states of their parts.
 *
 * @throws {VitrineError} as `joinTables`; storage
 */
export async function collectMicrographs(
  results: AsyncIterable<StoredResult<StoredBatch, Json>>,
  { options }: Pick<CollectContext, "options">,
): Promise<ManyReport> {
  const { table, parts, keepsParts } = parseWithSchema(options, CHOICES, "step.json options");
  const all: PlannedTarget[] = [];
  const micrographs: MicrographReport[] = [];
  for await (const { phase, batch, value } of results) {
    if (phase !== "finish") continue;
    const { planned }: MatchBatch = JSON.parse(batch.batch);
    all.push(planned);
    micrographs.push(reportOf(value));
  }
  const [{ particles: own, files }] = micrographs;
  const tables = all.map(({ particlesPath }) => particlesPath);
  const particles = table === null ? own : await joinTables(tables, table);
  if (!keepsParts) for (const planned of all) await removeParts(planned, parts);
  return { micrographs, particles, files: table === null ? files : [table] };
}

function reportOf(value: Json): MicrographReport {
  const { report } = parseWithSchema(value, z.strictObject({ report: z.string() }), "result of a micrograph");
  return JSON.parse(report);
}
