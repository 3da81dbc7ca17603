import { progressTeller, requireNotAborted, type Shape2, VitrineError } from "../../core/index.ts";
import {
  type OptionKeys,
  prepareResultFiles,
  refuseOtherEnding,
  requireKnownOptions,
  type TiffRows,
  writeMrcStack,
  writeStar,
  writeTogether,
} from "../../io/index.ts";
import { type Log, PROGRAM_KEYS, type ProgramOptions, withPool } from "../../program/index.ts";
import { type MovieSettings, movieFiles } from "../config/refineConfig.ts";
import { type BoxOptions, type BoxPosition, boxCorners, extractBoxes } from "../particles/boxes.ts";
import { leftOutLine } from "../particles/convertParticles.ts";
import {
  isHdf5Name,
  type StackImages,
  tableTemplateSize,
  writeParticlesHdf5,
} from "../particles/hdf5Particles.ts";
import { cutStatistics, type LocalStatistics, type WindowChoice } from "../particles/localStatistics.ts";
import { type MicrographCount, micrographCounts, rowsByMicrograph } from "../particles/micrographCounts.ts";
import type { MicrographFile } from "../particles/micrographFiles.ts";
import { boxNormalizer, defaultBackgroundRadius } from "../particles/normalizeBox.ts";
import {
  centreColumns,
  centresOf,
  FOREIGN_KEYS,
  type ForeignTableOptions,
  foreignOptions,
  type ParticleReading,
  type ParticleStack,
  readParticlePlaces,
  stackFiles,
} from "../particles/particleStack.ts";
import type { ParticleTable } from "../particles/particles.ts";
import { particlesToStar } from "../particles/particlesToStar.ts";
import { readImageOrMap } from "../search/hdf5Maps.ts";
import { isOther, warnOfParticles } from "../search/pixelSizes.ts";
import { readMicrograph } from "../search/searchInputs.ts";
import { boxesAtOnce, sumMovieBoxes } from "./movieBoxes.ts";
import { openParticleMovie } from "./movieShifts.ts";

/** How particles are extracted. Progress counts particles; workers are for movies. */
export interface ExtractOptions
  extends Pick<BoxOptions, "bounds" | "padding" | "value">,
    ForeignTableOptions,
    ProgramOptions {
  /** Whether the last row of a TIFF micrograph or movie is the first of an MRC one; default "flip", which `onLog` is told. */
  readonly tiffRows?: TiffRows;
  /** Side of a box in pixels. */
  readonly boxSize: number;
  /** The stack, `.mrcs`; its table lies beside it as `.star`. Or `.h5`: Leopard-EM 1.3's, with the table. Default `particles.mrcs`. */
  readonly stackPath?: string;
  /** Write to the STAR file what RELION does not know, too (default false: RELION's columns alone). */
  readonly full?: boolean;
  /** Sum boxes from a movie's frames instead of cutting them out of the micrographs. */
  readonly movie?: MovieSettings;
  /**
   * Give each box's background, what lies farther than `radius` pixels from its centre (default 3/8 of the box), mean 0, no ramp and
   * standard deviation 1, as RELION does.
   */
  readonly normalize?: { readonly radius?: number };
  /** Turn contrast around, so that particles that are dark become bright, as RELION expects them. */
  readonly invert?: boolean;
  readonly overwrite?: boolean;
  /** Only the particles of these micrographs of the table, wherever they lie, with the optics that they tell. */
  readonly micrographs?: readonly MicrographFile[];
}

const KEYS: OptionKeys<ExtractOptions> = {
  ...PROGRAM_KEYS,
  ...FOREIGN_KEYS,
  bounds: true,
  padding: true,
  value: true,
  tiffRows: true,
  boxSize: true,
  stackPath: true,
  full: true,
  movie: true,
  normalize: true,
  invert: true,
  overwrite: true,
  micrographs: true,
};

/** What was extracted. */
export interface ExtractReport {
  readonly particles: number;
  /** How many of them lie in each micrograph of the table. */
  readonly micrographs: readonly MicrographCount[];
  readonly files: readonly string[];
}

/** An extraction whose tables have been read. */
export interface PlannedExtract {
  /** The tables, as one. */
  readonly stack: ParticleStack;
  readonly options: Omit<ExtractOptions, "stackPath">;
  readonly stackPath: string;
  readonly inputs: readonly string[];
  readonly files: readonly string[];
}

