import { BLOCK_TEMPLATES, createPool, type Pool } from "../compute/index.ts";
import { type Image, VitrineError } from "../core/index.ts";
import { fileExists, makeFolder, readFileBytes, removeFile } from "../io/index.ts";
import { type MatchSettings, parseMatchSettings, searchSpace } from "./config.ts";
import { searchFingerprint } from "./fingerprint.ts";
import { checkpointPath, findParts, type Part, partPath, partRange, partsFolder } from "./parts.ts";
import type { MapSource } from "./resultMaps.ts";
import { prepareResults, type ResultOptions, type SearchReport, writeResults } from "./results.ts";
import { type SearchSize, type SliceOptions, searchSize, TemplateSearch } from "./search.ts";
import { openTemplate, readMicrograph, type SearchInputs } from "./searchInputs.ts";
import {
  MergedStatistics,
  openSearchState,
  requireSameSearch,
  type StateHeader,
  writeSearchState,
} from "./searchState.ts";

/** How the program runs; every field has the default of the command line. */
export interface MatchOptions extends Partial<ResultOptions>, SliceOptions {
  /** Worker threads. */
  readonly workers?: number;
  /** Search only this part and keep its statistics for {@link collectMatch}. */
  readonly part?: Part;
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

const DEFAULT_RESULTS = {
  particlesPath: "particles.csv",
  overwrite: false,
  maskRadiusPx: 5,
  falsePositives: 1,
};

interface Job {
  readonly settings: MatchSettings;
  readonly inputs: SearchInputs;
  readonly results: ResultOptions;
  readonly fingerprint: string;
}

/** Opens everything that a configuration names; `use` gets it, and it is closed afterwards. */
async function withJob<T>(
  configPath: string,
  options: MatchOptions,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  const text = new TextDecoder().decode(await readFileBytes(configPath));
  const settings = parseMatchSettings(text, configPath, { compat: options.compatBatch !== undefined });
  for (const field of settings.ignored) options.onLog?.(`${configPath} ${field} has no effect here`);
  const results = { ...DEFAULT_RESULTS, ...withoutUndefined(options) };
  const micrograph = checkPixelSize(await readMicrograph(settings.micrographPath), settings, options.onLog);
  const template = await openTemplate(settings.templatePath);
  try {
    const inputs = { micrograph, template };
    const fingerprint = await searchFingerprint({ settings, ...inputs, slices: options });
    return await use({ settings, inputs, results, fingerprint });
  } finally {
    await template.close();
  }
}

function withoutUndefined(options: MatchOptions): MatchOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The configuration's pixel size counts, as in the peer; a file that says otherwise is worth a word. */
function checkPixelSize(
  image: Image,
  { optics, micrographPath }: MatchSettings,
  log?: (text: string) => void,
): Image {
  const difference = Math.abs(image.pixelSizeA - optics.pixelSizeA);
  if (image.pixelSizeA > 0 && difference > 0.01 * optics.pixelSizeA) {
    log?.(
      `${micrographPath} says ${image.pixelSizeA} Å a pixel, the configuration ${optics.pixelSizeA} Å, which is used`,
    );
  }
  return image;
}

/**
 * Leopard-EM's `match_template` on its own configuration file: searches a micrograph for a template and writes the eight
 * maps and the particle table, or, with `part`, the statistics of a part.
 *
 * @returns what was found; null for a part
 * @throws {VitrineError} whatever is wrong with configuration, inputs or outputs, named by file and field; aborted
 */
export async function runMatch(configPath: string, options: MatchOptions = {}): Promise<SearchReport | null> {
  return withJob(configPath, options, async (job) => {
    await checkOutputs(job, options);
    const pool = await createPool(options.workers === undefined ? {} : { workers: options.workers });
    try {
      return await searchAndWrite(pool, job, options);
    } finally {
      await pool.dispose();
    }
  });
}

async function checkOutputs(
  { settings, results }: Job,
  { part, resume, overwrite }: MatchOptions,
): Promise<void> {
  const checkpoint = checkpointPath(settings, part);
  if (part === undefined) await prepareResults(settings, results);
  else await makeFolder(partsFolder(settings));
  const done = part === undefined ? undefined : partPath(settings, part);
  if (done !== undefined && !overwrite && (await fileExists(done))) {
    const hint = "Collect it with vitrine match-collect, or search it again with --overwrite";
    throw new VitrineError({
      code: "exists",
      at: done,
      expected: "a part that is to be done",
      found: "its result",
      hint,
    });
  }
  if (!resume && !overwrite && (await fileExists(checkpoint))) {
    const hint = "Continue with --resume, or start again with --overwrite";
    throw new VitrineError({
      code: "exists",
      at: checkpoint,
      expected: "no earlier run",
      found: "its checkpoint",
      hint,
    });
  }
}

async function searchAndWrite(pool: Pool, job: Job, options: MatchOptions): Promise<SearchReport | null> {
  const { settings, inputs, fingerprint } = job;
  const search = await TemplateSearch.create(pool, { ...inputs, settings }, options);
  const range =
    options.part === undefined
      ? { firstBlock: 0, lastBlock: search.blockCount }
      : partRange(options.part, search.blockCount);
  const header = { fingerprint, shape: search.size.mapShape, blockCount: search.blockCount, ...range };
  const checkpoint = checkpointPath(settings, options.part);
  const nextBlock = options.resume
    ? await restore(search, checkpoint, { header, options })
    : range.firstBlock;
  await runBlocks(search, { ...header, nextBlock }, { options, checkpoint });
  if (options.part !== undefined) {
    const done = { ...header, nextBlock: range.lastBlock };
    await writeSearchState(partPath(settings, options.part), done, search.statistics);
    await removeFile(checkpoint);
    return null;
  }
  const source = mapSource(search.statistics, settings, options);
  const report = await finish(job, source, search.size.correlations);
  await removeFile(checkpoint);
  return report;
}

function mapSource(
  statistics: MapSource["statistics"],
  settings: MatchSettings,
  options: MatchOptions,
): MapSource {
  const { compatBatch } = options;
  return { statistics, space: searchSpace(settings), ...(compatBatch !== undefined && { compatBatch }) };
}

function finish(
  { settings, inputs, results }: Job,
  source: MapSource,
  correlations: number,
): Promise<SearchReport> {
  const { micrograph, template } = inputs;
  return writeResults({
    settings,
    source,
    micrograph,
    templateSize: template.size,
    correlations,
    options: results,
  });
}

/** Puts the statistics of a checkpoint back; returns the block to continue with. */
async function restore(
  search: TemplateSearch,
  path: string,
  { header, options }: { header: Omit<StateHeader, "nextBlock">; options: MatchOptions },
): Promise<number> {
  if (!(await fileExists(path))) {
    options.onLog?.(`${path} is not there: starting from the beginning`);
    return header.firstBlock;
  }
  const file = await openSearchState(path);
  try {
    requireSameSearch(file, header);
    await file.load((name, values, row) => search.statistics.restore(name, values, row));
    const { nextBlock } = file.header;
    options.onLog?.(`continuing at block ${nextBlock} of ${header.lastBlock} from ${path}`);
    return nextBlock;
  } finally {
    await file.close();
  }
}

/** Runs ranges of blocks that take about as long as the time between checkpoints, and writes one after each. */
async function runBlocks(
  search: TemplateSearch,
  header: StateHeader,
  { options, checkpoint }: { options: MatchOptions; checkpoint: string },
): Promise<void> {
  const { checkpointSeconds = 60, signal, onProgress } = options;
  const { firstBlock, lastBlock } = header;
  const correlations = (blocks: number) =>
    Math.min(search.size.correlations, blocks * BLOCK_TEMPLATES) - firstBlock * BLOCK_TEMPLATES;
  const total = Math.max(0, correlations(lastBlock));
  const began = performance.now();
  const before = Math.max(0, correlations(header.nextBlock));
  const tell = (done: number) => {
    const seconds = (performance.now() - began) / 1000;
    onProgress?.({ done: before + done, total, rate: seconds > 0 ? done / seconds : 0 });
  };
  let next = header.nextBlock;
  let size = 1;
  while (next < lastBlock) {
    const start = performance.now();
    const end = Math.min(lastBlock, next + size);
    const sofar = Math.max(0, correlations(next)) - before;
    await search.run(
      { firstBlock: next, lastBlock: end },
      { ...(signal && { signal }), onProgress: (done) => tell(sofar + done) },
    );
    const seconds = (performance.now() - start) / 1000;
    size = Math.max(1, Math.min(4 * size, Math.floor((size * checkpointSeconds) / seconds)));
    next = end;
    const due = seconds >= checkpointSeconds / 4;
    if (next < lastBlock && due)
      await writeSearchState(checkpoint, { ...header, nextBlock: next }, search.statistics);
  }
}

/**
 * Joins the parts of a search and writes its results. No correlations are computed.
 *
 * @throws {VitrineError} missing: parts; exists: parts of several divisions; format: parts of another search
 */
export async function collectMatch(configPath: string, options: MatchOptions = {}): Promise<SearchReport> {
  return withJob(configPath, options, async (job) => {
    const { settings, inputs, fingerprint } = job;
    const size = searchSize({ shape: inputs.micrograph.shape, template: inputs.template.size, settings }, 1);
    const blockCount = Math.ceil(size.correlations / BLOCK_TEMPLATES);
    const parts = await findParts(settings);
    await prepareResults(settings, job.results);
    const merged = new MergedStatistics(size.mapShape);
    for (const part of parts) await addPart(merged, job, { part, expected: { fingerprint, blockCount } });
    return finish(job, mapSource(merged, settings, options), size.correlations);
  });
}

async function addPart(
  merged: MergedStatistics,
  { settings }: Job,
  { part, expected }: { part: Part; expected: Pick<StateHeader, "fingerprint" | "blockCount"> },
): Promise<void> {
  const file = await openSearchState(partPath(settings, part));
  try {
    requireSameSearch(file, expected);
    const range = partRange(part, expected.blockCount);
    const { firstBlock, nextBlock, lastBlock } = file.header;
    if (firstBlock !== range.firstBlock || lastBlock !== range.lastBlock || nextBlock !== lastBlock) {
      const wanted = `blocks ${range.firstBlock} to ${range.lastBlock}, done`;
      const found = `blocks ${firstBlock} to ${lastBlock}, done to ${nextBlock}`;
      throw new VitrineError({
        code: "format",
        at: file.name,
        expected: wanted,
        found,
        hint: "Run this part again",
      });
    }
    await merged.add(file);
  } finally {
    await file.close();
  }
}

/** What a search would take. */
export interface MatchEstimate extends SearchSize {
  /** Correlations per second, measured. */
  readonly rate: number;
  readonly hours: number;
  readonly workers: number;
}

/** Sets a search up, runs a little of it for its rate, and writes nothing. @throws as {@link runMatch} */
export async function estimateMatch(configPath: string, options: MatchOptions = {}): Promise<MatchEstimate> {
  return withJob(configPath, options, async ({ settings, inputs }) => {
    const pool = await createPool(options.workers === undefined ? {} : { workers: options.workers });
    try {
      const search = await TemplateSearch.create(pool, { ...inputs, settings }, options);
      const rate = await measureRate(search, options.signal);
      const hours = search.size.correlations / rate / 3600;
      return { ...search.size, rate, hours, workers: pool.workers };
    } finally {
      await pool.dispose();
    }
  });
}

/** Doubles the number of blocks until they take a second. */
async function measureRate(search: TemplateSearch, signal?: AbortSignal): Promise<number> {
  for (let blocks = 1; ; blocks *= 2) {
    const lastBlock = Math.min(blocks, search.blockCount);
    const begin = performance.now();
    await search.run({ firstBlock: 0, lastBlock }, signal === undefined ? {} : { signal });
    const seconds = (performance.now() - begin) / 1000;
    const correlations = Math.min(lastBlock * BLOCK_TEMPLATES, search.size.correlations);
    if (seconds >= 1 || lastBlock === search.blockCount) return correlations / seconds;
  }
}
