import { readFileBytes } from "#files";
import { VitrineError } from "../../../core/index.ts";
import { isWebAddress } from "../../address.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { decodeJsonObject, isJsonObject } from "../../ndtiff/json.ts";
import { ifThere } from "./store.ts";

/** A group or array of a Zarr hierarchy, as its metadata have it. */
export interface ZarrNode {
  readonly kind: "group" | "array";
  readonly zarrFormat: 2 | 3;
  /** The attributes; in OME-Zarr 0.5 what stands below `ome`. */
  readonly attributes: JsonObject;
  /** All metadata of an array. */
  readonly document: JsonObject;
}

/** What the root of a store has of the metadata of all others, by their folders. */
export type KnownNodes = ReadonlyMap<string, ZarrNode>;

/**
 * Reads the metadata of what lies in a folder: its own, else those that the root has of it. Its own count, for those of the root are a
 * copy, which may be older.
 *
 * @returns undefined where there is neither a group nor an array
 * @throws {VitrineError} format: metadata that are no JSON object; storage
 */
export async function readNode(folder: string, known?: KnownNodes): Promise<ZarrNode | undefined> {
  const kept = known?.get(folder);
  if (kept === undefined) return readOwnNode(folder);
  const own = await readOwnNode(folder).catch((error: unknown) => {
    refusalOf(error, folder);
    return undefined;
  });
  return own ?? kept;
}

async function readOwnNode(folder: string): Promise<ZarrNode | undefined> {
  const path = `${folder}/zarr.json`;
  const { document, refusal } = await readJson(path).then(
    (found) => ({ document: found, refusal: undefined }),
    (error: unknown) => ({ document: undefined, refusal: refusalOf(error, folder) }),
  );
  if (document === undefined) {
    const node = await readNodeOfZarr2(folder).catch((error) => {
      throw refusal ?? error;
    });
    if (node === undefined && refusal !== undefined) throw refusal;
    return node;
  }
  return nodeOfZarr3(document, path);
}

/** Of the content of `zarr.json`. @throws {VitrineError} format: neither group nor array */
export function nodeOfZarr3(document: JsonObject, at: string): ZarrNode {
  const { node_type: kind } = document;
  if (kind !== "group" && kind !== "array") {
    const expected = '"group" or "array"';
    throw new VitrineError({
      code: "format",
      at: `${at} node_type`,
      expected,
      found: JSON.stringify(kind) ?? "none",
    });
  }
  return { kind, zarrFormat: 3, attributes: omeOf(objectOr(document.attributes)), document };
}

/**
 * As {@link readNode}, of what a store may leave out: refused by a server that lists nothing, it is not there.
 *
 * @throws {VitrineError} as there
 */
export async function readOptionalNode(folder: string, known?: KnownNodes): Promise<ZarrNode | undefined> {
  return readNode(folder, known).catch((error: unknown) => {
    refusalOf(error, folder);
    return undefined;
  });
}

/** Servers that list nothing refuse what is not there: a store of Zarr 2 may lie beside. @throws any other error */
function refusalOf(error: unknown, folder: string): VitrineError {
  if (isWebAddress(folder) && error instanceof VitrineError && error.code === "storage") return error;
  throw error;
}

async function readNodeOfZarr2(folder: string): Promise<ZarrNode | undefined> {
  const read = (name: string) =>
    readJson(`${folder}/${name}`).catch((error: unknown) => {
      refusalOf(error, folder);
      return undefined;
    });
  const array = await read(".zarray");
  const attributes = await read(".zattrs");
  return nodeOfZarr2({ array, attributes, group: array === undefined ? await read(".zgroup") : undefined });
}

/** Of the contents of `.zarray`, `.zattrs` and `.zgroup`, where they are there. */
export function nodeOfZarr2({
  array,
  attributes,
  group,
}: Readonly<Record<"array" | "attributes" | "group", JsonObject | undefined>>): ZarrNode | undefined {
  if (array !== undefined) {
    return { kind: "array", zarrFormat: 2, attributes: attributes ?? {}, document: array };
  }
  if (group === undefined && attributes === undefined) return undefined;
  return { kind: "group", zarrFormat: 2, attributes: omeOf(attributes ?? {}), document: group ?? {} };
}

/** A folder below another one. @throws {VitrineError} format: a path that leads out of it */
export function childFolder(folder: string, path: string, at: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!parts.includes("..") && !/^([a-z][a-z0-9+.-]*:|\/|\\)/i.test(path))
    return [folder, ...parts].join("/");
  const expected = "a path within the store";
  throw new VitrineError({ code: "format", at, expected, found: JSON.stringify(path.slice(0, 60)) });
}

/** The JSON object of a file; undefined where it is not there. */
export async function readJson(path: string): Promise<JsonObject | undefined> {
  const bytes = await ifThere(() => readFileBytes(path));
  return bytes === undefined ? undefined : decodeJsonObject(bytes, path);
}

function omeOf(attributes: JsonObject): JsonObject {
  return isJsonObject(attributes.ome) ? attributes.ome : attributes;
}

/** A JSON object as it is, an empty one for anything else. */
export function objectOr(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
