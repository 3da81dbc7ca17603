/** Centroids of a layer's objects, for zooms at which no more is shown: asked of the database by window, or kept where all have been asked for. */
import type { Experiment } from "../experiment.ts";
import { ALL_ROWS, readNumbers } from "./columnArrays.ts";
import type { LayerState } from "./layerStates.ts";
import { BOXES, boxOf, type Rectangle } from "./windowTest.ts";

/** Objects as arrays, in the order in which they were written. */
export interface Centroids {
  readonly ids: Uint32Array;
  /** 0: none. */
  readonly labels: Int32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Objects of a layer that are kept. */
const MOST_KEPT = 4_000_000;
/** Layers of an experiment that are kept: the ones that were asked last. */
const LAYERS_KEPT = 4;
/** Objects in a window from which on it is asked whether they are all of their layer. */
const MANY = 10_000;

interface Kept {
  readonly revision: string;
  readonly centroids: Centroids;
}

const caches = new WeakMap<Experiment, Map<number, Kept>>();

/** Objects whose boxes meet a rectangle, or more. */
export async function centroidsIn(
  experiment: Experiment,
  { id, revision }: LayerState,
  rectangle: Rectangle,
): Promise<Centroids> {
  const cache = caches.get(experiment) ?? new Map<number, Kept>();
  caches.set(experiment, cache);
  const kept = cache.get(id);
  if (kept !== undefined && kept.revision === revision && revision !== "") {
    cache.delete(id);
    cache.set(id, kept);
    return kept.centroids;
  }
  cache.delete(id);
  const centroids = await readCentroids(experiment, id, rectangle);
  const count = centroids.ids.length;
  if (revision !== "" && count >= MANY && count <= MOST_KEPT && count === (await countOf(experiment, id))) {
    cache.set(id, { revision, centroids });
    for (const oldest of cache.keys()) if (cache.size > LAYERS_KEPT) cache.delete(oldest);
  }
  return centroids;
}

async function readCentroids(
  experiment: Experiment,
  layerId: number,
  rectangle: Rectangle,
): Promise<Centroids> {
  const rows = experiment.query
    .selectFrom("mapobjectSegmentations as s")
    .select(["mapobjectId", "label", "centroidX", "centroidY"])
    .where("segmentationLayerId", "=", layerId)
    .where(BOXES[experiment.databaseKind](boxOf(rectangle)))
    .orderBy("s.id")
    .limit(ALL_ROWS)
    .as("r");
  const names = ["mapobjectId", "label", "centroidX", "centroidY"] as const;
  const found = await readNumbers(experiment, rows, names);
  return {
    ids: Uint32Array.from(found.mapobjectId as number[]),
    labels: Int32Array.from(found.label as number[]),
    x: Float64Array.from(found.centroidX as number[]),
    y: Float64Array.from(found.centroidY as number[]),
  };
}

async function countOf({ query }: Experiment, layerId: number): Promise<number> {
  const { count } = await query
    .selectFrom("mapobjectSegmentations")
    .select(({ fn }) => fn.countAll().as("count"))
    .where("segmentationLayerId", "=", layerId)
    .executeTakeFirstOrThrow();
  return Number(count);
}
