import { openFile, openWritable, removeFile, writeFileAtomic } from "#files";
import type { WritableFile } from "../files.ts";
import type { NdtiffDataset } from "./dataset.ts";
import { entryEnd, entryLayout, even, INDEX_NAME, type NdtiffEntry, within } from "./format.ts";
import { ifdBytes, NEXT_IFD_AT } from "./ifd.ts";
import { formatIndexEntry } from "./indexEntries.ts";
import { stacksIn } from "./recover.ts";
import { FIRST_IFD_AT, isTorn, readStackHeader } from "./stackHeader.ts";

/** Entries that are written at once. */
const BATCH = 4096;

/**
 * Writes what a crashed folder lacks: an index of all its images, the links between them, and the end of its stacks. A stack
 * without a whole header, and so without an image, is removed.
 *
 * @throws {VitrineError} storage
 */
export async function repairFolder(folder: string, dataset: NdtiffDataset): Promise<void> {
  const entries = dataset.imageCoordinates().map((axes) => dataset.entry(axes));
  await writeFileAtomic(within(folder, INDEX_NAME), indexChunks(entries), { overwrite: true });
  const names = await stacksIn(folder);
  const last = dataset.lastEntry?.file;
  for (const name of names.slice(last === undefined ? 0 : Math.max(0, names.indexOf(last)))) {
    const images = entries.filter((entry) => entry.file === name);
    await repairStack(within(folder, name), images);
  }
}

function* indexChunks(entries: readonly NdtiffEntry[]): Generator<Uint8Array> {
  for (let first = 0; first < entries.length; first += BATCH) {
    const parts = entries.slice(first, first + BATCH).map(formatIndexEntry);
    const chunk = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      chunk.set(part, at);
      at += part.length;
    }
    yield chunk;
  }
}

async function repairStack(path: string, images: readonly NdtiffEntry[]): Promise<void> {
  const header = await headerOf(path);
  if (header === undefined) return removeFile(path);
  const sorted = [...images].sort((a, b) => a.pixelOffset - b.pixelOffset);
  const end = Math.max(header.end, ...sorted.slice(-1).map(entryEnd));
  const file = await openWritable(path, { create: false });
  try {
    let link = FIRST_IFD_AT;
    for (const entry of sorted) {
      const ifd = entry.pixelOffset - ifdBytes(entryLayout(entry).channels);
      await mendLink(file, link, { next: ifd, end, bigEndian: header.bigEndian });
      link = ifd + NEXT_IFD_AT;
    }
    await mendLink(file, link, { next: 0, end, bigEndian: header.bigEndian });
    await file.resize(end);
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Link {
  readonly next: number;
  readonly end: number;
  readonly bigEndian: boolean;
}

/** Sets an offset that leads nowhere: 0 before the last image, or behind the end. Others are left as they are. */
async function mendLink(file: WritableFile, at: number, { next, end, bigEndian }: Link): Promise<void> {
  const bytes = await file.read(at, 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  const found = view.getUint32(0, !bigEndian);
  if (found > 0 && found < even(end)) return;
  view.setUint32(0, next, !bigEndian);
  await file.write([bytes], at);
}

async function headerOf(path: string): Promise<{ end: number; bigEndian: boolean } | undefined> {
  const file = await openFile(path);
  try {
    return (await isTorn(file)) ? undefined : await readStackHeader(file);
  } finally {
    await file.close();
  }
}
