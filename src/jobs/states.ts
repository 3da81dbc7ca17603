/** What is known of batches by their files alone: the same from any machine, at any time. */
import {
  type BatchPlace,
  checkpointFile,
  readBatch,
  readEnd,
  readHeartbeat,
  readResultRecord,
} from "./batchFiles.ts";
import { batchFile, readStepFolder, type StepFolder } from "./layout.ts";
import { readState, stateExists } from "./stateFiles.ts";
import type { Json } from "./step.ts";

/**
 * `pending`: it has not begun, or was stopped; `running`: it gives signs of life; `done`: its result is there; `failed`: it, or its time,
 * ended without one; `lost`: it began, and gives no signs of life any more.
 */
export type BatchState = "pending" | "running" | "done" | "failed" | "lost";

/** All states, in the order in which they are told. */
export const BATCH_STATES: readonly BatchState[] = ["pending", "running", "done", "failed", "lost"];

/** One batch as its files tell. */
export interface BatchInfo extends BatchPlace {
  readonly state: BatchState;
  /** Of its progress's unit. */
  readonly work: number;
  /** What of it is done, 0 to 1. */
  readonly share: number;
  /** That its result took. */
  readonly seconds?: number;
  /** The machine that runs it or gave its result. */
  readonly host?: string;
  /** Why it failed or was stopped. */
  readonly message?: string;
  /** Whether it can go on from where it came to. */
  readonly hasCheckpoint: boolean;
}

/** A step as its files tell. */
export interface StepInfo {
  readonly name: string;
  readonly path: string;
  readonly phases: readonly PhaseInfo[];
  readonly batches: readonly BatchInfo[];
  /** Together, of all results. */
  readonly seconds: number;
}

/** How many batches of a phase are in which state. */
export interface PhaseInfo {
  readonly name: string;
  readonly unit: string;
  readonly counts: Readonly<Record<BatchState, number>>;
}

/** Signs of life come every so many ms. */
export const HEARTBEAT_MS = 10_000;

/** A batch without a sign of life for so long is lost; clocks of machines may differ by less. */
export const LOST_AFTER_MS = 120_000;

/**
 * What is known of all batches of a step.
 *
 * @param path  the step's own folder
 * @throws {VitrineError} missing: no step there; unsupported: of another layout; format: a foreign or damaged result, by name
 */
export async function stepInfo(path: string, lostAfterMs: number = LOST_AFTER_MS): Promise<StepInfo> {
  const folder = await readStepFolder(path);
  const batches: BatchInfo[] = [];
  for (const phase of folder.record.phases)
    for (let index = 0; index < phase.batches; index++)
      batches.push(await batchInfo(folder, { phase: phase.name, index }, lostAfterMs));
  const phases = folder.record.phases.map(({ name, unit }) => ({
    name,
    unit,
    counts: countStates(batches.filter((batch) => batch.phase === name)),
  }));
  const seconds = batches.reduce((sum, batch) => sum + (batch.seconds ?? 0), 0);
  return { name: folder.record.name, path, phases, batches, seconds };
}

function countStates(batches: readonly BatchInfo[]): Record<BatchState, number> {
  const counts = { pending: 0, running: 0, done: 0, failed: 0, lost: 0 };
  for (const { state } of batches) counts[state]++;
  return counts;
}

/** What is known of one batch. @throws {VitrineError} format: a foreign or damaged result */
export async function batchInfo(
  folder: StepFolder,
  place: BatchPlace,
  lostAfterMs: number = LOST_AFTER_MS,
): Promise<BatchInfo> {
  const { work } = await readBatch(folder, place);
  const result = await readResultRecord(folder, place);
  const common = { ...place, work, hasCheckpoint: await stateExists(checkpointFile(folder, place)) };
  if (result !== undefined)
    return { ...common, state: "done", share: 1, seconds: result.seconds, host: result.host };
  const beat = await readHeartbeat(folder, place);
  if (beat !== undefined) {
    const isLost = Date.now() - Date.parse(beat.at) > lostAfterMs;
    return { ...common, state: isLost ? "lost" : "running", share: beat.share, host: beat.host };
  }
  const end = await readEnd(folder, place);
  if (end === undefined) return { ...common, state: "pending", share: 0 };
  return { ...common, state: end.state === "failed" ? "failed" : "pending", share: 0, message: end.message };
}

/** What a batch is, as `init` made it. @throws {VitrineError} missing: no such step or batch; format; storage */
export async function readStepBatch(path: string, place: BatchPlace): Promise<Json> {
  return (await readBatch(await readStepFolder(path), place)).value;
}

/** The log of a batch, of all its runs; empty if it has not begun. @throws {VitrineError} missing: no such step; storage */
export async function stepLog(path: string, place: BatchPlace): Promise<string> {
  const folder = await readStepFolder(path);
  const bytes = await readState(batchFile(folder.path, "logs", { ...place, ending: ".log" }));
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}
