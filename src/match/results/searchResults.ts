/** What searches left behind, ours or Leopard-EM's: found by their configurations, or by their tables of particles alone. */
import { VitrineError } from "../../core/index.ts";
import { listFolder, openMrc, readText } from "../../io/index.ts";
import { countUniformOrientations, defocusOffsets, pixelSizeOffsets } from "../../optics/index.ts";
import { type MatchSettings, parseMatchSettings } from "../config/config.ts";
import { type MapPaths, mapPaths } from "../config/resultPaths.ts";
import { DEFAULT_PEAKS, shareAmong } from "../peaks/peaksChoice.ts";
import { templateSearches } from "../search/templates.ts";
import { findNamed, type NamedFile } from "./namedFiles.ts";
import { baseName, hasRowsOf, type ResultTable, readResultTable, rowsOfSearch } from "./resultTable.ts";

/** One search: of one micrograph for one template. */
export interface SearchResult {
  /** Tells it from the others of the same place: micrograph and template. */
  readonly name: string;
  /** What the search was told, as far as maps and tables are made of it. */
  readonly settings: Pick<MatchSettings, "optics" | "micrographPath" | "templatePath" | "results">;
  readonly micrograph: NamedFile;
  readonly template: NamedFile;
  /** Side in voxels; absent: neither the template nor a table tells. */
  readonly templateSize?: number;
  readonly maps: Readonly<Record<keyof MapPaths, NamedFile>>;
  /** A pixel. */
  readonly correlations: number;
  /** False particles that its share of a search of several templates may have. */
  readonly falsePositives: number;
  /** Those of its particles, of the search and of refinements. */
  readonly tables: readonly ResultTable[];
  /** What was not found, or not where it was named. */
  readonly warnings: readonly string[];
}

/** Configurations and tables of a folder that are looked into. */
const MOST_FILES = 50;
const CONFIG_NAME = /\.(ya?ml|json)$/i;
const TABLE_NAME = /\.csv$/i;

