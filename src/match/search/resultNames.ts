import { type MapPaths, mapPaths, type ResultPaths } from "../config/resultPaths.ts";

/** A path with text before the extension of its file: `mip.mrc` as `mip_coarse2.mrc`. */
export function suffixed(path: string, suffix: string): string {
  const [, stem, extension] = /^(.*?[^/\\])(\.[^./\\]*)?$/s.exec(path) ?? ["", path, ""];
  return `${stem}${suffix}${extension ?? ""}`;
}

/** Paths of results with the same text in every name. */
export function suffixedResults(results: ResultPaths, suffix: string): ResultPaths {
  const { correlationTable } = results;
  const named = mapPaths(results).map(([map, path]) => [map, suffixed(path, suffix)]);
  return {
    ...results,
    ...(Object.fromEntries(named) as MapPaths),
    ...(correlationTable !== undefined && { correlationTable: suffixed(correlationTable, suffix) }),
  };
}

/** The name of a file without folders and extension. */
export function fileStem(path: string): string {
  return path.replace(/^.*[/\\]/s, "").replace(/(.)\.[^.]*$/s, "$1");
}
