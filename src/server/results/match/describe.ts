/** What a page knows of a search before it looks at any of its pixels. */
import { canonicalPath, identifyFile, tiffRowsLine } from "../../../io/index.ts";
import type { SearchResult } from "../../../match/index.ts";
import type { MatchTools } from "./tools.ts";

/** Files by their addresses, pixels above each z-score, optics, and what is missing. */
export async function describeSearch({ roots, images, searches }: MatchTools, search: SearchResult) {
  const { settings, micrograph, template, templateSize, tables, correlations } = search;
  const addressOf = async (path: string | undefined) =>
    path === undefined ? null : roots.addressWithin(await canonicalPath(path));
  const isTiff = micrograph.path !== undefined && (await identifyFile(micrograph.path)) === "tiff";
  const shape =
    micrograph.path === undefined
      ? undefined
      : await images.withImage(micrograph.path, undefined, async ({ levels }) => levels[0].shape.slice(-2));
  const files = await Promise.all(
    Object.entries(search.maps).map(async ([map, { path }]) => [map, await addressOf(path)] as const),
  );
  const scores = await searches.scores(search);
  const fits = fitting(shape, scores?.map.shape, templateSize);
  return {
    name: search.name,
    micrograph: { name: nameOf(micrograph.named), at: await addressOf(micrograph.path), isTiff },
    template: {
      name: nameOf(template.named),
      at: await addressOf(template.path),
      size: templateSize ?? null,
    },
    shape: shape ?? scores?.map.shape.map((side) => side + (templateSize ?? 1) - 1) ?? null,
    maps:
      fits === undefined ? Object.entries(search.maps).flatMap(([map, { path }]) => (path ? [map] : [])) : [],
    /** Addresses of all maps. */
    files: Object.fromEntries(files),
    optics: { ...settings.optics, mtf: undefined },
    correlations,
    scores: scores && fits === undefined ? { ...scores.curves, floor: scores.floor } : null,
    tables: await Promise.all(
      tables.map(async ({ path, particles, isRefined }) => ({
        at: await addressOf(path),
        name: nameOf(path),
        rows: particles.length,
        isRefined,
      })),
    ),
    warnings: [
      ...search.warnings,
      ...(isTiff ? [tiffRowsLine(nameOf(micrograph.named))] : []),
      ...(fits === undefined ? [] : [fits]),
    ].map(roots.withoutPaths),
  };
}

/** Why maps cannot be laid over the micrograph; undefined: they can. */
function fitting(
  shape: readonly number[] | undefined,
  map: readonly number[] | undefined,
  side: number | undefined,
): string | undefined {
  if (shape === undefined || map === undefined || side === undefined) return undefined;
  const expected = shape.map((length) => length - side + 1).join(" x ");
  if (map.join(" x ") === expected) return undefined;
  return `The maps have ${map.join(" x ")} pixels, not ${expected}, as those of a coarse pass: they are left out, the table is shown`;
}

function nameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
