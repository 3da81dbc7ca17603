import { type Image, VitrineError } from "../../core/index.ts";
import { type Hdf5File, readHdf5 } from "../../io/index.ts";
import { extractBoxes } from "./boxes.ts";

/** Mean and standard deviation of the search's correlations around each particle of a stack. */
export interface LocalStatistics {
  /** (particles, height, width), C order. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly shape: readonly [particles: number, height: number, width: number];
}

/** Boxes that a stack holds, (particles, height, width). */
export interface StoredImages {
  readonly data: Float32Array;
  readonly shape: LocalStatistics["shape"];
}

/** What a stack of HDF5 holds beside its table. */
export interface StackExtras {
  /** Where they are asked for. */
  readonly images?: StoredImages;
  /** Absent where it holds none, or was cut at other positions than those that count. */
  readonly statistics?: LocalStatistics;
  /** What is in the file and not used, a line each. */
  readonly unused: readonly string[];
}

/**
 * Reads what a particle stack of Leopard-EM 1.3 holds beside its table: `/local_stats`, whose datasets have the names of columns
 * (`correlation_average_path`), in its first version without `_path`; and `/image_stack`.
 *
 * @param wants.positions  the columns that count, (y, x): a file says in `position_columns` at which its windows were cut
 * @param wants.images  whether the boxes are read, which must be there then
 * @throws {VitrineError} missing: no boxes; shape: boxes or statistics of another number of particles, or of unlike shapes; as `readHdf5`
 */
export async function readStackExtras(
  path: string,
  wants: { readonly positions: readonly string[]; readonly particles: number; readonly images: boolean },
): Promise<StackExtras> {
  return readHdf5(path, (file) => {
    const { images, unused } = imagesOf(file, path, wants);
    const statistics = statisticsOf(file, path, wants);
    if (typeof statistics === "string") return { ...(images && { images }), unused: [...unused, statistics] };
    return { ...(images && { images }), ...(statistics && { statistics }), unused };
  });
}

type Wants = Parameters<typeof readStackExtras>[1];

function imagesOf(file: Hdf5File, path: string, wants: Wants): Pick<StackExtras, "images" | "unused"> {
  const at = `${path} /image_stack`;
  const isThere = file.has("/image_stack");
  if (!wants.images) {
    const line = `${at} is not used: boxes are cut from the micrographs, and filtered as they are (use_stored_image_stack: true takes it)`;
    return { unused: isThere ? [line] : [] };
  }
  if (!isThere) {
    const hint = "Write it with vitrine extract --out boxes.h5, or leave use_stored_image_stack out";
    throw new VitrineError({
      code: "missing",
      at,
      expected: "the boxes of its particles",
      found: "none",
      hint,
    });
  }
  const { data, shape } = file.read("/image_stack");
  const images = { data: Float32Array.from(data, Number), shape: shapeOf(shape, wants.particles, at) };
  return { images, unused: [] };
}

/** A line where there are some that do not belong to these positions. */
function statisticsOf(
  file: Hdf5File,
  path: string,
  { positions, particles }: Wants,
): LocalStatistics | string | undefined {
  const found = ["correlation_average", "correlation_variance"].map((name) => datasetOf(file, name));
  const [mean, deviation] = found;
  if (mean === undefined || deviation === undefined) return undefined;
  const other = [mean, deviation].find((name) => !isCutAt(file, name, positions));
  if (other !== undefined)
    return `${path} ${other} was cut at other positions than ${positions.join(", ")}: the maps that the table names are read`;
  const [average, variance] = [mean, deviation].map((name) => file.read(name));
  const shape = shapeOf(average.shape, particles, `${path} ${mean}`);
  requireSame(variance.shape, shape, `${path} ${deviation}`);
  const [first, second] = [average, variance].map(({ data }) => Float32Array.from(data, Number));
  return { mean: first, deviation: second, shape };
}

/** How windows are cut out of the maps of a search. */
export interface WindowChoice {
  /** Sides of boxes and of the template, pixels. */
  readonly boxSide: number;
  readonly templateSide: number;
  readonly readMap: (path: string, map: "correlationAverage" | "correlationVariance") => Promise<Image>;
}

/** Where a particle's template lies in which maps. */
interface MappedParticle {
  readonly posX: number;
  readonly posY: number;
  readonly correlationAveragePath: string;
  readonly correlationVariancePath: string;
}

/** What stands for the deviation outside the map, in Leopard-EM's stacks. */
const OUTSIDE = 1e10;

/**
 * Cuts the statistics of the search around each particle out of the maps that its table names, for the positions of the template in its box.
 *
 * @throws {VitrineError} as `readMap`
 */
export async function cutStatistics(
  particles: readonly MappedParticle[],
  { boxSide, templateSide, readMap }: WindowChoice,
): Promise<LocalStatistics> {
  const side = boxSide - templateSide + 1;
  const [mean, deviation] = [0, 1].map(() => new Float32Array(particles.length * side * side));
  const margin = Math.floor((boxSide - templateSide) / 2);
  for (const [path, rows] of grouped(particles)) {
    const average = await readMap(path.average, "correlationAverage");
    const variance = await readMap(path.variance, "correlationVariance");
    for (const row of rows) {
      const { posY, posX } = particles[row];
      const corner = [{ y: Math.trunc(posY - margin), x: Math.trunc(posX - margin) }];
      const cut = { boxSize: [side, side] as const };
      mean.set(extractBoxes(average, corner, cut)[0], row * side * side);
      deviation.set(extractBoxes(variance, corner, { ...cut, value: OUTSIDE })[0], row * side * side);
    }
  }
  return { mean, deviation, shape: [particles.length, side, side] };
}

/** Rows by their maps, in the order of the table. */
function grouped(particles: readonly MappedParticle[]) {
  const groups = new Map<string, [paths: { average: string; variance: string }, rows: number[]]>();
  for (const [row, { correlationAveragePath, correlationVariancePath }] of particles.entries()) {
    const paths = { average: correlationAveragePath, variance: correlationVariancePath };
    const group = groups.get(JSON.stringify(paths)) ?? [paths, []];
    group[1].push(row);
    groups.set(JSON.stringify(paths), group);
  }
  return groups.values();
}

function datasetOf(file: Hdf5File, name: string): string | undefined {
  return [`/local_stats/${name}_path`, `/local_stats/${name}`].find((path) => file.has(path));
}

/** Whether windows were cut where particles are now; a file of the first version does not say where. */
function isCutAt(file: Hdf5File, name: string, positions: readonly string[]): boolean {
  const { position_columns: columns } = file.attributes(name);
  return !Array.isArray(columns) || columns.join() === positions.join();
}

function shapeOf(shape: readonly number[], particles: number, at: string): LocalStatistics["shape"] {
  const [count, height, width] = shape;
  if (shape.length === 3 && count === particles) return [count, height, width];
  const expected = `(particles, height, width) of ${particles} particles`;
  throw new VitrineError({ code: "shape", at, expected, found: shape.join(" x ") });
}

function requireSame(found: readonly number[], expected: readonly number[], at: string): void {
  if (found.join() === expected.join()) return;
  throw new VitrineError({ code: "shape", at, expected: expected.join(" x "), found: found.join(" x ") });
}