/**
 * Reads the tables of an extraction.
 *
 * @throws {VitrineError} as {@link extractParticles}, as far as that is known without micrographs
 */
export async function planExtract(
  tablePaths: string | readonly string[],
  given: ExtractOptions,
): Promise<PlannedExtract> {
  requireKnownOptions("extractParticles", given, KEYS);
  requireKnownOptions("extractParticles normalize", given.normalize, { radius: true });
  const { stackPath = "particles.mrcs", ...options } = given;
  const { boxSize, movie, micrographs, onLog } = options;
  const paths = typeof tablePaths === "string" ? [tablePaths] : tablePaths;
  const reading = {
    onLog,
    posesMayMiss: true,
    ...(micrographs && { micrographs }),
    ...foreignOptions(options),
  };
  const stack = await readStacks(paths, reading);
  refuseOtherEnding(stackPath, /\.(mrcs?|st|h5|hdf5)$/i, "a name that ends with .mrcs or .h5");
  requireBox(boxSize, stack);
  const starPath = `${stackPath.replace(/\.mrcs?$/, "")}.star`;
  const files = isHdf5Name(stackPath) ? [stackPath] : [stackPath, starPath];
  const inputs = [...paths, ...stackFiles(stack), ...(movie ? movieFiles(movie) : [])];
  return { stack, options, stackPath, inputs, files };
}

/** Several tables as one, in their order. @throws {VitrineError} unsupported: refined ones among those that are not */
async function readStacks(paths: readonly string[], reading: ParticleReading): Promise<ParticleStack> {
  const stacks: ParticleStack[] = [];
  for (const path of paths)
    stacks.push(await readParticlePlaces(path, { ...reading, findsMicrographs: true }));
  const [first] = stacks;
  if (stacks.length === 1) return first;
  const other = stacks.find(({ hasRefinedPositions }) => hasRefinedPositions !== first.hasRefinedPositions);
  if (other !== undefined) {
    const kindOf = ({ hasRefinedPositions }: ParticleStack) =>
      hasRefinedPositions ? "refined positions" : "positions that are not refined";
    const expected = `${kindOf(first)}, as ${first.path}`;
    throw new VitrineError({ code: "unsupported", at: other.path, expected, found: kindOf(other) });
  }
  const columns = [...new Set(stacks.flatMap(({ table }) => table.columns))];
  const rows = stacks
    .flatMap(({ table }) => table.rows)
    .map((row, i) => ({ ...row, particle_index: `${i}` }));
  return { ...first, table: { columns, rows }, particles: stacks.flatMap(({ particles }) => particles) };
}

/**
 * Cuts the boxes of particles out of their micrographs, or out of a movie, and writes them as a stack (MRC,
 * float32, values as they are or normalised) and a STAR file of RELION 3.1 that names each image. A particle's centre, refined where
 * it is, comes to lie at pixel floor(box / 2).
 *
 * @param tablePaths  a table of a search or a refinement, or particles of RELION, cisTEM or cryoSPARC; several become one stack
 * @throws {VitrineError} as `readParticleStack`, `openParticleMovie`; range: no particles, a box size that is none, a box that leaves
 *   its micrograph with `bounds: "error"`, a background without contrast; exists: a result that is there; aborted
 */
export async function extractParticles(
  tablePaths: string | readonly string[],
  options: ExtractOptions,
): Promise<ExtractReport> {
  const planned = await planExtract(tablePaths, options);
  const { stack, inputs, files } = planned;
  await prepareResultFiles({ inputs, outputs: files, overwrite: options.overwrite ?? false });
  await warnOfExtract(planned);
  const rows = [...stack.particles.keys()];
  return writeExtracted(planned, (put) => cutRows(stack, { ...options, rows }, put));
}

/** Says what is odd about the particles and their micrographs. @throws {VitrineError} as `warnOfParticles` */
export async function warnOfExtract({ stack, options }: PlannedExtract): Promise<void> {
  const { movie, onLog } = options;
  const movieField = (field: string) => `--${field.replaceAll("_", "-")}`;
  const read = { particles: stack.particles, movie, movieField, readsMicrographs: movie === undefined };
  warnOfSizes(stack, onLog);
  await warnOfParticles(read, onLog);
}

