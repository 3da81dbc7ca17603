import { VitrineError } from "../../core/index.ts";
import { type Hdf5File, readHdf5 } from "../../io/index.ts";

/** Mean and standard deviation of the search's correlations around each particle of a stack. */
export interface LocalStatistics {
  /** (particles, height, width), C order. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly shape: readonly [particles: number, height: number, width: number];
}

/** What a stack of HDF5 holds beside its table. */
export interface StackExtras {
  /** Absent where it holds none, or was cut at other positions than those that count. */
  readonly statistics?: LocalStatistics;
  /** What is in the file and not used, a line each. */
  readonly unused: readonly string[];
}

/**
 * Reads what a particle stack of Leopard-EM 1.3 holds beside its table: `/local_stats`, whose datasets have the names of columns
 * (`correlation_average_path`), in its first version without `_path`.
 *
 * @param positions  the columns that count, (y, x): a file says in `position_columns` at which its windows were cut
 * @throws {VitrineError} shape: statistics of another number of particles, or of unlike shapes; as `readHdf5`
 */
export async function readStackExtras(
  path: string,
  positions: readonly string[],
  particles: number,
): Promise<StackExtras> {
  return readHdf5(path, (file) => {
    const images = file.has("/image_stack")
      ? [`${path} /image_stack is not used: boxes are cut from the micrographs, and filtered as they are`]
      : [];
    const found = ["correlation_average", "correlation_variance"].map((name) => datasetOf(file, name));
    const [mean, deviation] = found;
    if (mean === undefined || deviation === undefined) return { unused: images };
    const other = [mean, deviation].find((name) => !isCutAt(file, name, positions));
    if (other !== undefined) {
      const line = `${path} ${other} was cut at other positions than ${positions.join(", ")}: the maps that the table names are read`;
      return { unused: [...images, line] };
    }
    const [average, variance] = [mean, deviation].map((name) => file.read(name));
    const shape = shapeOf(average.shape, particles, `${path} ${mean}`);
    requireSame(variance.shape, shape, `${path} ${deviation}`);
    const [first, second] = [average, variance].map(({ data }) => Float32Array.from(data, Number));
    return { statistics: { mean: first, deviation: second, shape }, unused: images };
  });
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
