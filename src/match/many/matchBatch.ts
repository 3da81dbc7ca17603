import { fileExists } from "../../io/index.ts";
import type { BatchContext, BatchResult } from "../../jobs/index.ts";
import { collectMatch } from "../search/collect.ts";
import { planSearches } from "../search/configuredSearch.ts";
import { checkpointPath, type Part } from "../search/parts.ts";
import { runMatch } from "../search/program.ts";
import { type MicrographReport, type PlannedTarget, runTarget } from "./manyProgram.ts";
import { currentKernels } from "./record.ts";

/** A batch of a search in tasks: of one micrograph a part, or all its parts to be joined. */
export interface MatchBatch {
  readonly planned: PlannedTarget;
  /** Absent: the whole micrograph. */
  readonly part?: Part;
}

/** A batch as the engine keeps it: {@link MatchBatch} as JSON. */
export type StoredBatch = { readonly batch: string };

/**
 * Searches a part of a micrograph, from its checkpoint where there is one, into the state file of `--part`.
 *
 * @throws {VitrineError} unsupported: kernels other than those of the other batches; as `runMatch`; aborted, after a checkpoint
 */
export async function searchBatch({ batch }: StoredBatch, context: BatchContext): Promise<BatchResult> {
  const { planned, part }: MatchBatch = JSON.parse(batch);
  const { target, options } = planned;
  const { coarse: _, ...own } = options;
  await context.requireSame("kernels", await currentKernels());
  const tools = toolsOf(context);
  const { searches } = await planSearches(target.configPath, own);
  const checkpoints = searches.map(({ settings }) => checkpointPath(settings, part));
  const resume = (await Promise.all(checkpoints.map(fileExists))).some((isThere) => isThere);
  await runMatch(target.configPath, { ...own, ...tools, ...(part && { part }), resume, overwrite: true });
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
  const more = { ...toolsOf(context), resume: false, overwrite: true };
  if (options.coarse !== undefined) {
    await context.requireSame("kernels", await currentKernels());
    return runTarget(planned, more);
  }
  const { configPath } = target;
  const { particles, ...found } = await collectMatch(configPath, { ...options, ...more });
  const { zCutoff, correlations, files } = found;
  return { micrographPath, configPath, particles: particles.length, zCutoff, correlations, files };
}

function toolsOf({ cores: workers, signal, onProgress, onLog }: BatchContext) {
  return { workers, signal, onProgress, onLog };
}
