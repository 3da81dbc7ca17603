/** What an export keeps of searches: maps in tiles, all particles, pictures of the best ones. */

import type { ExportDesk } from "./desk.ts";
import { tilesOf } from "./levels.ts";
import type { ExportQuery, SharedPlace } from "./names.ts";
import { hasPose, MAP_TILE, mapLevels, type PosedParticle, particleQuery } from "./shown.ts";

/** Particles of a list that are shown beside their template. */
const MOST_PICTURES = 500;
/** Below any z-score. */
const LEAST = -1e6;

interface SearchFacts {
  readonly searches: readonly string[];
  readonly micrograph: { readonly at: string | null; readonly isTiff: boolean };
  readonly template: { readonly at: string | null; readonly size: number | null };
  readonly shape: readonly [height: number, width: number] | null;
  readonly maps: readonly string[];
  readonly files: Readonly<Record<string, string | null>>;
  readonly optics: Readonly<Record<string, unknown>>;
  readonly scores: { readonly floor: number } | null;
  readonly tables: readonly { readonly at: string | null }[];
}

/** The searches of a folder, of a configuration or of a table. */
export async function exportSearches(
  at: string,
  desk: ExportDesk,
  known: Map<string, SharedPlace>,
): Promise<void> {
  const { searches } = await desk.ask<SearchFacts>("match", { at });
  for (let search = 0; search < searches.length; search++) {
    const which = search === 0 ? { at } : { at, search };
    const facts = JSON.parse(String((await desk.keep("match", which)).body)) as SearchFacts;
    const isNew = share(which, facts, { desk, known });
    await exportParticles(which, facts, desk);
    if (isNew) await exportMaps(which, facts, desk);
  }
}

/** Folder, configuration and table lead to the same search. @returns whether its maps are not kept yet */
function share(
  which: SharedPlace,
  { micrograph, template, files, maps, optics }: SearchFacts,
  { desk, known }: { readonly desk: ExportDesk; readonly known: Map<string, SharedPlace> },
): boolean {
  // configurations give the optics a name, tables give them in another order
  const { label: _, ...rest } = optics;
  const key = JSON.stringify([micrograph, template, files, maps, Object.entries(rest).sort()]);
  const first = known.get(key);
  if (first === undefined) known.set(key, which);
  else desk.same(which, first);
  return first === undefined;
}

async function exportParticles(which: SharedPlace, facts: SearchFacts, desk: ExportDesk): Promise<void> {
  const tables = facts.tables.flatMap(({ at }) => at ?? []);
  for (const table of tables) desk.place(table);
  const lists = facts.scores === null && tables.length > 0 ? tables : [undefined, ...tables];
  for (const table of lists) {
    const query: ExportQuery = { ...which, table };
    await desk.keep("match/particles", query);
    const cutoff = table === undefined ? facts.scores?.floor : LEAST;
    if (cutoff !== undefined)
      await desk.keepOnce(
        "match/table",
        { ...query, cutoff, as: "csv" },
        `tables of particles of ${which.at}`,
      );
    if (facts.template.at !== null) await exportPictures(query, which, desk);
  }
}

/** Particles beside their template, the best ones. */
async function exportPictures(query: ExportQuery, which: SharedPlace, desk: ExportDesk): Promise<void> {
  const { columns, values } = await desk.ask<{
    readonly columns: readonly string[];
    readonly values: readonly (readonly (number | null)[])[];
  }>("match/particles", { ...query, format: "json" });
  const count = values[0]?.length ?? 0;
  const particle = (i: number) =>
    Object.fromEntries(
      columns.map((name, c) => [name, values[c][i] ?? Number.NaN]),
    ) as unknown as PosedParticle;
  const all = Array.from({ length: count }, (_, i) => particle(i)).filter(hasPose);
  if (all.length > MOST_PICTURES)
    desk.leaveOut(`pictures of particles of ${which.at} but the best ${MOST_PICTURES} of each list`);
  for (const one of all.slice(0, MOST_PICTURES)) {
    const what = `pictures of some particles of ${which.at}`;
    await desk.keepOnce("match/particle", { ...which, ...particleQuery(one) }, what);
  }
}

async function exportMaps(which: SharedPlace, facts: SearchFacts, desk: ExportDesk): Promise<void> {
  const { shape, maps, micrograph } = facts;
  if (shape === null) return;
  const own = micrograph.at !== null && micrograph.isTiff ? ["micrograph"] : [];
  for (const map of [...own, ...maps])
    for (const [level, size] of mapLevels({ height: shape[0], width: shape[1] }).entries())
      for (const { row, column } of tilesOf(size, MAP_TILE))
        await desk.keep("match/tile", { ...which, map, level, row, column, size: MAP_TILE });
}
