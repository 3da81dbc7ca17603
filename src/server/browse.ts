/** What lies in a served folder. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { type FileKind, fileExists, identifyFile, isWebAddress } from "../io/index.ts";
import { LIVE_AT } from "./live/feed.ts";
import { RESULT_WORDS, type ResultKind, resultKindOf } from "./results/recognise.ts";
import type { Roots } from "./roots.ts";
import { type AnyRoute, AT, integer, json, route } from "./route.ts";

/** What a viewer can do with an entry. */
type EntryKind = "acquisition" | "image" | "experiment" | "job" | ResultKind | "folder" | "file";

/** A file or folder, as a list shows it. */
export interface Entry {
  readonly name: string;
  readonly at: string;
  readonly kind: EntryKind;
  /** What it is, in one word. */
  readonly format: string;
  readonly bytes: number | null;
}

/** The acquisition that runs. */
const LIVE: Entry = { name: "Acquisition", at: LIVE_AT, kind: "acquisition", format: "live", bytes: null };

const IMAGES: readonly FileKind[] = ["mrc", "npy", "ndtiff", "ome-zarr", "tiff"];

/** Entries of one answer: each is looked into. */
const MOST_ENTRIES = 200;

/** Opens what lies elsewhere. @param isOfMachine  whether only programs of this machine ask: others could look about its network */
export function addressRoutes(roots: Roots, isOfMachine: boolean): AnyRoute[] {
  return [
    route({
      path: "address/open",
      method: "post",
      isSafe: true,
      summary: "Serves an image at an address of the web, until the server ends; on 127.0.0.1 alone",
      query: z.strictObject({ address: z.string().min(1).max(4000) }),
      gives: ["application/json"],
      async answer({ address }) {
        if (!isOfMachine)
          throw new VitrineError({
            code: "storage",
            at: address,
            expected: "an address that was given when the server was started",
            found: "another one, on a server that other machines reach",
            hint: "Start it with the address: vitrine serve ADDRESS --host NAME",
          });
        return json({ at: await roots.openWeb(address) });
      },
    }),
  ];
}

/** The routes. */
export function browseRoutes(roots: Roots, isLive: boolean): AnyRoute[] {
  return [
    route({
      path: "roots",
      summary: "What is served",
      query: z.strictObject({}),
      gives: ["application/json"],
      async answer() {
        const { entries } = await entriesOf(roots, undefined, { from: 0, most: roots.list.length });
        return json(isLive ? [LIVE, ...entries] : entries);
      },
    }),
    route({
      path: "browse",
      summary: `What a folder holds, ${MOST_ENTRIES} entries at a time`,
      query: z.strictObject({ at: AT, from: integer().optional().describe("the first entry, default 0") }),
      gives: ["application/json"],
      async answer({ at, from = 0 }) {
        const base = at.replace(/\/$/, "");
        const listed = await entriesOf(roots, base, { from, most: MOST_ENTRIES });
        const self = await entryOf(roots, base, base.split("/").at(-1)!);
        return json({ self, ...listed });
      },
    }),
  ];
}

/**
 * Some of the entries of a folder, or of what is served.
 *
 * @param folder  its address; undefined: what is served
 * @returns  with `next`, where further ones begin
 * @throws {VitrineError} missing: no such folder
 */
export async function entriesOf(
  roots: Roots,
  folder: string | undefined,
  { from, most }: { readonly from: number; readonly most: number },
): Promise<{ readonly entries: readonly Entry[]; readonly next: number | null }> {
  const names = folder === undefined ? roots.list.map(({ name }) => name) : await namesIn(roots, folder);
  const next = from + most < names.length ? from + most : null;
  const addressOf = (name: string) => (folder === undefined ? name : `${folder}/${name}`);
  const part = names.slice(from, from + most);
  // a link that leads out is as if it were not there
  const entries = await Promise.all(
    part.map((name) => entryOf(roots, addressOf(name), name).catch(() => undefined)),
  );
  return { entries: entries.filter((entry) => entry !== undefined), next };
}

async function namesIn(roots: Roots, folder: string): Promise<readonly string[]> {
  const path = await roots.resolve(folder);
  // servers do not tell what lies below an address
  if (isWebAddress(path)) return [];
  const names = (await stat(path)).isDirectory() ? (await readdir(path)).sort() : [];
  return names.filter((name) => !name.startsWith("."));
}

/** Of an address that was opened in the page, its last part. */
function nameOf(at: string): string {
  return at.startsWith("@") ? (decodeURIComponent(at).split("/").at(-1) ?? at) : at;
}

/** @throws {VitrineError} missing: nothing that is served */
async function entryOf(roots: Roots, at: string, name: string): Promise<Entry> {
  const path = await roots.resolve(at);
  if (isWebAddress(path)) {
    const format = await identifyFile(path).catch((): FileKind => "unknown");
    return { name: nameOf(name), at, kind: "image", format, bytes: null };
  }
  const found = await stat(path);
  const bytes = found.isFile() ? found.size : null;
  if (!found.isFile() && !found.isDirectory()) return { name, at, kind: "file", format: "device", bytes };
  if (found.isDirectory()) {
    if (await fileExists(join(path, "experiment.json")))
      return { name, at, kind: "experiment", format: "experiment", bytes };
    if (await fileExists(join(path, "step.json"))) return { name, at, kind: "job", format: "step", bytes };
  }
  // what cannot be read is listed all the same
  const format = await identifyFile(path).catch((): FileKind => "unknown");
  const isImage = IMAGES.includes(format);
  const result = isImage ? undefined : await resultKindOf(path, found.isDirectory());
  if (result !== undefined) return { name, at, kind: result, format: RESULT_WORDS[result], bytes };
  return { name, at, kind: isImage ? "image" : found.isDirectory() ? "folder" : "file", format, bytes };
}
