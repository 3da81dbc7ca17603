import { readdir, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { VitrineError } from "../../core/index.ts";
import { identifyFile } from "../../io/index.ts";
import type { ImageFolder } from "./found.ts";

/** Files that no image is in, whatever they are called. */
const LEFT_OUT = /^\.|_thumb|^Thumbs\.db$|^desktop\.ini$/i;

/**
 * Lists what is below a folder.
 *
 * @throws {VitrineError} missing: no such folder; format: a file; storage
 */
export async function readImageFolder(path: string): Promise<ImageFolder> {
  const kind = await identifyFile(path);
  if (kind === "ome-zarr" || kind === "ndtiff") return { path, files: [], stores: [""] };
  if (kind !== "folder")
    throw new VitrineError({ code: "format", at: path, expected: "a folder of images", found: kind });
  const [files, stores]: [string[], string[]] = [[], []];
  await walk(path, "", { files, stores });
  return { path, files, stores };
}

async function walk(
  root: string,
  folder: string,
  into: { readonly files: string[]; readonly stores: string[] },
): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((cause: Error) => {
    throw new VitrineError(
      {
        code: "storage",
        at: join(root, folder),
        expected: "a folder that can be read",
        found: cause.message,
      },
      { cause },
    );
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (LEFT_OUT.test(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    // a link counts as what it leads to
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderAt(join(root, path))));
    if (!isFolder) into.files.push(path);
    else if (await isStore(join(root, path))) into.stores.push(path);
    else await walk(root, path, into);
  }
}

async function isStore(path: string): Promise<boolean> {
  const kind = await identifyFile(path);
  return kind === "ome-zarr" || kind === "ndtiff";
}

/** A link that leads to a folder which it does not lie in: else it would be gone through without end. */
async function isFolderAt(path: string): Promise<boolean> {
  const there = await realpath(path).catch(() => undefined);
  if (there === undefined || (await readdir(there).catch(() => undefined)) === undefined) return false;
  const here = await realpath(dirname(path));
  return here !== there && !here.startsWith(`${there}${sep}`);
}
