import { VitrineError } from "../../core/index.ts";
import { readHdf5, writeHdf5 } from "../../io/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { HIT_WORDS, type HitOptions, hitValues } from "../kernels/index.ts";
import { correlationCount, decodeTemplate, type MapSource, resultMap } from "./resultMaps.ts";
import { globalIndex, type SearchCounts } from "./searchIndex.ts";

/** Leopard-EM 1.3's threshold, and as many correlations as are kept at most where nobody says otherwise. */
export const DEFAULT_HITS: HitOptions = { threshold: 5.5, limit: 1_000_000 };

/** All correlations of a search above a threshold, one a row; by search index, then y, then x. */
export interface CorrelationTable {
  /** Every correlation above it is here. */
  readonly threshold: number;
  /** (pixel size, defocus, orientation) as `globalIndex` counts them. */
  readonly searchIndex: Int32Array;
  /** Pixels of the maps: top-left corner of the template. */
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly correlation: Float32Array;
  /** Of all correlations at the same place. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  /** (orientations, 3) phi, theta, psi in degrees. */
  readonly eulerAnglesDeg: Float32Array;
  readonly defocusOffsetsA: Float32Array;
  /** One 0 where no pixel sizes were searched. */
  readonly pixelSizeOffsetsA: Float32Array;
}

/** Leopard-EM's files count correlations in int32. @throws {VitrineError} range: a search of more, whose table would be wrong */
export function requireCountable(space: SearchSpace): void {
  const correlations = correlationCount(space);
  if (correlations <= 2 ** 31) return;
  throw new VitrineError({
    code: "range",
    at: "correlation table",
    expected: "at most 2147483648 correlations a pixel, which its search_index can count",
    found: String(correlations),
    hint: "Leave out the correlation table, or search fewer orientations, defocus values or pixel sizes",
  });
}

/** The table of a search that kept its correlations. @throws {VitrineError} missing: it kept none */
export function correlationTable(source: MapSource): CorrelationTable {
  const { statistics, space } = source;
  const { hits, shape } = statistics;
  if (hits === undefined) {
    const fault = { at: "correlation table", expected: "a search that keeps correlations", found: "another" };
    throw new VitrineError({ code: "missing", ...fault });
  }
  const counts = countsOf(space);
  const records = hits.sorted;
  const values = hitValues(records);
  const indices = Float64Array.from(values, (_, i) =>
    globalIndex(decodeTemplate(records[HIT_WORDS * i], counts), counts),
  );
  const word = (i: number, k: number) => records[HIT_WORDS * i + k];
  const order = Uint32Array.from(values, (_, i) => i).sort(
    (a, b) => indices[a] - indices[b] || word(a, 1) - word(b, 1) || word(a, 2) - word(b, 2),
  );
  const y = Int32Array.from(order, (i) => word(i, 1));
  const x = Int32Array.from(order, (i) => word(i, 2));
  const map = new Float32Array(shape[0] * shape[1]);
  const sample = (name: "correlationAverage" | "correlationVariance") => {
    resultMap(source, name, map);
    return Float32Array.from(y, (row, i) => map[row * shape[1] + x[i]]);
  };
  return {
    threshold: hits.threshold,
    searchIndex: Int32Array.from(order, (i) => indices[i]),
    ...{ x, y },
    correlation: Float32Array.from(order, (i) => values[i]),
    mean: sample("correlationAverage"),
    deviation: sample("correlationVariance"),
    eulerAnglesDeg: Float32Array.from(space.eulerAnglesDeg),
    defocusOffsetsA: Float32Array.from(space.defocusOffsetsA),
    pixelSizeOffsetsA: Float32Array.from(space.pixelSizeOffsetsA),
  };
}

function countsOf(space: SearchSpace): SearchCounts {
  return {
    orientations: space.eulerAnglesDeg.length / 3,
    defocusValues: space.defocusOffsetsA.length,
    pixelSizes: space.pixelSizeOffsetsA.length,
  };
}

/**
 * Writes a table as Leopard-EM 1.3's `CorrelationTable` (format 2): `/metadata`, `/search_space`, `/detections`, whose
 * `correlation_variance` is the standard deviation, as there. Where pixel sizes were searched, `/search_space` has them beside
 * what Leopard-EM knows.
 */
