/** Features of many objects as points of one space, each feature on its own scale. */
import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../experiment.ts";
import { readFeatureColumn } from "../objects/columns.ts";

/** Objects as points: those that have all features. */
export interface FeatureMatrix {
  readonly ids: Uint32Array;
  readonly dimensions: number;
  /** (objects, dimensions), each feature with mean 0 and standard deviation 1; one that never differs is 0 throughout. */
  readonly points: Float64Array;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  /** Objects without one of the features. */
  readonly leftOut: number;
}

/** Which numbers of which objects. */
export interface MatrixOf {
  readonly type: string;
  /** Names of features, at least one. */
  readonly features: readonly string[];
  /** Default: the values that hold for all, else the first. */
  readonly timepoint?: number;
}

/** Reads features into a matrix. @throws {VitrineError} missing: no such type or feature; range: no feature, or no object that has all of them */
export async function readFeatureMatrix(experiment: Experiment, of: MatrixOf): Promise<FeatureMatrix> {
  const { type, features, timepoint } = of;
  if (features.length === 0 || new Set(features).size < features.length)
    throw rangeFault(type, "names of features, each once", features.join(", ") || "none");
  const columns: Map<number, number>[] = [];
  for (const feature of features) {
    const column = await readFeatureColumn(experiment, {
      type,
      feature,
      ...(timepoint !== undefined && { timepoint }),
    });
    columns.push(new Map(Array.from(column.ids, (id, i) => [id, column.values[i]])));
  }
  const ids = Uint32Array.from(columns[0].keys())
    .sort()
    .filter((id) => columns.every((column) => Number.isFinite(column.get(id) ?? Number.NaN)));
  if (ids.length === 0) throw rangeFault(type, `objects that have ${features.join(", ")}`, "none");
  const raw = new Float64Array(ids.length * features.length);
  for (const [d, column] of columns.entries())
    for (let i = 0; i < ids.length; i++) raw[i * features.length + d] = column.get(ids[i])!;
  return {
    ids,
    leftOut: (await countOf(experiment, type)) - ids.length,
    dimensions: features.length,
    ...standardized(raw, features.length),
  };
}

/** Objects of a type, whatever is known of them. */
async function countOf({ query }: Experiment, type: string): Promise<number> {
  const { count } = await query
    .selectFrom("mapobjects as o")
    .innerJoin("mapobjectTypes as t", "t.id", "o.mapobjectTypeId")
    .select(({ fn }) => fn.countAll().as("count"))
    .where("t.name", "=", type)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Points with mean 0 and standard deviation 1 in each dimension. */
export function standardized(
  raw: Float64Array,
  dimensions: number,
): Pick<FeatureMatrix, "points" | "means" | "deviations"> {
  const count = raw.length / dimensions;
  const [means, deviations] = [new Float64Array(dimensions), new Float64Array(dimensions)];
  for (let i = 0; i < raw.length; i++) means[i % dimensions] += raw[i] / count;
  for (let i = 0; i < raw.length; i++)
    deviations[i % dimensions] += (raw[i] - means[i % dimensions]) ** 2 / count;
  for (let d = 0; d < dimensions; d++) deviations[d] = Math.sqrt(deviations[d]);
  const points = raw.map((value, i) => {
    const d = i % dimensions;
    return deviations[d] > 0 ? (value - means[d]) / deviations[d] : 0;
  });
  return { points, means, deviations };
}

function rangeFault(type: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "range", at: `map objects ${type}`, expected, found });
}
