import type { ResultPaths } from "../config/config.ts";

/** A path with text before the extension of its file: `mip.mrc` as `mip_coarse2.mrc`. */
export function suffixed(path: string, suffix: string): string {
  const [, stem, extension] = /^(.*?[^/\\])(\.[^./\\]*)?$/s.exec(path) ?? ["", path, ""];
  return `${stem}${suffix}${extension ?? ""}`;
}

/** Paths of maps with the same text in every name. */
export function suffixedResults({ allowFileOverwrite, ...maps }: ResultPaths, suffix: string): ResultPaths {
  const named = Object.entries(maps).map(([map, path]) => [map, suffixed(path, suffix)]);
  return { allowFileOverwrite, ...(Object.fromEntries(named) as typeof maps) };
}

/** The name of a file without folders and extension. */
export function fileStem(path: string): string {
  return path.replace(/^.*[/\\]/s, "").replace(/(.)\.[^.]*$/s, "$1");
}
