import { fileExists, openFile, readFileBytes } from "#files";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { NdtiffDataset } from "./dataset.ts";
import { addEntries, Follower, readIndex } from "./follow.ts";
import {
  DISPLAY_SETTINGS,
  FULL_RESOLUTION,
  INDEX_NAME,
  levelFolder,
  malformed,
  type NdtiffEntry,
  type NdtiffVersion,
  noDataset,
  within,
} from "./format.ts";
import { IndexReader } from "./indexEntries.ts";
import { decodeJsonObject } from "./json.ts";
import { recoverImages, stacksIn } from "./recover.ts";
import { repairFolder } from "./repair.ts";
import { StackFiles } from "./stackFiles.ts";
import { isBlank, readStackHeader } from "./stackHeader.ts";

/** Options of {@link openNdtiff}. */
export interface OpenNdtiffOptions {
  /**
   * Write what a crashed dataset lacks: its index is written anew, and its last stack cut to its last image, so that other
   * programs read it (default false: nothing is written). No other program may be writing it.
   */
  readonly repair?: boolean;
  /** Time between two looks at the index while somebody waits for an image that another program writes (default 100). */
  readonly pollMs?: number;
}

const KEYS: OptionKeys<OpenNdtiffOptions> = {
  repair: true,
  pollMs: true,
};

/**
 * Opens an NDTiff dataset, version 2.0 or 3.0 to 3.3, a pyramid or a single folder. Only the index and one header are read.
 * Where the index lacks images because the writer crashed or is still at work, they are found in the stacks; `recovered`
 * counts them.
 *
 * A folder with an index alone opens, too; its pixels are missing.
 *
 * @param folder  path of the dataset; in a browser, the address of a finished one
 * @throws {VitrineError} missing: no NDTiff dataset; format: a broken file, by name and field; unsupported: another version
 *
 * @example
 * const dataset = await openNdtiff("/data/cells_1");
 * const { data, width, height } = await dataset.readImage({ time: 0, channel: "DAPI" });
 */
export async function openNdtiff(folder: string, options: OpenNdtiffOptions = {}): Promise<NdtiffDataset> {
  requireKnownOptions("openNdtiff", options, KEYS);
  const root = folder.length > 1 ? folder.replace(/\/+$/, "") : folder;
  const levels: OpenIndex[] = [];
  for (const path of await levelFolders(root)) levels.push(await openIndex(path));
  const displaySettings = await readDisplaySettings(root);
  const context = { root, options, ...(await summaryOf(levels)), displaySettings };
  const dataset = await openLevel(levels[0], 0, context);
  try {
    for (const [level, lower] of levels.entries())
      if (level > 0) dataset.addLevel(await openLevel(lower, level, context));
  } catch (error) {
    await dataset.close();
    throw error;
  }
  return dataset;
}

/** What the levels of a dataset have in common. */
interface LevelContext {
  readonly root: string;
  readonly options: OpenNdtiffOptions;
  readonly summaryMetadata: JsonObject;
  readonly version: NdtiffVersion | undefined;
  readonly displaySettings: JsonObject | undefined;
}

/** The index of a level as it was found. */
interface OpenIndex {
  readonly folder: string;
  readonly reader: IndexReader;
  readonly entries: readonly NdtiffEntry[];
  /** The last entry is not whole. */
  readonly isCut: boolean;
}

async function openLevel(
  index: OpenIndex,
  resolutionLevel: number,
  context: LevelContext,
): Promise<NdtiffDataset> {
  const { root, options, ...content } = context;
  const { folder, reader, entries, isCut } = index;
  const recovery = await recoverImages(entries, { folder, downsampling: 2 ** resolutionLevel });
  if (isCut && recovery.entries.length === 0 && recovery.isFinished)
    throw malformed(
      within(folder, INDEX_NAME),
      "whole entries",
      "a cut one, and no stack that has its image",
    );
  const openNext = async (level: number) => {
    const next = within(root, levelFolder(level));
    if (!(await fileExists(within(next, INDEX_NAME)))) return undefined;
    return openLevel(await openIndex(next), level, context);
  };
  const dataset = new NdtiffDataset({
    ...content,
    name: resolutionLevel === 0 ? root : folder,
    resolutionLevel,
    stacks: new StackFiles(folder),
    follower: new Follower(folder, reader, resolutionLevel === 0 && folder !== root ? openNext : undefined),
    pollMs: options.pollMs ?? 100,
  });
  await addEntries(dataset, entries.slice(0, recovery.intact));
  for (const entry of entries.slice(recovery.intact)) dataset.addLost(entry);
  await addEntries(dataset, recovery.entries, { areRecovered: true });
  const isBroken =
    isCut || recovery.entries.length > 0 || !recovery.isFinished || dataset.lostImages.length > 0;
  if (options.repair && isBroken) await repairFolder(folder, dataset);
  if (recovery.isFinished || options.repair) dataset.finish();
  return dataset;
}

async function openIndex(folder: string): Promise<OpenIndex> {
  const reader = new IndexReader();
  const { entries, ending } = await readIndex(folder, reader);
  if (entries.length === 0 && !(await fileExists(within(folder, INDEX_NAME))))
    if ((await stacksIn(folder)).length === 0) throw noDataset(folder);
  return { folder, reader, entries, isCut: ending === "cut" };
}

/** The folders of the levels, full resolution first; a dataset without levels is its own. */
async function levelFolders(root: string): Promise<[full: string, ...lower: string[]]> {
  const full = within(root, FULL_RESOLUTION);
  if (!(await fileExists(full)) && !(await fileExists(within(full, INDEX_NAME)))) return [root];
  const folders: [string, ...string[]] = [full];
  for (let level = 1; ; level++) {
    const folder = within(root, levelFolder(level));
    if (!(await fileExists(folder)) && !(await fileExists(within(folder, INDEX_NAME)))) return folders;
    folders.push(folder);
  }
}

/** Every stack has the summary metadata; the first that can be read tells them. */
async function summaryOf(
  levels: readonly OpenIndex[],
): Promise<Pick<LevelContext, "summaryMetadata" | "version">> {
  for (const { folder, entries } of levels) {
    const first = entries[0]?.file;
    const isThere = first !== undefined && (await fileExists(within(folder, first)));
    for (const name of isThere ? [first] : await stacksIn(folder)) {
      const file = await openFile(within(folder, name));
      try {
        if (await isBlank(file)) continue;
        const { summary, version } = await readStackHeader(file);
        return { summaryMetadata: summary, version };
      } finally {
        await file.close();
      }
    }
  }
  return { summaryMetadata: {}, version: undefined };
}

/** A writer that died may have left half of them: images are not withheld for their colours. */
async function readDisplaySettings(root: string): Promise<JsonObject | undefined> {
  const path = within(root, DISPLAY_SETTINGS);
  if (!(await fileExists(path))) return undefined;
  try {
    return decodeJsonObject(await readFileBytes(path), path);
  } catch (error) {
    if (error instanceof VitrineError && error.code === "format") return undefined;
    throw error;
  }
}
