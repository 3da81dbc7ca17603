/** Groups of map objects by their features: clusters, and classes learned from those that a person gave. */
import { kMeans, seededRandom, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Experiment } from "../experiment.ts";
import { type MapobjectClass, readMapobjectColumns } from "../objects/columns.ts";
import { type MatrixOf, readFeatureMatrix } from "./matrix.ts";
import { leaveOneOutAccuracy, voteOf } from "./neighbours.ts";

/** How objects are clustered. */
export interface ClusterOptions extends MatrixOf {
  readonly clusters: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Objects in clusters. */
export interface MapobjectClusters {
  /** Objects that have all features. */
  readonly ids: Uint32Array;
  /** The cluster of each, the largest is 0. */
  readonly groupOf: Int32Array;
  readonly clusters: readonly {
    readonly objects: number;
    /** Means of the features, in their own units. */
    readonly means: Readonly<Record<string, number>>;
  }[];
  /** Sum of squared distances to the means, each feature in standard deviations. */
  readonly inertia: number;
  /** Objects without one of the features. */
  readonly leftOut: number;
}

const CLUSTER_KEYS: OptionKeys<ClusterOptions> = {
  type: true,
  features: true,
  timepoint: true,
  clusters: true,
  seed: true,
};

/**
 * Clusters objects by k-means of their features, each in standard deviations about its mean. The same seed gives the same clusters.
 *
 * @throws {VitrineError} missing: no such type or feature; range: fewer than 2 clusters, or more than objects
 */
export async function clusterMapobjects(
  experiment: Experiment,
  options: ClusterOptions,
): Promise<MapobjectClusters> {
  requireKnownOptions("clusterMapobjects", options, CLUSTER_KEYS);
  const { clusters, seed = 0, features } = options;
  const matrix = await readFeatureMatrix(experiment, options);
  if (!Number.isSafeInteger(clusters) || clusters < 2 || clusters > Math.min(50, matrix.ids.length)) {
    const expected = `2 to ${Math.min(50, matrix.ids.length)} clusters`;
    throw new VitrineError({
      code: "range",
      at: "clusterMapobjects clusters",
      expected,
      found: `${clusters}`,
    });
  }
  const { points, dimensions, means, deviations, ids, leftOut } = matrix;
  const { groupOf, centers, sizes, inertia } = kMeans({ points, dimensions, clusters, seed });
  const meansOf = (cluster: number) =>
    features.map((name, d) => [name, means[d] + deviations[d] * centers[cluster * dimensions + d]] as const);
  return {
    ids,
    groupOf,
    clusters: Array.from(sizes, (objects, i) => ({ objects, means: Object.fromEntries(meansOf(i)) })),
    inertia,
    leftOut,
  };
}

/** How classes are learned. */
export interface PredictOptions extends MatrixOf {
  /** Examples that vote, odd at best (default 5). */
  readonly neighbours?: number;
}

/** Objects with the classes that those with a class teach. */
export interface PredictedClasses {
  /** Objects that have all features. */
  readonly ids: Uint32Array;
  readonly classes: readonly MapobjectClass[];
  /** Index of the class of each; of an example its own. */
  readonly groupOf: Int32Array;
  /** Share of the neighbours that have it, 0 to 1; 1 of examples. */
  readonly share: Float32Array;
  readonly examples: number;
  /** Share of examples whose class the others tell. */
  readonly accuracy: number;
  readonly leftOut: number;
}

const PREDICT_KEYS: OptionKeys<PredictOptions> = {
  type: true,
  features: true,
  timepoint: true,
  neighbours: true,
};

/** Examples that vote at most, a seeded choice of all: every object is compared with each. */
const MOST_EXAMPLES = 4000;

/**
 * Gives every object the class that most of its nearest neighbours among the classified ones have, features in standard deviations.
 *
 * @throws {VitrineError} missing: no such type or feature; range: fewer than two classes with examples, or neighbours below 1
 */
export async function predictClasses(
  experiment: Experiment,
  options: PredictOptions,
): Promise<PredictedClasses> {
  requireKnownOptions("predictClasses", options, PREDICT_KEYS);
  const { neighbours = 5, type } = options;
  if (!Number.isSafeInteger(neighbours) || neighbours < 1)
    throw new VitrineError({
      code: "range",
      at: "predictClasses neighbours",
      expected: "a whole number of at least 1",
      found: `${neighbours}`,
    });
  const matrix = await readFeatureMatrix(experiment, options);
  const { classes, classOf, ids } = await readMapobjectColumns(experiment, { type });
  const known = new Map(Array.from(ids, (id, i) => [id, classOf[i]]));
  const groupOf = Int32Array.from(matrix.ids, (id) => known.get(id) ?? -1);
  const examples = chosenExamples(groupOf);
  const present = new Set(Array.from(examples, (row) => groupOf[row]));
  if (present.size < 2) {
    const fault = {
      code: "range",
      at: `map objects ${type}`,
      expected: "examples of two classes at least",
    } as const;
    throw new VitrineError({ ...fault, found: `${present.size}`, hint: "Give some objects a class first" });
  }
  const { dimensions, points, leftOut } = matrix;
  const learned = {
    examples: Float64Array.from({ length: examples.length * dimensions }, (_, i) => {
      return points[examples[Math.floor(i / dimensions)] * dimensions + (i % dimensions)];
    }),
    dimensions,
    classOf: Int32Array.from(examples, (row) => groupOf[row]),
    classes: classes.length,
    neighbours,
  };
  const share = new Float32Array(groupOf.length).fill(1);
  const predicted = groupOf.map((group, row) => {
    if (group >= 0) return group;
    const vote = voteOf(points, row * dimensions, learned);
    share[row] = vote.share;
    return vote.winner;
  });
  const accuracy = leaveOneOutAccuracy(learned);
  return {
    ids: matrix.ids,
    classes,
    groupOf: predicted,
    share,
    examples: examples.length,
    accuracy,
    leftOut,
  };
}

/** Rows of objects with a class. */
function chosenExamples(groupOf: Int32Array): Uint32Array {
  const rows = Uint32Array.from(groupOf.keys()).filter((row) => groupOf[row] >= 0);
  const random = seededRandom(0);
  for (let i = rows.length - 1; i > 0 && rows.length > MOST_EXAMPLES; i--) {
    const other = Math.floor(random.uniform() * (i + 1));
    [rows[i], rows[other]] = [rows[other], rows[i]];
  }
  return rows.subarray(0, MOST_EXAMPLES);
}
