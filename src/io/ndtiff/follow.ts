import { fileExists, openFile } from "#files";
import { VitrineError } from "../../core/index.ts";
import type { NdtiffDataset } from "./dataset.ts";
import { INDEX_NAME, type NdtiffEntry, within } from "./format.ts";
import type { IndexPart, IndexReader } from "./indexEntries.ts";
import { isWhole, recoverImages } from "./recover.ts";

/** Reads what is new in the index of a folder; nothing where there is none. @throws {VitrineError} format, storage */
export async function readIndex(
  folder: string,
  reader: IndexReader,
): Promise<Pick<IndexPart, "entries" | "ending">> {
  const path = within(folder, INDEX_NAME);
  if (!(await fileExists(path))) return { entries: [], ending: "whole" };
  const file = await openFile(path);
  try {
    return await reader.read(file);
  } finally {
    await file.close();
  }
}

/** Makes images known, and the names of channels that are numbers. */
export async function addEntries(
  dataset: NdtiffDataset,
  entries: readonly NdtiffEntry[],
  { areRecovered = false }: { readonly areRecovered?: boolean } = {},
): Promise<void> {
  for (const entry of entries) {
    if (areRecovered) dataset.addRecovered(entry);
    else dataset.add(entry);
    const { channel } = entry.axes;
    if (typeof channel !== "number" || dataset.knowsChannel(channel)) continue;
    dataset.nameChannel(channel, await channelName(dataset, entry, channel));
  }
}

/** Sees what another program adds to a folder. */
export class Follower {
  readonly #folder: string;
  readonly #reader: IndexReader;
  readonly #openNext: ((level: number) => Promise<NdtiffDataset | undefined>) | undefined;
  #lookedWhole = false;

  /** @param openNext  opens a level of a pyramid if it is there by now */
  constructor(
    folder: string,
    reader: IndexReader,
    openNext?: (level: number) => Promise<NdtiffDataset | undefined>,
  ) {
    this.#folder = folder;
    this.#reader = reader;
    this.#openNext = openNext;
  }

  /** Adds the images and levels that are new, and says so when the writer is done. @throws {VitrineError} format, storage */
  async follow(dataset: NdtiffDataset): Promise<void> {
    const { entries } = await readIndex(this.#folder, this.#reader);
    const fresh = entries.filter((entry) => !dataset.knows(entry));
    await addEntries(dataset, fresh);
    await this.#addLevels(dataset);
    const lower = dataset.levels.slice(1).map((level) => dataset.level(level));
    for (const level of lower) await level.refresh();
    // between two stacks a writer may look finished for a moment: the second look in a row counts
    const isQuiet = fresh.length === 0 && lower.every((level) => level.isFinished);
    const isDone = isQuiet && (await this.#isWhole(dataset));
    if (isDone && this.#lookedWhole) dataset.finish();
    this.#lookedWhole = isDone;
  }

  async #addLevels(dataset: NdtiffDataset): Promise<void> {
    for (;;) {
      const next = await this.#openNext?.(dataset.levels.length);
      if (next === undefined) return;
      dataset.addLevel(next);
    }
  }

  async #isWhole({ lastEntry }: NdtiffDataset): Promise<boolean> {
    if (lastEntry !== undefined) return isWhole(lastEntry, this.#folder);
    return (await recoverImages([], { folder: this.#folder, downsampling: 1 })).isFinished;
  }
}

/** Before version 3.2 channels are numbers: their names stand in the summary metadata, or in those of their images. */
async function channelName(dataset: NdtiffDataset, entry: NdtiffEntry, channel: number): Promise<string> {
  const { ChNames: names } = dataset.summaryMetadata;
  const listed: unknown = Array.isArray(names) ? names[channel] : undefined;
  if (typeof listed === "string") return listed;
  try {
    const { Channel: name } = await dataset.readMetadata(entry.axes);
    return typeof name === "string" ? name : String(channel);
  } catch (error) {
    // no stack, or broken metadata: whoever reads them is told
    if (error instanceof VitrineError && (error.code === "missing" || error.code === "format"))
      return String(channel);
    throw error;
  }
}