/** Whether a text is a search's configuration, ours or Leopard-EM's. */
export function isSearchConfig(text: string): boolean {
  return /["']?match_template_result["']?\s*:/.test(text) && /["']?micrograph_path["']?\s*:/.test(text);
}

/** Whether a first line is that of a table of particles of a search. */
export function isSearchTable(line: string): boolean {
  return /(^|,)scaled_mip(,|$)/m.test(line) && /(^|,)micrograph_path(,|\r?$)/m.test(line);
}

/**
 * The searches of a configuration, of a table of particles, or of a folder with some of them, with all that can be found of their files.
 *
 * @throws {VitrineError} missing: a folder without either; and as `parseMatchSettings` and `readParticleStack`
 */
export async function readSearchResults(path: string): Promise<readonly SearchResult[]> {
  if (CONFIG_NAME.test(path)) {
    const folder = folderOf(path);
    return searchesOf([path], await tablesOf(folder), folder);
  }
  if (TABLE_NAME.test(path)) return searchesOf([], [await readResultTable(path)], folderOf(path));
  return searchesOf(await configsOf(path), await tablesOf(path), path);
}

async function searchesOf(
  configs: readonly string[],
  tables: readonly ResultTable[],
  folder: string,
): Promise<SearchResult[]> {
  const found: SearchResult[] = [];
  for (const config of configs) found.push(...(await configuredSearches(config, tables, folder)));
  if (found.length === 0) found.push(...(await tabledSearches(tables, folder)));
  if (found.length > 0) return found;
  throw new VitrineError({
    code: "missing",
    at: folder,
    expected: "the configuration of a search, or a table of its particles",
    found: "neither",
  });
}

async function configuredSearches(
  config: string,
  tables: readonly ResultTable[],
  folder: string,
): Promise<SearchResult[]> {
  const parsed = parseMatchSettings(await readText(config), config);
  const results = { particlesPath: "particles.csv", overwrite: false, ...DEFAULT_PEAKS };
  const searches = templateSearches({ settings: parsed, results }, config);
  const { falsePositives } = shareAmong(results, searches.length);
  return Promise.all(
    searches.map(async ({ settings }) => {
      const maps = Object.fromEntries(mapPaths(settings.results)) as Record<keyof MapPaths, string>;
      const own = ownTables(tables, settings);
      const rest = { maps, tables: own, correlations: correlationsOf(settings), falsePositives };
      return searchOf(settings, rest, folder);
    }),
  );
}

/** Searches that no configuration tells of: a table names micrograph, template and maps. */
async function tabledSearches(tables: readonly ResultTable[], folder: string): Promise<SearchResult[]> {
  const searches = new Map<string, SearchResult>();
  for (const table of tables)
    for (const { settings, correlations, maps } of table.searches) {
      const key = JSON.stringify([settings.micrographPath, settings.templatePath]);
      if (searches.has(key)) continue;
      const own = ownTables(tables, settings);
      const rest = { maps, tables: own, correlations, falsePositives: DEFAULT_PEAKS.falsePositives };
      searches.set(key, await searchOf(settings, rest, folder));
    }
  return [...searches.values()];
}

/** What tables tell of a search. */
function ownTables(tables: readonly ResultTable[], settings: SearchResult["settings"]): ResultTable[] {
  return tables.filter((table) => hasRowsOf(table, settings)).map((table) => rowsOfSearch(table, settings));
}

interface SearchParts extends Pick<SearchResult, "correlations" | "falsePositives" | "tables"> {
  readonly maps: Readonly<Record<keyof MapPaths, string>>;
}

async function searchOf(
  settings: SearchResult["settings"],
  { maps, ...rest }: SearchParts,
  folder: string,
): Promise<SearchResult> {
  const micrograph = await findNamed(settings.micrographPath, folder);
  const template = await findNamed(settings.templatePath, folder);
  const found = await Promise.all(
    Object.entries(maps).map(async ([map, named]) => [map, await findNamed(named, folder)] as const),
  );
  const size = (await sideOf(template)) ?? rest.tables.find((table) => table.templateSize)?.templateSize;
  const kept = Object.fromEntries(found) as Record<keyof MapPaths, NamedFile>;
  return {
    name: `${baseName(settings.micrographPath)} · ${baseName(settings.templatePath)}`,
    settings,
    micrograph,
    template,
    ...(size !== undefined && { templateSize: size }),
    maps: kept,
    ...rest,
    warnings: warningsOf({ micrograph, template, ...kept }),
  };
}

/** Side of a template's file; undefined where it is not there, or no MRC. */
async function sideOf({ path }: NamedFile): Promise<number | undefined> {
  if (path === undefined) return undefined;
  const file = await openMrc(path).catch(() => undefined);
  const side = file?.header.shape[2];
  await file?.close();
  return side;
}

/** One sentence of each file, of all maps together. */
function warningsOf({ micrograph, template, ...maps }: Readonly<Record<string, NamedFile>>): string[] {
  const all = Object.values(maps);
  const names = (files: readonly NamedFile[]) => [...new Set(files.map(({ named }) => named))].join(", ");
  const lost = all.filter(({ path }) => path === undefined);
  const moved = all.filter(({ isBeside }) => isBeside);
  return [
    ...warningOf("micrograph", micrograph),
    ...warningOf("template", template),
    ...(lost.length > 0 ? [`Maps that are not there, or not served, are left out: ${names(lost)}`] : []),
    ...(moved.length > 0
      ? [`Maps are those beside the result, since they are not where it names them: ${names(moved)}`]
      : []),
  ];
}

function warningOf(what: string, { named, path, isBeside }: NamedFile): string[] {
  if (path === undefined) return [`The ${what} ${named} is not there, or not served: it is left out`];
  return isBeside
    ? [`The ${what} ${named} is not there: the file of its name beside the result is shown`]
    : [];
}

function correlationsOf({ orientations, defocus, pixelSizes }: MatchSettings): number {
  const views = orientations.reduce((sum, grid) => sum + countUniformOrientations(grid), 0);
  const defoci = defocus === null ? 1 : defocusOffsets(defocus).length;
  return views * defoci * (pixelSizes === null ? 1 : pixelSizeOffsets(pixelSizes).length);
}

async function configsOf(folder: string): Promise<string[]> {
  const names = (await listFolder(folder)).filter((name) => CONFIG_NAME.test(name)).slice(0, MOST_FILES);
  const paths = names.map((name) => `${folder}/${name}`);
  const are = await Promise.all(
    paths.map(async (path) => isSearchConfig(await readText(path).catch(() => ""))),
  );
  return paths.filter((_, i) => are[i]);
}

async function tablesOf(folder: string): Promise<ResultTable[]> {
  const names = (await listFolder(folder)).filter((name) => TABLE_NAME.test(name)).slice(0, MOST_FILES);
  const tables: ResultTable[] = [];
  for (const name of names) {
    const text = await readText(`${folder}/${name}`).catch(() => "");
    if (isSearchTable(text.slice(0, text.indexOf("\n"))))
      tables.push(await readResultTable(`${folder}/${name}`));
  }
  return tables;
}

function folderOf(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, "") || "/";
}
