import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";
import { type BatchPlace, forgetResult } from "./batchFiles.ts";
import { ENGINE_KEYS, type EngineOptions, type LocalEngine, requireKnownEngine } from "./engine.ts";
import { readStepFolder } from "./layout.ts";
import { runLocally } from "./local.ts";
import { PhaseProgress } from "./phaseProgress.ts";
import { type BatchInfo, batchInfo } from "./states.ts";

const RUN_BATCH_KEYS: OptionKeys<RunBatchOptions> = {
  ...ENGINE_KEYS,
  anew: true,
};

/** What {@link runBatch} takes. */
export interface RunBatchOptions extends Omit<EngineOptions, "engine"> {
  readonly engine?: LocalEngine;
  /** Remove its result first, and make it again. Default false: one that is there stays. */
  readonly anew?: boolean;
}

/**
 * Runs one batch of a step in a process of this machine.
 *
 * @param path  the step's own folder
 * @returns     its state, which is done
 * @throws {VitrineError} missing: no step, or no such batch; worker: it failed, with its own words; aborted; storage
 */
export async function runBatch(
  path: string,
  place: BatchPlace,
  given: RunBatchOptions = {},
): Promise<BatchInfo> {
  requireKnownOptions("runBatch", given, RUN_BATCH_KEYS);
  requireKnownEngine(given.engine);
  const { engine = { kind: "local" }, anew = false, ...options } = given;
  const folder = await readStepFolder(path);
  const phase = folder.record.phases.find(({ name }) => name === place.phase);
  const at = `${folder.record.name} ${place.phase} ${place.index}`;
  if (phase === undefined || !(place.index >= 0 && place.index < phase.batches))
    throw new VitrineError({ code: "missing", at, expected: "a batch of this step", found: "none" });
  if (anew) await forgetResult(folder, place);
  const { work } = await batchInfo(folder, place);
  const common = { unit: phase.unit, total: work, before: 0, onProgress: options.onProgress };
  const progress = new PhaseProgress(new Map([[place.index, work]]), common);
  await runLocally(folder, [place], { ...options, engine, progress });
  const info = await batchInfo(folder, place);
  if (info.state === "done") return info;
  const code = options.signal?.aborted ? "aborted" : "worker";
  const found = info.message?.replace(/\.$/, "") ?? `one that is ${info.state}`;
  throw new VitrineError({ code, at, expected: "a batch that is done", found, hint: "Its log tells more" });
}
