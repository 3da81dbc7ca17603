import { VitrineError } from "../../core/index.ts";
import { canonicalPath, fileExists } from "../../io/index.ts";

/**
 * Finds a file that a table of RELION or CTFFIND names relative to its project's folder, which is not written anywhere: the table's folder, each of
 * its parents and the working directory are tried, in this order.
 *
 * @param table  path of the table
 * @param at     how messages call the row
 * @throws {VitrineError} missing: nowhere, with what was tried
 */
export async function projectPath(name: string, table: string, at: string): Promise<string> {
  const folders = /^([/\\]|[a-z]:)/i.test(name) ? [""] : await foldersOf(table);
  const tried = [...new Set(folders.map((folder) => `${folder}${name}`))];
  for (const path of tried) if (await fileExists(path)) return path;
  throw new VitrineError({
    code: "missing",
    at,
    expected: `the micrograph ${name}`,
    found: `none at ${tried.join(", ")}`,
    hint: "Run it in the project's folder",
  });
}

/** With a slash at their end: as the table's path says, then what lies above, then the working directory. */
async function foldersOf(table: string): Promise<string[]> {
  const above = (path: string) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, i) => `${parts.slice(0, parts.length - i).join("/")}/`);
  };
  return [...above(table), ...above(await canonicalPath(table)), ""];
}
