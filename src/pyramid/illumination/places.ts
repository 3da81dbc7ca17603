import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import {
  fileExists,
  listFolder,
  makeFolder,
  parseJsonText,
  parseWithSchema,
  readText,
  removeFile,
  writeFileAtomic,
} from "../../io/index.ts";
import type { IlluminationStatistics } from "./statistics.ts";
import { readStatistics } from "./store.ts";

/** What of a channel is kept below the experiment's folder. */
export type IlluminationKind = "statistics" | "zscore" | "basic" | "median" | "files";

/** Which files are a channel's: until it is written anew, in one go, those of before are. */
const INDEX = "index.json";

const indexSchema = z.strictObject({
  statistics: z.string(),
  zscore: z.string().optional(),
  basic: z.string().optional(),
  median: z.string().optional(),
  files: z.string().optional(),
});

/** Where what is kept of a channel lies, by kind. */
export type IlluminationPaths = Readonly<Partial<Record<IlluminationKind, string>>>;

/** The folder of a channel's illumination. */
export function illuminationFolder(directory: string, channelId: number): string {
  return `${directory}/illumination/${channelId}`;
}

/** Where the illumination of a channel lies; empty where none was made. @throws {VitrineError} format, storage */
export async function illuminationPaths(directory: string, channelId: number): Promise<IlluminationPaths> {
  const folder = illuminationFolder(directory, channelId);
  const path = `${folder}/${INDEX}`;
  if (!(await fileExists(path))) return (await fileExists(folder)) ? pathsByName(folder) : {};
  const names = parseWithSchema(parseJsonText(await readText(path), path), indexSchema, path);
  return Object.fromEntries(Object.entries(names).map(([kind, name]) => [kind, `${folder}/${name}`]));
}

/** Before there was an index, a folder had one file a kind. */
async function pathsByName(folder: string): Promise<IlluminationPaths> {
  const names = (await listFolder(folder)).filter((name) => name.endsWith(".npz"));
  return Object.fromEntries(names.map((name) => [name.replace(/[-.].*/, ""), `${folder}/${name}`]));
}

/**
 * Replaces what is kept of a channel: all of it or, where that fails, nothing. A file's name tells its content, so that no job ever reads a
 * later one under it.
 *
 * @throws {VitrineError} storage: those of before stay, and count
 */
export async function writeIllumination(
  directory: string,
  channelId: number,
  files: ReadonlyMap<IlluminationKind, Uint8Array>,
): Promise<void> {
  const folder = illuminationFolder(directory, channelId);
  await makeFolder(folder);
  const names = new Map<IlluminationKind, string>();
  for (const [kind, bytes] of files) {
    const name = `${kind}-${await shortHash(bytes)}.npz`;
    await writeFileAtomic(`${folder}/${name}`, bytes, { overwrite: true });
    names.set(kind, name);
  }
  const index = new TextEncoder().encode(`${JSON.stringify(Object.fromEntries(names))}\n`);
  await writeFileAtomic(`${folder}/${INDEX}`, index, { overwrite: true });
  const kept = new Set([INDEX, ...names.values()]);
  for (const name of await listFolder(folder)) if (!kept.has(name)) await removeFile(`${folder}/${name}`);
}

async function shortHash(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The statistics of a channel; undefined where none were made. @throws {VitrineError} format, storage */
export async function channelStatistics(
  directory: string,
  channelId: number,
): Promise<IlluminationStatistics | undefined> {
  const { statistics } = await illuminationPaths(directory, channelId);
  return statistics === undefined ? undefined : readStatistics(statistics);
}

/** Where the model of a channel lies. @throws {VitrineError} missing: it was not made; names the command; undeterminable: it cannot be */
export async function requireModel(
  directory: string,
  { channelId, channel }: { readonly channelId: number; readonly channel: string },
  kind: Exclude<IlluminationKind, "statistics">,
): Promise<string> {
  const paths = await illuminationPaths(directory, channelId);
  const path = paths[kind];
  if (path !== undefined) return path;
  if (kind === "zscore" && paths.statistics !== undefined)
    throw new VitrineError({
      code: "undeterminable",
      at: `channel ${channel}`,
      expected: "statistics of two images or more that differ, for TissueMAPS' correction (zscore)",
      found: "one image, or all alike",
      hint: `Leave the channel out: --illumcorr-exceptions ${channel}`,
    });
  throw noStatistics(
    channel,
    `its illumination (${kind})`,
    kind === "zscore" ? "" : ` --illumcorr-model ${kind}`,
  );
}

/** The error of a channel of which no statistics were made. */
export function noStatistics(channel: string, expected: string, option = ""): VitrineError {
  return new VitrineError({
    code: "missing",
    at: `channel ${channel}`,
    expected,
    found: "none",
    hint: `Make it first: vitrine illuminati EXPERIMENT stats${option}`,
  });
}
