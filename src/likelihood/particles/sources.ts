import { VitrineError } from "../../core/index.ts";
import { fileExists, listFolder } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import type { LensTable } from "./lensTable.ts";
import type { StackSource } from "./planStacks.ts";
import { readCsLens } from "./readCsLens.ts";
import { readStarLens, type StarLensOptions } from "./readStarLens.ts";

/** Tables and stacks that come in pairs. @throws {VitrineError} shape: not as many of the one as of the other; missing: files, all of them named; and the errors of `readStarLens` */
export async function pairedSources(
  particleFiles: readonly string[],
  starFiles: readonly string[],
  options: Omit<StarLensOptions, "isIndexed">,
): Promise<StackSource[]> {
  if (particleFiles.length !== starFiles.length || starFiles.length === 0)
    throw new VitrineError({
      code: "shape",
      at: "particle and star files",
      expected: `as many stacks as tables, ${starFiles.length || "at least 1"}`,
      found: `${particleFiles.length}`,
    });
  await requireFiles([...starFiles, ...particleFiles]);
  const lenses: LensTable[] = [];
  for (const path of starFiles) lenses.push(await readStarLens(path, { ...options, isIndexed: false }));
  return particleFiles.map((path, i) => ({ path, lens: lenses[i], isPaired: true }));
}

async function requireFiles(paths: readonly string[]): Promise<void> {
  const there = await Promise.all(paths.map(fileExists));
  const missing = paths.filter((_, i) => !there[i]);
  if (missing.length === 0) return;
  throw new VitrineError({
    code: "missing",
    at: "particle files",
    expected: "all of them",
    found: `no ${missing.join(", ")}`,
  });
}

/** How images of a table are found. */
export interface IndexedOptions {
  /** Where they lie, by their names without folders. */
  readonly mrcFolder?: string | undefined;
  readonly onLog?: Log | undefined;
}

/** A STAR file that names the image of every particle. @throws {VitrineError} missing: none of its files; and the errors of `readStarLens` */
export async function indexedStarSources(path: string, options: IndexedOptions): Promise<StackSource[]> {
  return indexedSources(await readStarLens(path, { isIndexed: true }), path, options);
}

/** A `.cs` file that names the image of every particle. @throws {VitrineError} missing: none of its files; and the errors of `readCsLens` */
export async function indexedCsSources(path: string, options: IndexedOptions): Promise<StackSource[]> {
  return indexedSources(await readCsLens(path, true), path, options);
}

/** Files in the order of their names, as CryoLike takes them; in each the images in the order of the table. */
async function indexedSources(
  lens: LensTable,
  path: string,
  { mrcFolder, onLog }: IndexedOptions,
): Promise<StackSource[]> {
  const { files, indices } = lens.images ?? { files: [], indices: new Int32Array() };
  const rowsOf = new Map<string, number[]>();
  for (const [row, file] of files.entries()) {
    const rows = rowsOf.get(file) ?? [];
    rowsOf.set(file, rows);
    rows.push(row);
  }
  const sources: StackSource[] = [];
  const missing: string[] = [];
  for (const file of [...rowsOf.keys()].sort(byCodePoints)) {
    const found = await placeOf(file.replace(/^>/, ""), path, mrcFolder);
    const rows = rowsOf.get(file) ?? [];
    if (found === undefined) missing.push(`${file} (${rows.length} particles)`);
    else sources.push({ path: found, lens, rows, images: rows.map((row) => indices[row]), isPaired: false });
  }
  const shown = `${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`;
  if (sources.length === 0) {
    const hint = "Name the folder where they lie (--mrc-folder)";
    throw new VitrineError({
      code: "missing",
      at: path,
      expected: "the files of its images",
      found: `no ${shown}`,
      hint,
    });
  }
  if (missing.length > 0) onLog?.(`${path}: left out, there is no file ${shown}`, "warning");
  return sources;
}

function byCodePoints(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** In the folder that is named; else as it says, from here or from its table's folder, or beside the table. */
async function placeOf(
  file: string,
  table: string,
  mrcFolder: string | undefined,
): Promise<string | undefined> {
  const name = file.replace(/^.*[/\\]/, "");
  const beside = table.replace(/[^/\\]*$/, "");
  const places =
    mrcFolder === undefined
      ? [file, `${beside}${file}`, `${beside}${name}`]
      : [`${mrcFolder}/${file}`, `${mrcFolder}/${name}`];
  for (const place of places) if (await fileExists(place)) return place;
  return undefined;
}

/**
 * A job of cryoSPARC that has restacked or down-sampled its particles: FOLDER/J15/J15_passthrough_particles.cs with
 * `restack/batch_000000_restacked.mrc` or `downsample/batch_000000_downsample.mrc` and so on.
 *
 * @param folder     the project's, or the job's own
 * @param jobNumber  default: that of the job's folder, or of the only job there is
 * @throws {VitrineError} missing: no such job, table or stacks; undeterminable: several jobs
 */
export async function cryosparcJobSources(
  folder: string,
  jobNumber: number | undefined,
  onLog?: Log,
): Promise<StackSource[]> {
  const { job, name } = await jobFolder(folder, jobNumber);
  const table = `${job}/${name}_passthrough_particles.cs`;
  const batches =
    (await batchesOf(`${job}/restack`, "restacked")) ?? (await batchesOf(`${job}/downsample`, "downsample"));
  if (batches === undefined)
    throw new VitrineError({
      code: "missing",
      at: job,
      expected: "restack/batch_000000_restacked.mrc or downsample/batch_000000_downsample.mrc",
      found: "neither",
    });
  const lens = await readCsLens(table, false);
  if (batches.ignored > 0)
    onLog?.(`${job}: ${batches.ignored} stacks after a missing number left out`, "warning");
  return batches.paths.map((path) => ({ path, lens, isPaired: false }));
}

async function jobFolder(
  folder: string,
  jobNumber: number | undefined,
): Promise<{ readonly job: string; readonly name: string }> {
  const own = /(?:^|[/\\])(J\d+)[/\\]?$/.exec(folder)?.[1];
  if (jobNumber === undefined && own !== undefined) return { job: folder.replace(/[/\\]$/, ""), name: own };
  if (jobNumber !== undefined) return { job: `${folder}/J${jobNumber}`, name: `J${jobNumber}` };
  const jobs = (await listFolder(folder)).filter((name) => /^J\d+$/.test(name));
  if (jobs.length === 1) return { job: `${folder}/${jobs[0]}`, name: jobs[0] };
  throw new VitrineError({
    code: jobs.length === 0 ? "missing" : "undeterminable",
    at: folder,
    expected: "one job",
    found: jobs.slice(0, 8).join(", ") || "none",
    hint: "Say its number (--job)",
  });
}

/** Numbered from 0 to the first that is missing, as CryoLike takes them. */
async function batchesOf(
  folder: string,
  kind: "restacked" | "downsample",
): Promise<{ readonly paths: readonly string[]; readonly ignored: number } | undefined> {
  const nameOf = (i: number) => `batch_${String(i).padStart(6, "0")}_${kind}.mrc`;
  if (!(await fileExists(`${folder}/${nameOf(0)}`))) return undefined;
  const names = new Set(await listFolder(folder));
  const paths: string[] = [];
  while (names.has(nameOf(paths.length))) paths.push(`${folder}/${nameOf(paths.length)}`);
  const all = [...names].filter((name) => new RegExp(`^batch_\\d{6}_${kind}\\.mrc$`).test(name));
  return { paths, ignored: all.length - paths.length };
}
