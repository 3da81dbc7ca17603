import { fileExists, listFolder, openFile } from "#files";
import type { RandomAccessFile } from "../files.ts";
import { entryEnd, even, type NdtiffEntry, parseStackName, stackName, within } from "./format.ts";
import { readStackHeader } from "./stackHeader.ts";
import { walkStack } from "./walk.ts";

/** What the stacks hold that the index does not. */
export interface Recovery {
  readonly entries: readonly NdtiffEntry[];
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
  if (last === undefined) return walkStacks(await stacksIn(where.folder), where);
  if (await isWhole(last, where.folder)) return { entries: [], isFinished: true };
  const names = await stacksAfter(last.file, where.folder);
  const behind = await walkFile(last.file, where, even(entryEnd(last)));
  const later = await walkStacks(names, where);
  const isFinished = names.length > 0 ? later.isFinished : behind.isFinished;
  return { entries: [...behind.entries, ...later.entries], isFinished };
}

/** Whether nothing follows the last image of an index: its stack ends there, or is not there, and no other one follows. */
export async function isWhole(last: NdtiffEntry, folder: string): Promise<boolean> {
  const path = within(folder, last.file);
  if (!(await fileExists(path))) return true;
  const file = await openFile(path);
  await file.close();
  return file.size <= even(entryEnd(last)) && (await stacksAfter(last.file, folder)).length === 0;
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

async function walkStacks(names: readonly string[], where: Folder): Promise<Recovery> {
  const entries: NdtiffEntry[] = [];
  let isFinished = names.length > 0;
  for (const name of names) {
    const found = await walkFile(name, where);
    entries.push(...found.entries);
    isFinished = found.isFinished;
  }
  return { entries, isFinished };
}

/** Walks a stack from an offset, or from its start; one that ends within its header was just being made. */
async function walkFile(name: string, { folder, downsampling }: Folder, offset?: number): Promise<Recovery> {
  const file = await openFile(within(folder, name));
  try {
    if (await isBlank(file)) return { entries: [], isFinished: false };
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

/** Nothing was written: no bytes, or zeros that the writer had reserved. */
export async function isBlank(file: RandomAccessFile): Promise<boolean> {
  const start = await file.read(0, Math.min(8, file.size));
  return start.length < 8 || start.every((byte) => byte === 0);
}