/** Gets the boxes of all rows, in any order. */
export type FillStack = (put: (box: CutBox) => Promise<void>) => Promise<void>;

/** Writes the stack and its table, with a box at a time in memory, unless it is HDF5. */
export async function writeExtracted(
  { stack, options, stackPath, files }: PlannedExtract,
  fill: FillStack,
): Promise<ExtractReport> {
  const { boxSize, overwrite = false, full = false } = options;
  const report = { particles: stack.particles.length, micrographs: micrographCounts(stack), files };
  if (isHdf5Name(stackPath)) {
    const images = await imagesInMemory(stack, options, fill);
    const statistics = await statisticsOf(stack, options);
    await writeParticlesHdf5(stackPath, stack.table, {
      ...{ images, overwrite },
      ...(statistics && { statistics }),
    });
    return report;
  }
  const [, starPath] = files;
  const [voxelSizeA] = boxPixelSizes(stack);
  const shape = { sections: stack.particles.length, rows: boxSize, columns: boxSize, voxelSizeA };
  const onLeftOut = (columns: readonly string[]) =>
    options.onLog?.(leftOutLine(starPath, columns), "warning");
  const star = particlesToStar(imageTable(stack, stackPath, boxSize), stack.path, { lean: !full, onLeftOut });
  return writeTogether(async (results) => {
    await results.write(stackPath, (path) =>
      writeMrcStack(path, shape, (put) => fill(({ index, box }) => put(index, box))),
    );
    await results.write(starPath, (path) => writeStar(path, star, { overwrite: true }));
    return report;
  });
}

/** Of the search around each particle, where the table names its maps and they are there; else a word. */
async function statisticsOf(
  { particles, table, path }: ParticleStack,
  { boxSize, onLog }: PlannedExtract["options"],
): Promise<LocalStatistics | undefined> {
  const templateSide = tableTemplateSize(table);
  const areNamed = particles.every(
    ({ correlationAveragePath: average, correlationVariancePath: variance }) =>
      average !== "" && variance !== "",
  );
  if (!areNamed || templateSide < 1) return undefined; // no search found them
  const leftOut = (why: string) => onLog?.(`/local_stats is left out: ${why}`, "warning");
  if (boxSize < templateSide) {
    leftOut(`boxes of ${boxSize} are smaller than the template of ${path}, ${templateSide}`);
    return undefined;
  }
  const readMap: WindowChoice["readMap"] = (file, map) => readImageOrMap(file, { map });
  try {
    return await cutStatistics(particles, { boxSide: boxSize, templateSide, readMap });
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== "missing") throw error;
    leftOut(error.message);
    return undefined;
  }
}

async function imagesInMemory(
  { particles }: ParticleStack,
  { boxSize, normalize }: PlannedExtract["options"],
  fill: FillStack,
): Promise<StackImages> {
  const data = new Float32Array(particles.length * boxSize * boxSize);
  await fill(async ({ index, box }) => data.set(box, index * box.length));
  return { data, side: boxSize, isNormalized: normalize !== undefined };
}

/** Cuts the boxes of some rows, each (box, box) and finished, micrograph by micrograph. Progress counts particles. */
export async function cutRows(
  stack: ParticleStack,
  options: CutOptions,
  put: (box: CutBox) => Promise<void>,
): Promise<void> {
  const { movie, rows } = options;
  const finish = finisher(stack, options);
  const tell = progressTeller(options.onProgress, { unit: "particles" });
  let done = 0;
  const take = async ({ index, box }: CutBox) => {
    await put({ index, box: finish(box, index) });
    tell(++done, rows.length);
  };
  if (movie === undefined) await cutFromMicrographs(stack, options, take);
  else await cutFromMovie(stack, { ...options, movie }, take);
}

function requireBox(boxSize: number, { path, particles }: ParticleStack): void {
  if (!(Number.isInteger(boxSize) && boxSize >= 2)) {
    const expected = "a whole number from 2";
    throw new VitrineError({ code: "range", at: "box size", expected, found: String(boxSize) });
  }
  if (particles.length > 0) return;
  throw new VitrineError({ code: "range", at: path, expected: "at least one particle", found: "none" });
}