export async function writeCorrelationTable(path: string, table: CorrelationTable): Promise<void> {
  const { phiTheta, psi } = gridAxes(table.eulerAnglesDeg);
  const metadata = {
    correlation_threshold: table.threshold,
    num_observations: BigInt(table.x.length),
    format_version: 2n,
  };
  const space = {
    euler_angles: { data: table.eulerAnglesDeg, shape: [table.eulerAnglesDeg.length / 3, 3] },
    defocus_offsets: { data: table.defocusOffsetsA },
    phi_theta_angles: { data: phiTheta, shape: [phiTheta.length / 2, 2] },
    psi_angles: { data: psi },
    ...(table.pixelSizeOffsetsA.length > 1 && { pixel_size_offsets: { data: table.pixelSizeOffsetsA } }),
  };
  const detections = {
    search_index: { data: table.searchIndex },
    x: { data: table.x },
    y: { data: table.y },
    correlation_value: { data: table.correlation },
    correlation_mean: { data: table.mean },
    correlation_variance: { data: table.deviation },
  };
  const groups = {
    metadata: { attributes: metadata },
    search_space: { datasets: space },
    detections: { datasets: detections },
  };
  await writeHdf5(path, { groups }, { overwrite: true });
}

/** The axes of a grid of (phi, theta) by psi, whichever goes faster; of other lists of angles they mean little, as in Leopard-EM. */
function gridAxes(angles: Float32Array): { phiTheta: Float32Array; psi: Float32Array } {
  const count = angles.length / 3;
  const psiOf = (i: number) => angles[3 * i + 2];
  const psis = new Set(Array.from({ length: count }, (_, i) => psiOf(i))).size;
  const pairs = Math.floor(count / psis);
  const isPsiOuter = Array.from({ length: pairs }, (_, i) => psiOf(i)).every((value) => value === psiOf(0));
  const [pairStep, psiStep] = isPsiOuter ? [1, pairs] : [psis, 1];
  return {
    phiTheta: Float32Array.from({ length: 2 * pairs }, (_, k) => angles[3 * pairStep * (k >> 1) + (k & 1)]),
    psi: Float32Array.from({ length: psis }, (_, k) => psiOf(psiStep * k)),
  };
}

/**
 * Reads a table of Leopard-EM 1.3 or ours.
 *
 * @throws {VitrineError} missing: no such table, or one of format 1, which does not hold its orientations; format: columns of unlike
 *   lengths, or an index beyond the search
 */
export async function readCorrelationTable(path: string): Promise<CorrelationTable> {
  return readHdf5(path, (file) => {
    const required = (name: string, hint: string) => {
      if (file.has(name)) return file.read(name).data;
      const fault = {
        at: `${path} ${name}`,
        expected: "a correlation table of format 2",
        found: "no such dataset",
      };
      throw new VitrineError({ code: "missing", ...fault, hint });
    };
    const column = (name: string) =>
      required(`/detections/${name}`, "vitrine info lists what is in the file");
    const whole = (name: string) => Int32Array.from<number | bigint | string>(column(name), Number);
    const real = (name: string) => Float32Array.from<number | bigint | string>(column(name), Number);
    const space = (name: string) =>
      Float32Array.from<number | bigint | string>(
        required(`/search_space/${name}`, "Search again with Leopard-EM's or vitrine's newest version"),
        Number,
      );
    const table = {
      threshold: Number(file.attributes("/metadata").correlation_threshold),
      searchIndex: whole("search_index"),
      x: whole("x"),
      y: whole("y"),
      correlation: real("correlation_value"),
      mean: real("correlation_mean"),
      deviation: real("correlation_variance"),
      eulerAnglesDeg: space("euler_angles"),
      defocusOffsetsA: space("defocus_offsets"),
      pixelSizeOffsetsA: file.has("/search_space/pixel_size_offsets")
        ? space("pixel_size_offsets")
        : new Float32Array(1),
    };
    checkTable(table, path);
    return table;
  });
}

function checkTable(table: CorrelationTable, at: string): void {
  const {
    searchIndex,
    x,
    y,
    correlation,
    mean,
    deviation,
    eulerAnglesDeg,
    defocusOffsetsA,
    pixelSizeOffsetsA,
  } = table;
  const odd = Object.entries({ x, y, correlation, mean, deviation }).find(
    ([, { length }]) => length !== x.length,
  );
  if (odd !== undefined || searchIndex.length !== x.length) {
    const fault = { expected: `${x.length} values in every column`, found: "others" };
    throw new VitrineError({ code: "format", at: `${at} /detections`, ...fault });
  }
  const slots = (eulerAnglesDeg.length / 3) * defocusOffsetsA.length * pixelSizeOffsetsA.length;
  const beyond = searchIndex.find((index) => index < 0 || index >= slots);
  if (beyond === undefined) return;
  throw new VitrineError({
    code: "format",
    at: `${at} /detections/search_index`,
    expected: `0 to ${slots - 1}, of its orientations, defocus values and pixel sizes`,
    found: String(beyond),
    hint: "Leopard-EM's tables of searches over pixel sizes do not hold these: search again with vitrine",
  });
}
