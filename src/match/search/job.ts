import { type Image, type Shape2, VitrineError } from "../../core/index.ts";
import { type MatchSettings, parseMatchSettings, searchSpace } from "../config/config.ts";
import { readConfigText } from "../config/configPrograms.ts";
import { readMtfFile } from "../config/mtfFile.ts";
import { searchFingerprint } from "./fingerprint.ts";
import type { Part } from "./parts.ts";
import type { MapSource } from "./resultMaps.ts";
import type { ResultOptions } from "./results.ts";
import type { SliceOptions } from "./search.ts";
import { openTemplate, readMicrograph, type TemplateSource } from "./searchInputs.ts";
import { templateSearches } from "./templates.ts";

/** How the program runs; every field has the default of the command line. */
export interface MatchOptions extends Partial<ResultOptions>, SliceOptions {
  /** Worker threads. */
  readonly workers?: number;
  /** Search only this part and keep its statistics for {@link collectMatch}. */
  readonly part?: Part;
  /** Template files in the place of those that the configuration names. */
  readonly templates?: readonly string[];
  /** Continue after a run that was stopped. */
  readonly resume?: boolean;
  /** Decode angles and defocus of a short last batch as Leopard-EM does with batches of this many orientations. */
  readonly compatBatch?: number;
  /** Time between two checkpoints in seconds; default 60. */
  readonly checkpointSeconds?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SearchProgress) => void;
  /** Gets what the user should know: fields without effect, where it continues. */
  readonly onLog?: (message: string) => void;
}

/** How far a search is. */
export interface SearchProgress {
  /** Correlations done, those before a resumption included. */
  readonly done: number;
  /** Correlations of the whole run. */
  readonly total: number;
  /** Correlations per second of this run; 0 at its very start. */
  readonly rate: number;
}

/** Tells of a program's progress, with the rate since now; what was done `before` counts as done and not for the rate. */
export function withRate(
  onProgress: MatchOptions["onProgress"],
  before = 0,
): (done: number, total: number) => void {
  const began = performance.now();
  return (done, total) => {
    const seconds = (performance.now() - began) / 1000;
    onProgress?.({ done: before + done, total, rate: seconds > 0 ? done / seconds : 0 });
  };
}

const DEFAULT_RESULTS = {
  particlesPath: "particles.csv",
  overwrite: false,
  maskRadiusPx: 5,
  falsePositives: 1,
};

/** What a configuration names, opened and checked. */
export interface Job {
  readonly settings: MatchSettings;
  readonly template: TemplateSource;
  readonly micrographShape: Shape2;
  /** Reads the micrograph; nobody keeps it, since a large search needs the memory. */
  readonly readMicrograph: () => Promise<Image>;
  readonly results: ResultOptions;
  readonly fingerprint: string;
}

/** The searches that a configuration asks for: one for each template. */
export interface JobSet {
  readonly jobs: readonly Job[];
  /** As asked for; those of a job are its share, under names of their own, where there are several. */
  readonly results: ResultOptions;
}

/** Opens everything that a configuration names; `use` gets it, and it is closed afterwards. */
export async function withJobs<T>(
  configPath: string,
  options: MatchOptions,
  use: (set: JobSet) => Promise<T>,
): Promise<T> {
  const text = await readConfigText(configPath, "match");
  const parsed = parseMatchSettings(text, configPath, { compat: options.compatBatch !== undefined });
  const settings = { ...parsed, optics: await readMtfFile(parsed.optics) };
  for (const field of settings.ignored) options.onLog?.(`${configPath} ${field} has no effect here`);
  const results = { ...DEFAULT_RESULTS, ...withoutUndefined(options) };
  const searches = templateSearches({ settings, results }, configPath, options.templates);
  const templates: TemplateSource[] = [];
  try {
    for (const search of searches) templates.push(await openTemplate(search.settings.templatePath));
    const micrograph = await describe(settings, templates, options);
    const jobs = searches.map((search, i): Job => {
      const fingerprint = micrograph.fingerprints[i];
      return { ...search, template: templates[i], ...micrograph.source, fingerprint };
    });
    return await use({ jobs, results });
  } finally {
    for (const template of templates) await template.close();
  }
}

/** As {@link withJobs}, for programs of one template. @throws {VitrineError} unsupported: several */
export async function withJob<T>(
  configPath: string,
  options: MatchOptions,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  return withJobs(configPath, options, ({ jobs }) => {
    if (jobs.length === 1) return use(jobs[0]);
    throw new VitrineError({
      code: "unsupported",
      at: `${configPath} template_volume_path`,
      expected: "one template",
      found: `${jobs.length}`,
      hint: "Take each by itself",
    });
  });
}

/** Reads the micrograph once for all fingerprints. */
async function describe(
  settings: MatchSettings,
  templates: readonly TemplateSource[],
  options: MatchOptions,
) {
  const read = () => readMicrograph(settings.micrographPath);
  const micrograph = await read();
  checkPixelSize(micrograph, settings, options.onLog);
  const fingerprints: string[] = [];
  for (const template of templates) {
    fingerprints.push(await searchFingerprint({ settings, micrograph, template, slices: options }));
  }
  return { source: { micrographShape: micrograph.shape, readMicrograph: read }, fingerprints };
}

function withoutUndefined(options: MatchOptions): MatchOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The configuration's pixel size counts, as in Leopard-EM; a file that says otherwise is worth a word. */
function checkPixelSize(
  image: Image,
  { optics, micrographPath }: MatchSettings,
  log?: (text: string) => void,
): void {
  const difference = Math.abs(image.pixelSizeA - optics.pixelSizeA);
  if (image.pixelSizeA > 0 && difference > 0.01 * optics.pixelSizeA) {
    log?.(
      `${micrographPath} says ${image.pixelSizeA} Å a pixel, the configuration ${optics.pixelSizeA} Å, which is used`,
    );
  }
}

/** What the maps of a job are made of. */
export function mapSource(
  statistics: MapSource["statistics"],
  settings: MatchSettings,
  options: MatchOptions,
): MapSource {
  const { compatBatch } = options;
  return { statistics, space: searchSpace(settings), ...(compatBatch !== undefined && { compatBatch }) };
}