/** A box and the row of its particle. */
export interface CutBox {
  readonly index: number;
  readonly box: Float32Array;
}

/** How some rows of a table are cut. */
export interface CutOptions extends Omit<ExtractOptions, "stackPath" | "overwrite"> {
  readonly rows: readonly number[];
}

/** What is done to a box before it is written. */
function finisher(
  { particles }: ParticleStack,
  { boxSize, normalize, invert = false }: CutOptions,
): (box: Float32Array, index: number) => Float32Array {
  const shape = [boxSize, boxSize] as const;
  const radius = normalize?.radius ?? defaultBackgroundRadius(shape);
  const flatten = normalize === undefined ? (box: Float32Array) => box : boxNormalizer({ shape, radius });
  return (box, index) => {
    const flat = flatten(box, particles[index].at);
    return invert ? flat.map((value) => -value) : flat;
  };
}

/** How boxes are cut around centres. */
function cutOf({ boxSize, bounds, padding, value }: CutOptions): BoxOptions {
  return {
    boxSize: [boxSize, boxSize],
    reference: "center",
    ...(bounds && { bounds }),
    ...(padding && { padding }),
    ...(value !== undefined && { value }),
  };
}

/** The pixels nearest to the particles: boxes are cut there, and the STAR file tells the rest. */
function pixelsOf(stack: ParticleStack): BoxPosition[] {
  return centresOf(stack).map(({ y, x }) => ({ y: Math.round(y), x: Math.round(x) }));
}

/** Each micrograph is read once. */
async function cutFromMicrographs(
  stack: ParticleStack,
  options: CutOptions,
  take: (box: CutBox) => Promise<void>,
): Promise<void> {
  const { particles } = stack;
  const centres = pixelsOf(stack);
  for (const [path, rows] of rowsByMicrograph(particles, options.rows)) {
    requireNotAborted(options.signal, "extract");
    const micrograph = await readMicrograph(path, { tiffRows: options.tiffRows, onLog: options.onLog });
    requireSmaller(options.boxSize, micrograph.shape, path);
    tellPadded(
      { path, shape: micrograph.shape },
      rows.map((index) => centres[index]),
      options,
    );
    for (const index of rows) {
      const at = particles[index].at;
      const [box] = extractBoxes(micrograph, [centres[index]], { ...cutOf(options), at });
      await take({ index, box });
    }
  }
}

/** Says how many boxes leave their image, and so hold pixels that nobody measured. */
function tellPadded(
  { path, shape: [height, width] }: { readonly path: string; readonly shape: Shape2 },
  centres: readonly BoxPosition[],
  { boxSize, bounds, padding = "constant", onLog }: CutOptions,
): void {
  const corners = boxCorners(centres, { boxSize: [boxSize, boxSize], reference: "center" });
  const isInside = ({ y, x }: BoxPosition) =>
    y >= 0 && x >= 0 && y + boxSize <= height && x + boxSize <= width;
  const left = corners.filter((corner) => !isInside(corner)).length;
  if (left === 0 || bounds === "error") return;
  onLog?.(
    `${path}: ${left} of ${corners.length} boxes leave it and are padded (--padding ${padding}); --bounds error refuses them`,
    "warning",
  );
}

/** The movie is read once for as many boxes as are in memory at a time. */
async function cutFromMovie(
  stack: ParticleStack,
  { movie: settings, ...options }: CutOptions & { readonly movie: MovieSettings },
  take: (box: CutBox) => Promise<void>,
): Promise<void> {
  const { particles } = stack;
  const centres = pixelsOf(stack);
  const source = await openParticleMovie(settings, {
    particles,
    centres,
    tiff: { tiffRows: options.tiffRows, onLog: options.onLog },
  });
  try {
    tellPadded({ path: settings.path, shape: source.movie.shape }, centres, options);
    await withPool(options, async (pool) => {
      const cut = { ...cutOf(options), signal: options.signal };
      const slice = boxesAtOnce(cut.boxSize);
      for (let at = 0; at < options.rows.length; at += slice) {
        const some = options.rows.slice(at, at + slice);
        const positions = some.map((index) => centres[index]);
        const boxes = await sumMovieBoxes(pool, source, { ...cut, particles: some, positions });
        for (const [i, box] of boxes.entries()) await take({ index: some[i], box });
      }
    });
  } finally {
    await source.movie.close();
  }
}

