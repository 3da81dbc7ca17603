/** Files by what metadata call them, whatever became of the folders since: metadata are copied, renamed and unpacked with their images. */
import { baseOf, folderOf } from "./found.ts";

/** Finds the file that a path of metadata means. */
export interface Locator {
  /** The path of the file that is there; undefined where there is none, or several that it may be. */
  readonly locate: (path: string) => string | undefined;
  /** Paths that were found elsewhere than they say. */
  readonly moved: readonly string[];
}

/**
 * Exactly as it is written, else by its name among the files in or below the folder of the metadata: case, the form of accents, and `.tif`
 * for `.tiff` count for nothing then; of several the one is meant whose folders are called alike.
 *
 * @param files  that are there
 * @param around the folder of the metadata
 */
export function locatorOf(files: readonly string[], around: string): Locator {
  const exact = new Set(files);
  const moved: string[] = [];
  let loose: Map<string, string[]> | undefined;
  const locate = (path: string) => {
    if (exact.has(path)) return path;
    loose ??= byName(files.filter((file) => around === "" || file.startsWith(`${around}/`)));
    const found = nearest(path, loose.get(nameKey(path)) ?? []);
    if (found !== undefined && partsOf(folderOf(found)).join("/") !== partsOf(folderOf(path)).join("/"))
      moved.push(path);
    return found;
  };
  return { locate, moved };
}

function byName(files: readonly string[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const file of files) {
    const of = names.get(nameKey(file));
    if (of === undefined) names.set(nameKey(file), [file]);
    else of.push(file);
  }
  return names;
}

function nameKey(path: string): string {
  return plain(baseOf(path)).replace(/\.tiff$/, ".tif");
}

function plain(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

function partsOf(folder: string): string[] {
  return plain(folder).split("/");
}

function nearest(path: string, files: readonly string[]): string | undefined {
  if (files.length < 2) return files[0];
  const wanted = partsOf(folderOf(path)).reverse();
  const alike = files.map((file) => {
    const parts = partsOf(folderOf(file)).reverse();
    const differs = parts.findIndex((part, i) => part !== wanted[i]);
    return differs < 0 ? parts.length : differs;
  });
  const most = Math.max(...alike);
  const best = files.filter((_, i) => alike[i] === most);
  return best.length === 1 ? best[0] : undefined;
}
