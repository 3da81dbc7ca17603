import type { BackendSizes } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { ResultPlaces } from "../../io/index.ts";
import { refuseOtherEnding, refuseOtherPicture } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { type MatchSettings, parseMatchSettings, type SearchSpace, searchSpace } from "../config/config.ts";
import { readConfigText } from "../config/configPrograms.ts";
import { readMtfFile } from "../config/mtfFile.ts";
import { searchValues, warnOfImplausible } from "../config/plausible.ts";
import { fileName } from "../particles/compareParticles.ts";
import { centresOf, readParticlePlaces } from "../particles/particleStack.ts";
import { checkTableName } from "../particles/writeParticles.ts";
import { DEFAULT_PEAKS } from "../peaks/peaksChoice.ts";
import type { PlantedParticles } from "../picture/searchPicture.ts";
import { overBackground } from "./background.ts";
import { requireCountable } from "./correlationTable.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { warnOfPixelSize } from "./pixelSizes.ts";
import type { MapSource } from "./resultMaps.ts";
import { suffixed } from "./resultNames.ts";
import { hitOptions, type ResultOptions } from "./results.ts";
import { searchSize } from "./search.ts";
import { SearchedMicrograph, withMicrograph } from "./searchedMicrograph.ts";
import { openTemplate, type TemplateSource } from "./searchInputs.ts";
import { type TemplateSettings, templateSearches } from "./templates.ts";

const DEFAULT_RESULTS = { particlesPath: "particles.csv", overwrite: false, ...DEFAULT_PEAKS };

/** A search of one template as a configuration asks for it, its inputs opened and checked. */
export interface ConfiguredSearch {
  readonly settings: MatchSettings;
  /** What is visited. */
  readonly space: SearchSpace;
  readonly template: TemplateSource;
  /** Shared by the searches of a set. */
  readonly micrograph: SearchedMicrograph;
  /** Of the micrograph, for the picture. */
  readonly planted?: PlantedParticles | undefined;
  readonly results: ResultOptions;
}

/** The searches that a configuration asks for: one for each template. */
export interface SearchSet<Search extends TemplateSettings = ConfiguredSearch> {
  readonly searches: readonly Search[];
  /** As asked for; those of a search are its share, under names of their own, where there are several. */
  readonly results: ResultOptions;
}

/** The searches that a configuration asks for, none of whose inputs is opened but the MTF. @throws {VitrineError} as its parser */
export async function planSearches(
  configPath: string,
  { onLog, ...options }: MatchOptions,
): Promise<SearchSet<TemplateSettings>> {
  refuseOtherPicture(options.picturePath);
  if (options.particlesPath !== undefined) checkTableName(options.particlesPath);
  if (options.correlationTablePath !== undefined)
    refuseOtherEnding(options.correlationTablePath, /\.(h5|hdf5)$/i, "a name that ends with .h5");
  const text = await readConfigText(configPath, "match");
  const parsed = parseMatchSettings(text, configPath, { compat: options.compatBatch !== undefined });
  const chosen = withMicrograph(parsed, options.micrograph, onLog);
  const settings = {
    ...chosen,
    optics: await readMtfFile(chosen.optics),
    results: { ...chosen.results, ...correlationTableOf({ ...options, ...(onLog && { onLog }) }, chosen) },
  };
  const results = { ...DEFAULT_RESULTS, ...withoutUndefined(options) };
  return { searches: templateSearches({ settings, results }, configPath, options.templates), results };
}

/** The table of correlations that options ask for; of one of many micrographs under its own name. */
function correlationTableOf(
  { correlationTablePath, micrograph, ...options }: MatchOptions,
  { results }: MatchSettings,
): { correlationTable?: string } {
  if (correlationTablePath === undefined) {
    const { correlationTable } = results;
    if (correlationTable === undefined) warnOfTableOptions(options);
    return correlationTable === undefined ? {} : { correlationTable };
  }
  return { correlationTable: suffixed(correlationTablePath, micrograph?.suffix ?? "") };
}

function warnOfTableOptions({ correlationThreshold, correlationLimit, onLog }: MatchOptions): void {
  const without =
    "has no effect here without --correlation-table or the configuration's correlation_table_path";
  if (correlationThreshold !== undefined) onLog?.(`--correlation-threshold ${without}`, "warning");
  if (correlationLimit !== undefined) onLog?.(`--correlation-limit ${without}`, "warning");
}

/** Opens everything that a configuration names; `use` gets it, and it is closed afterwards. */
export async function withSearches<T>(
  configPath: string,
  options: MatchOptions,
  use: (set: SearchSet) => Promise<T>,
): Promise<T> {
  const { searches, results } = await planSearches(configPath, options);
  const [{ settings }] = searches;
  warnOfIgnored(configPath, settings, options.onLog);
  const templates: TemplateSource[] = [];
  try {
    for (const search of searches) templates.push(await openTemplate(search.settings.templatePath));
    const keeps = results.picturePath !== undefined;
    const micrograph = await SearchedMicrograph.read(settings.micrographPath, {
      keeps,
      tiffRows: options.tiffRows,
      onLog: options.onLog,
    });
    warnOfOdd({ configPath, searches, templates, micrograph }, options);
    const centres = await readPlanted(results, settings, options.onLog);
    const shared = { micrograph, space: searchSpace(settings) };
    return await use({
      searches: searches.map((search, i) => {
        const template = templates[i];
        return { ...search, ...shared, template, planted: cornersOf(centres, template.size) };
      }),
      results,
    });
  } finally {
    for (const template of templates) await template.close();
  }
}

