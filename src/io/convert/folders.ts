import { fileExists, removeFolder, renameFile } from "#files";
import { VitrineError } from "../../core/index.ts";
import { identifyFile } from "../identify.ts";

/**
 * Lets `write` make a folder under another name beside its place first, so that what was there stays until all is written.
 *
 * @throws {VitrineError} exists: something that is no dataset has the name; and the errors of `write`, after which nothing is left
 */
export async function writeFolder(to: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const path = to.replace(/(?<=.)[/\\]+$/, "");
  if (await fileExists(path)) await checkReplaceable(path);
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await write(temporary);
    await replaceFolder(temporary, path);
  } catch (error) {
    await removeFolder(temporary);
    throw named(error, temporary, path);
  }
}

/** A fault of the folder by the name that the user gave it. */
function named(error: unknown, temporary: string, path: string): unknown {
  if (!(error instanceof VitrineError) || !error.fault.at.startsWith(temporary)) return error;
  const at = `${path}${error.fault.at.slice(temporary.length)}`;
  return new VitrineError({ ...error.fault, at }, { cause: error.cause });
}

/** The name of a dataset by its path. */
export function titleOf(path: string): string {
  return path
    .replace(/[/\\]+$/, "")
    .replace(/^.*[/\\]/, "")
    .replace(/(\.ome)?\.(zarr|tiff?)$/i, "");
}

/** Only what Vitrine can tell to be a dataset is ever removed. */
async function checkReplaceable(path: string): Promise<void> {
  const kind = await identifyFile(path);
  if (kind === "ndtiff" || kind === "ome-zarr") return;
  const hint = "Choose another name";
  throw new VitrineError({
    code: "exists",
    at: path,
    expected: "a dataset to replace",
    found: `a ${kind}`,
    hint,
  });
}

async function replaceFolder(temporary: string, path: string): Promise<void> {
  if (!(await fileExists(path))) return renameFile(temporary, path);
  const old = `${temporary}.old`;
  await renameFile(path, old);
  await renameFile(temporary, path);
  await removeFolder(old);
}
