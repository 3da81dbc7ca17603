/** Files that a configuration or table names, where they lie now. */
import { canonicalPath, fileExists } from "../../io/index.ts";

/** A file that was looked for. */
export interface NamedFile {
  /** As the configuration or table calls it. */
  readonly named: string;
  /** Where it lies; absent: nowhere that was looked. */
  readonly path?: string;
  /** It is the file of this name beside the result, not the one at the named place. */
  readonly isBeside?: boolean;
}

/**
 * Looks for a file: at the named place, which is relative to the folder that a program ran in: the result's folder, each of its parents
 * and the working directory are tried; else beside the result, where a folder was moved.
 *
 * @param folder  of the result
 */
export async function findNamed(named: string, folder: string): Promise<NamedFile> {
  for (const path of await placesOf(named, folder)) if (await fileExists(path)) return { named, path };
  const beside = `${folder}/${named.split(/[/\\]/).at(-1)}`;
  return (await fileExists(beside)) ? { named, path: beside, isBeside: true } : { named };
}

async function placesOf(named: string, folder: string): Promise<string[]> {
  if (named === "") return [];
  if (/^([/\\]|[a-z]:)/i.test(named)) return [named];
  const parts = (await canonicalPath(folder)).split("/");
  const above = parts.map((_, i) => `${parts.slice(0, parts.length - i).join("/")}/${named}`);
  return [...above, named];
}