function requireSmaller(boxSize: number, [height, width]: Shape2, at: string): void {
  if (boxSize <= Math.min(height, width)) return;
  const expected = `boxes of at most ${Math.min(height, width)} pixels, that it has`;
  throw new VitrineError({ code: "range", at, expected, found: `${boxSize}` });
}

/** The table with the columns by which RELION finds an image; a column without a name (pandas' row number) goes. */
function imageTable(stack: ParticleStack, stackPath: string, boxSize: number): ParticleTable {
  const name = stackPath.replace(/^.*[/\\]/, "");
  const places = placesInBoxes(stack);
  const sizes = boxPixelSizes(stack);
  const rows = stack.table.rows.map(({ "": _, [ORIGINS.x]: _x, [ORIGINS.y]: _y, ...row }, i) => ({
    ...row,
    ...pixelSizeCells(row, sizes[i]),
    ...places[i],
    rlnImageName: `${String(i + 1).padStart(6, "0")}@${name}`,
    "optics.rlnImageSize": boxSize,
    "optics.rlnImageDimensionality": 2,
  }));
  const columns = [...stack.table.columns, ...Object.keys(rows[0])].filter((column) => column in rows[0]);
  return { columns: [...new Set(columns)], rows };
}

/** What changes of a row's pixel size, and of what particles of RELION say of the images that they had: these are neither scaled nor multiplied by a CTF. */
function pixelSizeCells(row: Readonly<Record<string, string>>, sizeA: number): Record<string, string> {
  const size = isOther(Number(row.pixel_size), sizeA) ? String(sizeA) : row.pixel_size;
  const cells = {
    pixel_size: size,
    "optics.rlnImagePixelSize": size,
    "optics.rlnCtfDataAreCtfPremultiplied": "0",
  };
  return Object.fromEntries(Object.entries(cells).filter(([column]) => column in row));
}

/**
 * Å a pixel of each box, for stack and table alike: the table's `pixel_size`, unless its refined one is far off and so no refinement of it.
 * Small differences stay out: RELION would make a group of optics of each.
 */
function boxPixelSizes({ table, particles }: ParticleStack): number[] {
  return particles.map(({ pixelSizeA }, i) => {
    const written = Number(table.rows[i].pixel_size);
    return !(written > 0) || isOther(written, pixelSizeA) ? pixelSizeA : written;
  });
}

/** Says where a table has two pixel sizes of which one must be wrong. */
function warnOfSizes({ table, path, particles }: ParticleStack, onLog: Log | undefined): void {
  const row = particles.findIndex(({ pixelSizeA }, i) =>
    isOther(Number(table.rows[i].pixel_size), pixelSizeA),
  );
  if (row < 0) return;
  const [written, used] = [table.rows[row].pixel_size, particles[row].pixelSizeA];
  const line = `${path} row ${row + 1} says pixel_size ${written} Å and refined_pixel_size ${used} Å, which is used`;
  onLog?.(line, "warning");
}

/** What a table tells of other images; the way from its unrefined place to the pixel at which a box was cut is that of the new ones. */
const ORIGINS = { x: "rlnOriginXAngst", y: "rlnOriginYAngst" } as const;

/**
 * RELION's way to say where a particle lies in its box, as `particlesToStar` reads it: how far in Å the pixel at which the box was cut lies
 * from the place that was not refined. Where all lie on pixels their own columns say it.
 */
function placesInBoxes(stack: ParticleStack): Record<string, number>[] {
  const centres = pixelsOf(stack);
  const columns = centreColumns(stack);
  const sizes = boxPixelSizes(stack);
  const areWhole = stack.table.rows.every((row, i) =>
    (["x", "y"] as const).every((axis) => Number(row[columns[axis]]) === centres[i][axis]),
  );
  if (areWhole) return stack.table.rows.map(() => ({}));
  return stack.table.rows.map((row, i) => {
    const originA = (axis: "x" | "y") => (centres[i][axis] - Number(row[`pos_${axis}_img`])) * sizes[i];
    return { [ORIGINS.x]: originA("x"), [ORIGINS.y]: originA("y") };
  });
}
