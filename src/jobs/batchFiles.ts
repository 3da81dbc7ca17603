/** What is kept of one batch: itself, its result, its checkpoint, and how its last run ended. */
import { randomBytes } from "node:crypto";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { hashOf, requireSameIdentity } from "./identity.ts";
import { batchFile, NAME, parseState, type StepFolder } from "./layout.ts";
import {
  badState,
  readState,
  readStateJson,
  removeState,
  sealFile,
  storageError,
  writeState,
} from "./stateFiles.ts";
import type { BatchResult, Checkpoint, Json, StoredResult } from "./step.ts";

/** One batch of a step. */
export interface BatchPlace {
  readonly phase: string;
  /** From 0, within its phase. */
  readonly index: number;
}

/** How a run ended that gave no result. */
export interface BatchEnd {
  readonly state: "failed" | "stopped";
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What was JSON's text a moment ago: nothing in it needs another look. */
const JSON_VALUE = z.custom<Json>((value) => value !== undefined);
const BATCH = z.strictObject({ work: z.number().nonnegative(), value: JSON_VALUE });
const END = z.strictObject({ state: z.enum(["failed", "stopped"]), message: z.string(), at: z.string() });
const BEAT = z.strictObject({
  count: z.int(),
  at: z.string(),
  host: z.string(),
  pid: z.int(),
  share: z.number(),
});
const RESULT = z.strictObject({
  identity: z.record(z.string(), z.string()),
  batch: z.string(),
  value: JSON_VALUE,
  files: z.record(z.string(), z.strictObject({ stored: z.string(), bytes: z.number(), sha256: z.string() })),
  seconds: z.number(),
  host: z.string(),
});
type ResultRecord = z.infer<typeof RESULT>;

/** Reads a batch. @throws {VitrineError} missing, format, storage */
export async function readBatch(
  folder: StepFolder,
  place: BatchPlace,
): Promise<{ work: number; value: Json }> {
  const at = batchFile(folder.path, "batches", place);
  const value = await readStateJson(at, 2000);
  if (value === undefined) throw missing(at, "the batch");
  return parseState(value, BATCH, at);
}

/**
 * Stores a result: its files under names of their own, then the record that names them, which replaces an earlier one at once. Two runs of
 * a batch at the same time leave the result of one.
 *
 * @throws {VitrineError} storage; type: a file's name that is none
 */
export async function writeResult(
  folder: StepFolder,
  place: BatchPlace,
  {
    result,
    seconds,
    host,
  }: { readonly result: BatchResult; readonly seconds: number; readonly host: string },
): Promise<void> {
  const at = batchFile(folder.path, "results", place);
  const token = randomBytes(6).toString("hex");
  const before = await readResultRecord(folder, place).catch(() => undefined); // one that cannot be read is replaced
  const names = Object.keys(result.files ?? {});
  for (const name of names) if (!NAME.test(name)) throw badName(`${place.phase} ${place.index}`, name);
  // all at once: each waits for the disk most of the time
  const sealing = Object.entries(result.files ?? {}).map(async ([name, file]) => {
    const path = batchFile(folder.path, "results", { ...place, ending: `.${token}.${name}` });
    if (file instanceof Uint8Array) await writeState(path, file);
    else await moveFile(file.path, path);
    return [name, { stored: `${token}.${name}`, ...(await sealFile(path)) }] as const;
  });
  await Promise.allSettled(sealing); // what fails leaves none behind that still writes
  const files: ResultRecord["files"] = Object.fromEntries(await Promise.all(sealing));
  const batch = await hashOf((await readBatch(folder, place)).value);
  const record = { identity: folder.identity, batch, value: result.value, files, seconds, host };
  await writeState(at, record);
  for (const { stored } of Object.values(before?.files ?? {}))
    await removeState(batchFile(folder.path, "results", { ...place, ending: `.${stored}` }));
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  } catch (error) {
    throw storageError(error, from);
  }
}

/** What is stored of a batch's result; undefined if there is none. @throws {VitrineError} format: also of another identity or batch */
export async function readResultRecord(
  folder: StepFolder,
  place: BatchPlace,
  waitMs = 0,
): Promise<ResultRecord | undefined> {
  const at = batchFile(folder.path, "results", place);
  const value = await readStateJson(at, waitMs);
  if (value === undefined) return undefined;
  const record = parseState(value, RESULT, at);
  requireSameIdentity(record.identity, folder.identity, at);
  if (record.batch !== (await hashOf((await readBatch(folder, place)).value)))
    throw badState(at, "the result of this batch", "that of another one");
  return record;
}

