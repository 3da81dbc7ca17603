import { makeFolder, writeFileAtomic, writeFileNow } from "#files";
import {
  type PackedError,
  packError,
  VitrineError,
  type WorkerThread,
  type WorkerThreadEvents,
} from "../../../core/index.ts";
import type { BandJob, StoreFile } from "./band.ts";
import { type ChannelStatistics, runBandJob } from "./bandJob.ts";

/** A job for a thread. */
export interface BandQuestion {
  readonly id: number;
  readonly job: BandJob;
}

/** What became of it. */
export type BandAnswer =
  | { readonly id: number; readonly found: ChannelStatistics }
  | { readonly id: number; readonly error: PackedError };

/** A thread that does jobs of bands. */
export type BandThread = WorkerThread<BandQuestion>;
export type BandThreadEvents = WorkerThreadEvents<BandAnswer>;

/** Does a job and gives its answer as a message, also where it failed. */
export async function answerBand({ id, job }: BandQuestion): Promise<BandAnswer> {
  try {
    return { id, found: await runBandJob(job, storeChunkNow) };
  } catch (error) {
    return { id, error: packError(error) };
  }
}

/** Folders that are known to be there. */
const made = new Set<string>();
const MOST_FOLDERS = 10_000;

/** A chunk appears under its name when it is whole, so that a program that is killed leaves none cut short. */
export const storeChunk: StoreFile = (path, bytes) => storeCopy(path, bytes.slice());

/** The same before it returns, where its folder is there. */
const storeChunkNow: StoreFile = (path, bytes) => {
  if (!made.has(folderOf(path))) return storeChunk(path, bytes);
  try {
    writeFileNow(path, bytes);
  } catch (error) {
    // a store of this name was removed since
    if (error instanceof VitrineError && error.code === "missing") return storeChunk(path, bytes);
    throw error;
  }
  return undefined;
};

async function storeCopy(path: string, bytes: Uint8Array): Promise<void> {
  const folder = folderOf(path);
  const isKnown = made.has(folder);
  if (!isKnown) await makeMissing(folder);
  try {
    await writeFileAtomic(path, bytes, { overwrite: true, durability: "process" });
  } catch (error) {
    if (!isKnown || !(error instanceof VitrineError) || error.code !== "missing") throw error;
    await makeMissing(folder);
    await writeFileAtomic(path, bytes, { overwrite: true, durability: "process" });
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

async function makeMissing(folder: string): Promise<void> {
  await makeFolder(folder, { durability: "process" });
  if (made.size >= MOST_FOLDERS) made.clear();
  made.add(folder);
}
