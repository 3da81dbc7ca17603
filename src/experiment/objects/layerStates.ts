/** Which layers a query goes through, and in which state they are. */
import { changeCount } from "../database/index.ts";
import type { Experiment } from "../experiment.ts";
import { ALL, requireTypeId } from "./types.ts";

/** A layer in a state: with another revision its outlines are others. */
export interface LayerState {
  readonly id: number;
  readonly revision: string;
  readonly polygonThresh: number;
  readonly centroidThresh: number;
  /** Of the experiment's layers of images; null before there are any. */
  readonly maxZoom: number | null;
}

/** Which layers are asked for. */
export interface LayersOf {
  readonly type: string;
  readonly timepoint?: number;
  readonly zplane?: number;
}

/** How long a state is taken for the present one while this process writes nothing: each look costs a thread's turn, or a server's. */
const FRESH_MS = 50;

interface Known {
  readonly at: number;
  readonly changes: number;
  readonly layers: readonly LayerState[];
}

const known = new WeakMap<Experiment, Map<string, Known>>();

/** The layers of a type at a time point and z plane, or that hold for all. @throws {VitrineError} missing: no such type */
export async function layerStates(experiment: Experiment, query: LayersOf): Promise<readonly LayerState[]> {
  const states = known.get(experiment) ?? new Map<string, Known>();
  known.set(experiment, states);
  const key = JSON.stringify([query.type, query.timepoint, query.zplane]);
  const before = states.get(key);
  const [at, changes] = [performance.now(), changeCount()];
  if (before !== undefined && before.changes === changes && at - before.at < FRESH_MS) return before.layers;
  const layers = await readStates(experiment, query);
  // what is asked for is not endless: types, time points and planes
  states.set(key, { at, changes, layers });
  return layers;
}

async function readStates(
  { query }: Experiment,
  { type, timepoint, zplane }: LayersOf,
): Promise<LayerState[]> {
  let layers = query
    .selectFrom("segmentationLayers as l")
    .innerJoin("mapobjectTypes as t", "t.id", "l.mapobjectTypeId")
    .select(["l.id as id", "l.revision as revision", "l.polygonThresh as polygonThresh"])
    .select((of) => [
      "l.centroidThresh as centroidThresh",
      of
        .selectFrom("channelLayers")
        .select((inner) => inner.fn.max("maxZoom").as("most"))
        .as("maxZoom"),
    ])
    .where("t.name", "=", type)
    .orderBy("l.id");
  if (timepoint !== undefined) layers = layers.where("l.tpoint", "in", [timepoint, ALL]);
  if (zplane !== undefined) layers = layers.where("l.zplane", "in", [zplane, ALL]);
  const found = await layers.execute();
  if (found.length === 0) await requireTypeId(query, type);
  return found;
}