/** Says what of the inputs does not fit to the configuration, or seems to be in another unit. */
function warnOfOdd(
  opened: {
    readonly configPath: string;
    readonly searches: readonly TemplateSettings[];
    readonly templates: readonly TemplateSource[];
    readonly micrograph: SearchedMicrograph;
  },
  { onLog, micrograph: choice }: MatchOptions,
): void {
  const { configPath, searches, templates, micrograph } = opened;
  const [{ settings }] = searches;
  const { optics: chosen, isLookedAt = false } = choice ?? {};
  const unsaid = Object.entries(settings.optics).filter(
    ([field]) => !isLookedAt || !(field in Object(chosen)),
  );
  const at = chosen === undefined || isLookedAt ? configPath : `${configPath} with ${choice?.path}`;
  warnOfImplausible(searchValues({ ...settings, optics: Object.fromEntries(unsaid) }, at), onLog);
  const used = { pixelSizeA: settings.optics.pixelSizeA, from: "the configuration" };
  const images = [
    { path: settings.micrographPath, pixelSizeA: micrograph.image.pixelSizeA },
    ...templates.map(({ name, voxelSizeA }) => ({ path: name, pixelSizeA: voxelSizeA })),
  ];
  for (const line of new Set(templates.flatMap(({ warnings = [] }) => warnings))) onLog?.(line, "warning");
  for (const image of images) warnOfPixelSize(image, used, onLog);
}

/** Centres, whatever box or program the table is of; read before the search, which may take hours. */
async function readPlanted(
  { plantedPath, picturePath }: ResultOptions,
  { micrographPath }: MatchSettings,
  onLog: Log | undefined,
): Promise<PlantedParticles | undefined> {
  if (plantedPath === undefined) return undefined;
  if (picturePath === undefined) {
    const hint = "Name a picture (--picture FILE), in which they are marked";
    throw new VitrineError({ code: "range", at: "planted", expected: "a picture", found: "none", hint });
  }
  const stack = await readParticlePlaces(plantedPath, { posesMayMiss: true, onLog });
  const centres = centresOf(stack).filter(
    (_, i) => fileName(stack.particles[i].micrographPath) === fileName(micrographPath),
  );
  if (centres.length === 0) onLog?.(`${plantedPath}: no particles in ${micrographPath}`, "warning");
  return centres;
}

/** Corners of a template of so many pixels a side that lies around these. */
function cornersOf(centres: PlantedParticles | undefined, size: number): PlantedParticles | undefined {
  const half = Math.floor(size / 2);
  return centres?.map(({ x, y }) => ({ x: x - half, y: y - half }));
}

/** As {@link withSearches}, for programs of one template. @throws {VitrineError} unsupported: several */
export async function withSearch<T>(
  configPath: string,
  options: MatchOptions,
  use: (search: ConfiguredSearch) => Promise<T>,
): Promise<T> {
  return withSearches(configPath, options, ({ searches }) => {
    if (searches.length === 1) return use(searches[0]);
    throw new VitrineError({
      code: "unsupported",
      at: `${configPath} template_volume_path`,
      expected: "one template",
      found: `${searches.length}`,
      hint: "Take each by itself",
    });
  });
}

/** Says which fields of a configuration were set and have no effect. */
export function warnOfIgnored(
  configPath: string,
  { ignored }: { readonly ignored: readonly string[] },
  onLog: Log | undefined,
): void {
  for (const field of ignored) onLog?.(`${configPath} ${field} has no effect here`, "warning");
}

function withoutUndefined(options: MatchOptions): MatchOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Files that searches read, the results that they write, and whether these may replace others. */
export function resultPlaces(
  { searches, results }: SearchSet<TemplateSettings>,
  outputs: readonly string[],
): ResultPlaces {
  const [{ settings }] = searches;
  return {
    inputs: [settings.micrographPath, ...searches.map((search) => search.settings.templatePath)],
    outputs,
    overwrite: results.overwrite || settings.results.allowFileOverwrite,
    hint: "Allow it with --overwrite or match_template_result.allow_file_overwrite: true, or choose another path",
  };
}

/** Bytes that a set needs: those of its largest search, since they follow one another. */
export function searchSetBytes(
  { searches }: SearchSet,
  { templatePadding: padding = 1 }: MatchOptions,
  backend: BackendSizes,
): number {
  const sizes = searches.map(({ settings, space, template, results, micrograph: { shape } }) => {
    const hits = hitOptions(settings, results);
    if (hits !== undefined) requireCountable(space);
    return searchSize(
      { shape, template: template.size, name: template.name, settings, space, padding, hits },
      backend,
    );
  });
  return Math.max(...sizes.map(({ bytes }) => bytes));
}

/** What the maps of a search are made of. */
export function mapSource(
  statistics: MapSource["statistics"],
  { space, results }: Pick<ConfiguredSearch, "space" | "results">,
  { compatBatch }: Pick<MatchOptions, "compatBatch">,
): MapSource {
  const source = { statistics, space, ...(compatBatch !== undefined && { compatBatch }) };
  return overBackground(source, results.background);
}
