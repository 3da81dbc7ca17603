import { fileExists, listFolder, openFile } from "#files";
import { entryEnd, even, type NdtiffEntry, parseStackName, stackName, within } from "./format.ts";
import { isTorn, readStackHeader } from "./stackHeader.ts";
import { walkStack, wholeJson } from "./walk.ts";

/** What the stacks hold that the index does not, and the reverse. */
export interface Recovery {
  /** Images that the index lacks. */
  readonly entries: readonly NdtiffEntry[];
  /** How many entries of the index, from its start, are believed: what the last ones name may never have been written. */
  readonly intact: number;
  /** Nobody writes the dataset any more: the last stack ends with its last image. */
  readonly isFinished: boolean;
}

interface Folder {
  readonly folder: string;
  readonly downsampling: number;
}

/**
 * Looks for images behind those of the index. For a finished dataset this is one look at the size of its last stack and one
 * for the name of another; where something follows, the IFDs are walked from there on.
 *
 * @throws {VitrineError} storage
 */
export async function recoverImages(indexed: readonly NdtiffEntry[], where: Folder): Promise<Recovery> {
  const last = indexed.at(-1);
  if (last !== undefined && (await isWhole(last, where.folder)))
    return { entries: [], intact: indexed.length, isFinished: true };
  const intact = await countIntact(indexed, where.folder);
  return { ...(await walkBehind(indexed[intact - 1], where)), intact };
}

/** Whether nothing follows the last image of an index: its stack ends there, or is not there, and no other one follows. */
export async function isWhole(last: NdtiffEntry, folder: string): Promise<boolean> {
  const path = within(folder, last.file);
  if (!(await fileExists(path))) return true;
  const file = await openFile(path);
  await file.close();
  const isEnd = file.size >= entryEnd(last) && file.size <= even(entryEnd(last));
  return isEnd && (await stacksAfter(last.file, folder)).length === 0;
}

/** Names of the stacks of a folder, in the order in which they were written. */
export async function stacksIn(folder: string): Promise<string[]> {
  const numbered = (await listFolder(folder)).flatMap((name) => {
    const parts = parseStackName(name);
    return parts === undefined ? [] : [{ name, ...parts }];
  });
  return numbered.sort((a, b) => a.number - b.number).map(({ name }) => name);
}

/** Stacks that continue this one, by their names: a clean dataset pays for one look. */
async function stacksAfter(file: string, folder: string): Promise<string[]> {
  const parts = parseStackName(file);
  if (parts === undefined) return [];
  const names: string[] = [];
  for (let next = parts.number + 1; ; next++) {
    const name = stackName(parts.prefix, next);
    if (!(await fileExists(within(folder, name)))) return names;
    names.push(name);
  }
}

type Walked = Omit<Recovery, "intact">;

/** Walks what lies behind an image; without one, everything. */
async function walkBehind(last: NdtiffEntry | undefined, where: Folder): Promise<Walked> {
  if (last === undefined) return walkStacks(await stacksIn(where.folder), where);
  const names = await stacksAfter(last.file, where.folder);
  const behind = await walkFile(last.file, where, even(entryEnd(last)));
  const later = await walkStacks(names, where);
  const isFinished = names.length > 0 ? later.isFinished : behind.isFinished;
  return { entries: behind.entries.concat(later.entries), isFinished };
}

/** Metadata are written last: the last image whose metadata are there ends what is believed of an index. */
async function countIntact(indexed: readonly NdtiffEntry[], folder: string): Promise<number> {
  for (let count = indexed.length; count > 0; count--)
    if (await isIntact(indexed[count - 1], folder)) return count;
  return 0;
}

async function isIntact(entry: NdtiffEntry, folder: string): Promise<boolean> {
  const path = within(folder, entry.file);
  // an index without its stack is believed: its pixels are missing
  if (!(await fileExists(path))) return true;
  const file = await openFile(path);
  try {
    if (entryEnd(entry) > file.size) return false;
    return wholeJson(await file.read(entry.metadataOffset, entry.metadataBytes)) !== undefined;
  } finally {
    await file.close();
  }
}

async function walkStacks(names: readonly string[], where: Folder): Promise<Walked> {
  let entries: readonly NdtiffEntry[] = [];
  let isFinished = names.length > 0;
  for (const name of names) {
    const found = await walkFile(name, where);
    entries = entries.concat(found.entries);
    isFinished = found.isFinished;
  }
  return { entries, isFinished };
}

/** Walks a stack from an offset, or from its start; one that ends within its header was just being made. */
async function walkFile(name: string, { folder, downsampling }: Folder, offset?: number): Promise<Walked> {
  const file = await openFile(within(folder, name));
  try {
    if (await isTorn(file)) return { entries: [], isFinished: false };
    const { bigEndian, firstIfd, end } = await readStackHeader(file);
    const from = offset ?? (firstIfd === 0 ? even(end) : firstIfd);
    const entries: NdtiffEntry[] = [];
    for await (const entry of walkStack(file, { stack: name, bigEndian, from, downsampling }))
      entries.push(entry);
    const last = entries.at(-1);
    return { entries, isFinished: file.size <= even(last === undefined ? from : entryEnd(last)) };
  } finally {
    await file.close();
  }
}
