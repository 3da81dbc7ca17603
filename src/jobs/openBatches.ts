/** What of a step is still to do, and the errors that say so. */
import { abortError, VitrineError } from "../core/index.ts";
import type { BatchPlace } from "./batchFiles.ts";
import type { PhaseRecord, StepFolder } from "./layout.ts";
import { type BatchInfo, batchInfo, stepInfo } from "./states.ts";

/** A batch without a result. */
export interface OpenBatch extends BatchPlace {
  readonly work: number;
}

/** Batches of a phase without a result, and the work of those that have one. @throws {VitrineError} format: a foreign result */
export async function openBatches(
  folder: StepFolder,
  phase: PhaseRecord,
): Promise<{ readonly missing: OpenBatch[]; readonly before: number }> {
  const missing: OpenBatch[] = [];
  let before = 0;
  for (const place of placesOf(phase)) {
    const { state, work } = await batchInfo(folder, place);
    if (state === "done") before += work;
    else missing.push({ ...place, work });
  }
  return { missing, before };
}

/** @throws {VitrineError} timeout, worker: batches failed; missing: they have not run. The first is named with its own words */
export async function requireDone(
  folder: StepFolder,
  phase: PhaseRecord,
  reasons: ReadonlyMap<number, string> = new Map(),
): Promise<void> {
  const open: BatchInfo[] = [];
  for (const place of placesOf(phase)) {
    const info = await batchInfo(folder, place);
    if (info.state !== "done") open.push(info);
  }
  if (open.length === 0) return;
  const first = open.find(({ state }) => state === "failed") ?? open[0];
  const message = reasons.get(first.index) ?? first.message;
  const others = open.length > 1 ? `, and ${open.length - 1} more of ${phase.batches}` : "";
  const found = `${message?.replace(/\.$/, "") ?? `one that is ${first.state}`}${others}`;
  const isLate = /its time (of .*)?is over|TIMEOUT/.test(message ?? "");
  const isFailure = first.state === "failed" || message !== undefined;
  throw new VitrineError({
    code: isLate ? "timeout" : isFailure ? "worker" : "missing",
    at: `${folder.record.name} ${phase.name} ${first.index}`,
    expected: "a batch that is done",
    found,
    hint: `${isLate ? "Give it longer (--duration)" : "Its log tells more"}; resubmitting runs what is missing, and keeps what is done`,
  });
}

/** The error of an interrupt: what is done, and whether it can be gone on from. */
export async function interrupted(folder: StepFolder, reason: unknown): Promise<VitrineError> {
  const { batches } = await stepInfo(folder.path);
  const done = batches.filter(({ state }) => state === "done").length;
  const kept = batches.filter(({ state, hasCheckpoint }) => state !== "done" && hasCheckpoint).length;
  const error = abortError(folder.record.name, reason);
  const checkpoints = kept === 0 ? "" : `, ${kept} ${kept === 1 ? "has a checkpoint" : "have checkpoints"}`;
  return new VitrineError(
    {
      ...error.fault,
      found: `an abort when ${done} of ${batches.length} batches were done${checkpoints}`,
      ...(done + kept > 0 && {
        hint: `What is done is kept: vitrine jobs resubmit ${folder.path} goes on from it, as does --resume`,
      }),
    },
    { cause: reason },
  );
}

function placesOf(phase: PhaseRecord): BatchPlace[] {
  return Array.from({ length: phase.batches }, (_, index) => ({ phase: phase.name, index }));
}