/** Reads a result. @throws {VitrineError} missing: it is not there, after some patience; format: foreign, or damaged */
export async function readResult(folder: StepFolder, place: BatchPlace): Promise<StoredResult> {
  const at = batchFile(folder.path, "results", place);
  const record = await readResultRecord(folder, place, 2000);
  if (record === undefined) throw missing(at, "the result of a batch that is done");
  const { value: batch } = await readBatch(folder, place);
  const path = (name: string): string => {
    const file = record.files[name];
    if (file === undefined) throw missing(`${at} files.${name}`, "a file that the batch gave");
    return batchFile(folder.path, "results", { ...place, ending: `.${file.stored}` });
  };
  return {
    ...place,
    batch,
    value: record.value,
    files: Object.keys(record.files).sort(),
    path,
    async read(name) {
      const where = path(name);
      const bytes = await readState(where, 2000);
      if (bytes === undefined) throw missing(where, "a file that the batch gave");
      if ((await hashOf(new Uint8Array(bytes))) === record.files[name].sha256) return new Uint8Array(bytes);
      throw badState(where, "the bytes that the batch gave", "others");
    },
  };
}

/** Removes a result, its record first; one that cannot be read too. @throws {VitrineError} storage */
export async function forgetResult(folder: StepFolder, place: BatchPlace): Promise<void> {
  const record = await readResultRecord(folder, place).catch(() => undefined); // foreign or damaged: what it names is not known
  await removeState(batchFile(folder.path, "results", place));
  for (const { stored } of Object.values(record?.files ?? {}))
    await removeState(batchFile(folder.path, "results", { ...place, ending: `.${stored}` }));
}

/** Notes how a run ended that gave no result. */
export async function writeEnd(
  folder: StepFolder,
  place: BatchPlace,
  end: Omit<BatchEnd, "at">,
): Promise<void> {
  await writeState(batchFile(folder.path, "ends", place), { ...end, at: new Date().toISOString() });
}

/** How the last run ended that gave no result; undefined if none did. */
export async function readEnd(folder: StepFolder, place: BatchPlace): Promise<BatchEnd | undefined> {
  const at = batchFile(folder.path, "ends", place);
  const value = await readStateJson(at);
  return value === undefined ? undefined : parseState(value, END, at);
}

/** The last sign of life of a run; undefined if there is none. */
export async function readHeartbeat(
  folder: StepFolder,
  place: BatchPlace,
): Promise<z.infer<typeof BEAT> | undefined> {
  const at = batchFile(folder.path, "heartbeats", place);
  const value = await readStateJson(at);
  return value === undefined ? undefined : parseState(value, BEAT, at);
}

/** Where a run's signs of life go. */
export function heartbeatFile(folder: StepFolder, place: BatchPlace): string {
  return batchFile(folder.path, "heartbeats", place);
}

/**
 * The checkpoint of a batch: a line that says whose it is, then the bytes. One of another identity or batch is none.
 *
 * @param onWrite  told of each that is written
 */
export function checkpointOf(
  folder: StepFolder,
  place: BatchPlace,
  onWrite: () => void = () => {},
): Checkpoint {
  const at = checkpointFile(folder, place);
  const owner = async () => hashOf([{ ...folder.identity }, (await readBatch(folder, place)).value]);
  return {
    async read() {
      const bytes = await readState(at);
      const end = bytes?.indexOf(10) ?? -1;
      if (bytes === undefined || end < 0) return undefined;
      return new TextDecoder().decode(bytes.subarray(0, end)) === (await owner())
        ? new Uint8Array(bytes.subarray(end + 1))
        : undefined;
    },
    async write(bytes) {
      const head = new TextEncoder().encode(`${await owner()}\n`);
      const whole = new Uint8Array(head.length + bytes.length);
      whole.set(head);
      whole.set(bytes, head.length);
      await writeState(at, whole);
      onWrite();
    },
  };
}

/** Where the checkpoint of a batch lies. */
export function checkpointFile(folder: StepFolder, place: BatchPlace): string {
  return batchFile(folder.path, "checkpoints", { ...place, ending: ".bin" });
}

/** A result is there: what led to it is not needed any more. */
export async function forgetRun(folder: StepFolder, place: BatchPlace): Promise<void> {
  await removeState(checkpointFile(folder, place));
  await removeState(batchFile(folder.path, "ends", place));
}

function missing(at: string, expected: string): VitrineError {
  const hint = "Resubmit the step: what is missing runs again";
  return new VitrineError({ code: "missing", at, expected, found: "nothing", hint });
}

function badName(at: string, name: string): VitrineError {
  return new VitrineError({
    code: "type",
    at: `${at} files`,
    expected: "names of letters, digits, dots, - and _",
    found: JSON.stringify(name),
  });
}
