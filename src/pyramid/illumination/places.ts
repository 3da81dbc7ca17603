import { VitrineError } from "../../core/index.ts";
import { fileExists, listFolder } from "../../io/index.ts";
import type { IlluminationStatistics } from "./statistics.ts";
import { readStatistics } from "./store.ts";

/** What of a channel is kept below the experiment's folder. */
export type IlluminationKind = "statistics" | "zscore" | "basic" | "median" | "files";

/** Where the illumination of a channel lies, by kind; a model's name tells its content, so that no job ever reads a later one. */
export function illuminationFile(
  directory: string,
  channelId: number,
  { kind, hash }: { readonly kind: IlluminationKind; readonly hash?: string },
): string {
  return `${illuminationFolder(directory, channelId)}/${kind}${hash === undefined ? "" : `-${hash}`}.npz`;
}

/** The folder of a channel's illumination. */
export function illuminationFolder(directory: string, channelId: number): string {
  return `${directory}/illumination/${channelId}`;
}

/** The statistics of a channel; undefined where none were made. @throws {VitrineError} format, storage */
export async function channelStatistics(
  directory: string,
  channelId: number,
): Promise<IlluminationStatistics | undefined> {
  const path = illuminationFile(directory, channelId, { kind: "statistics" });
  return (await fileExists(path)) ? readStatistics(path) : undefined;
}

/** Where the model of a channel lies. @throws {VitrineError} missing: it was not made; names the command; undeterminable: it cannot be */
export async function requireModel(
  directory: string,
  { channelId, channel }: { readonly channelId: number; readonly channel: string },
  kind: Exclude<IlluminationKind, "statistics">,
): Promise<string> {
  const folder = illuminationFolder(directory, channelId);
  const names = (await fileExists(folder)) ? await listFolder(folder) : [];
  const name = names.find((one) => one.startsWith(`${kind}-`) && one.endsWith(".npz"));
  if (name !== undefined) return `${folder}/${name}`;
  if (kind === "zscore" && (await channelStatistics(directory, channelId)) !== undefined)
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
