/** The page with all that it shows, as files that any web server can hand out. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { progressTeller, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Log, ProgramOptions } from "../../program/index.ts";
import { browseRoutes } from "../browse.ts";
import { objectRoutes } from "../experiments/objectRoutes.ts";
import { OpenExperiments } from "../experiments/openExperiments.ts";
import { experimentRoutes } from "../experiments/routes.ts";
import { OpenImages } from "../images/openImages.ts";
import { imageRoutes } from "../images/routes.ts";
import { ImageObjects } from "../objects/imageObjects.ts";
import { likelihoodRoutes } from "../results/likelihood/routes.ts";
import { OpenSearches } from "../results/match/openSearches.ts";
import { matchRoutes } from "../results/match/routes.ts";
import { RequestPool } from "../results/pool.ts";
import { subtomogramRoutes } from "../results/subtomogram/routes.ts";
import { openRoots, type Roots } from "../roots.ts";
import { builtPage } from "../server.ts";
import { tourRoutes } from "../tour.ts";
import { type ExportedPart, KeptAnswers } from "./keptAnswers.ts";
import type { ExportFacts } from "./names.ts";
import { exportPlaces } from "./places.ts";

/** Options of {@link exportSite}. */
export interface ExportSiteOptions extends Pick<ProgramOptions, "signal" | "onProgress"> {
  /** Of experiments on a PostgreSQL server. */
  readonly databaseUrl?: string;
  /** Gets what is left out. */
  readonly onLog?: Log;
}

const KEYS: OptionKeys<ExportSiteOptions> = {
  signal: true,
  onProgress: true,
  databaseUrl: true,
  onLog: true,
};

/** What was exported. */
export interface ExportSiteReport {
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  /** The same by what is shown. */
  readonly parts: readonly ExportedPart[];
  /** What the exported page cannot show, in words. */
  readonly leftOut: readonly string[];
}

/** Files in the export of its own. */
const FACTS_FILE = "export.json";
/** What a page without a server can never do. */
const NEVER = [
  "acquisitions and jobs: they need the server",
  "changes of map objects: they need the server",
  "annotations of images, and features of their labels: they need the server",
];

/**
 * Writes page and data as static files: descriptions as JSON, the tiles that the viewer asks for at all of its levels, map objects of whole maps at
 * each zoom, and what programs found, with pictures of the first of many particles. What the server would answer for them is in the files, byte for byte. Nothing is written where anything fails.
 *
 * @param paths      files and folders, as of `startServer`
 * @param directory  is made; must not be there, or be empty
 * @throws {VitrineError} exists: a folder with files; range: one that is served itself; missing: one of the paths, the built page; aborted; and what reading throws
 */
export async function exportSite(
  paths: readonly string[],
  directory: string,
  options: ExportSiteOptions = {},
): Promise<ExportSiteReport> {
  requireKnownOptions("exportSite", options, KEYS);
  await requireEmpty(directory);
  const roots = await openRoots(paths);
  requireBeside(directory, roots);
  const parent = dirname(resolve(directory));
  await mkdir(parent, { recursive: true });
  const part = await mkdtemp(join(parent, `.${basename(resolve(directory))}-`));
  try {
    const { facts, parts } = await writeAll(roots, part, options);
    await copyPage(part, facts);
    await rm(directory, { recursive: true, force: true });
    await rename(part, directory);
    for (const what of facts.leftOut) options.onLog?.(`left out: ${what}`, "warning");
    const sum = (key: "files" | "bytes") => parts.reduce((all, one) => all + one[key], 0);
    return { directory, files: sum("files"), bytes: sum("bytes"), parts, leftOut: facts.leftOut };
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

async function writeAll(roots: Roots, directory: string, options: ExportSiteOptions) {
  const { databaseUrl, onProgress, signal = new AbortController().signal } = options;
  await using images = new OpenImages();
  await using experiments = new OpenExperiments(databaseUrl);
  await using objects = new ImageObjects({ roots, images, isReadOnly: true });
  await using pool = new RequestPool();
  await using searches = new OpenSearches(pool);
  const tools = { roots, experiments, objects, isReadOnly: true };
  const routes = [
    ...browseRoutes(roots, false),
    ...imageRoutes({ roots, images }),
    ...experimentRoutes(tools),
    ...objectRoutes(tools),
    ...matchRoutes({ roots, images, searches }),
    ...subtomogramRoutes({ roots, images, pool }),
    ...likelihoodRoutes(roots),
    ...tourRoutes(roots),
  ];
  const tell = progressTeller(onProgress, { unit: "files" });
  const onFile = (files: number) => tell(files, Number.POSITIVE_INFINITY);
  const kept = new KeptAnswers({ roots, routes, directory, signal, onFile, leftOut: NEVER });
  await exportPlaces(roots, kept);
  return kept.end();
}

/** The built page, which is told that no server stands behind it. */
async function copyPage(part: string, facts: ExportFacts): Promise<void> {
  const page = await builtPage();
  if (page === undefined) {
    const fault = { code: "missing", at: "the page", expected: "one that is built", found: "none" } as const;
    throw new VitrineError({ ...fault, hint: "Run: npm run build" });
  }
  await cp(join(page, "assets"), join(part, "assets"), { recursive: true });
  const html = await readFile(join(page, "index.html"), "utf8");
  const told = html.replace("<head>", `<head>\n    <meta name="vitrine-export" content="${FACTS_FILE}">`);
  await writeFile(join(part, "index.html"), told);
  await writeFile(join(part, FACTS_FILE), JSON.stringify(facts));
}

/** @throws {VitrineError} exists */
async function requireEmpty(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw notFolder(directory, "a file", error);
  });
  if (names.length > 0) throw notFolder(directory, "one with files");
}

/** What is served is no place for what is made of it. @throws {VitrineError} range */
function requireBeside(directory: string, { list }: Roots): void {
  const own = resolve(directory);
  const served = list.find(({ path }) => path === own || path.startsWith(own + sep));
  if (served === undefined) return;
  const expected = "a folder of its own";
  const found = `one that is served, or has ${served.name} in it`;
  throw new VitrineError({ code: "range", at: directory, expected, found, hint: "Name another" });
}

function notFolder(at: string, found: string, cause?: unknown): VitrineError {
  const expected = "no folder, or an empty one";
  return new VitrineError({ code: "exists", at, expected, found, hint: "Name another" }, { cause });
}
