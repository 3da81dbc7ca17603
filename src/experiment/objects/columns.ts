/** Objects of a type as columns: what a table, a plot or a classifier takes. */
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../experiment.ts";
import { ALL_ROWS, readNumbers, readTexts } from "./columnArrays.ts";
import { ALL, requireTypeId } from "./types.ts";

/** A class that objects have. */
export interface MapobjectClass {
  readonly name: string;
  /** Six hexadecimal digits; null: none is known. */
  readonly color: string | null;
}

/** Objects as columns, in the order of their numbers; lengths are pixels of full resolution. */
export interface MapobjectColumns {
  readonly ids: Uint32Array;
  /** Values in the label image that they came from; 0: none. */
  readonly labels: Uint32Array;
  /** Centres of gravity. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Longer side of the box. */
  readonly size: Float32Array;
  readonly classes: readonly MapobjectClass[];
  /** Index of an object's class; -1: none. */
  readonly classOf: Int32Array;
  /** Names by indices of objects, of those that have one. */
  readonly names: Readonly<Record<number, string>>;
}

/** Which objects, and when. */
export interface ColumnsOf {
  readonly type: string;
  /** Default: the first outline of each object. */
  readonly timepoint?: number;
  readonly zplane?: number;
}

/**
 * All objects of a type that have an outline at a time point and z plane.
 *
 * @throws {VitrineError} missing: no such type
 */
export async function readMapobjectColumns(
  experiment: Experiment,
  options: ColumnsOf,
): Promise<MapobjectColumns> {
  requireKnownOptions("readMapobjectColumns", options, { type: true, timepoint: true, zplane: true });
  const { type, timepoint, zplane } = options;
  const { query } = experiment;
  const typeId = await requireTypeId(query, type);
  let rows = query
    .selectFrom("mapobjectSegmentations as s")
    .innerJoin("segmentationLayers as l", "l.id", "s.segmentationLayerId")
    .innerJoin("mapobjects as o", "o.id", "s.mapobjectId")
    .select(["o.id as id", "name", "className", "classColor", "centroidX", "centroidY"])
    .select(["label", "minY", "minX", "maxY", "maxX"])
    .where("l.mapobjectTypeId", "=", typeId);
  if (timepoint !== undefined) rows = rows.where("tpoint", "in", [timepoint, ALL]);
  if (zplane !== undefined) rows = rows.where("zplane", "in", [zplane, ALL]);
  const sorted = rows.orderBy("o.id").orderBy("tpoint").orderBy("zplane").limit(ALL_ROWS).as("r");
  const found = await readNumbers(experiment, sorted, NUMBERS);
  // most objects have neither name nor class
  const told = rows
    .where(({ or, eb }) => or([eb("o.name", "is not", null), eb("className", "is not", null)]))
    .orderBy("o.id")
    .limit(ALL_ROWS)
    .as("r");
  const texts = await readTexts(experiment, told, TEXTS);
  const { id: toldIds } = await readNumbers(experiment, told, ["id"]);
  const textOf = new Map(toldIds.map((id, i) => [id, i]));
  const all = found.id as number[];
  // of several outlines of an object the first one
  const firsts = Uint32Array.from(all.keys()).filter((i) => i === 0 || all[i - 1] !== all[i]);
  const keys = new Map<string, number>();
  const classes: MapobjectClass[] = [];
  const codeOf = (name: string | null, color: string | null) => {
    if (name === null) return -1;
    const key = JSON.stringify([name, color]);
    const code = keys.get(key) ?? classes.push({ name, color }) - 1;
    keys.set(key, code);
    return code;
  };
  const names: Record<number, string> = {};
  const classOf = new Int32Array(firsts.length).fill(-1);
  for (let row = 0; row < firsts.length; row++) {
    const text = textOf.get(all[firsts[row]]);
    if (text === undefined) continue;
    const name = texts.name[text];
    if (name !== null) names[row] = name;
    classOf[row] = codeOf(texts.className[text], texts.classColor[text]);
  }
  const { minX, minY, maxX, maxY } = found as Record<(typeof NUMBERS)[number], number[]>;
  const floats = (values: readonly (number | null)[]) =>
    Float32Array.from(firsts, (i) => values[i] as number);
  return {
    ids: firsts.map((i) => all[i]),
    labels: firsts.map((i) => found.label[i] ?? 0),
    x: floats(found.centroidX),
    y: floats(found.centroidY),
    size: Float32Array.from(firsts, (i) => Math.max(maxY[i] - minY[i], maxX[i] - minX[i]) + 1),
    classes,
    classOf,
    names,
  };
}

const NUMBERS = ["id", "label", "centroidX", "centroidY", "minY", "minX", "maxY", "maxX"] as const;
const TEXTS = ["name", "className", "classColor"] as const;

/** A feature of all objects of a type that have it. */
export interface FeatureColumn {
  readonly ids: Uint32Array;
  /** NaN where nothing was measured. */
  readonly values: Float64Array;
}

/**
 * The values of a feature, in the order of the objects' numbers. Where it differs in time, that of the time point, else the one that holds for all;
 * without a time point that of all, else the first.
 *
 * @throws {VitrineError} missing: no such type or feature
 */
export async function readFeatureColumn(
  experiment: Experiment,
  options: { readonly type: string; readonly feature: string; readonly timepoint?: number },
): Promise<FeatureColumn> {
  requireKnownOptions("readFeatureColumn", options, { type: true, feature: true, timepoint: true });
  const { type, feature, timepoint } = options;
  const { query } = experiment;
  const featureId = await requireFeature(experiment, type, feature);
  let rows = query
    .selectFrom("featureValues")
    .select(["mapobjectId", "value"])
    .where("featureId", "=", featureId);
  if (timepoint !== undefined) rows = rows.where("tpoint", "in", [timepoint, ALL]);
  // all time points come first without one, last with one: the one that is kept is the first of its object
  const sorted = rows
    .orderBy("mapobjectId")
    .orderBy("tpoint", timepoint === undefined ? "asc" : "desc")
    .limit(ALL_ROWS)
    .as("r");
  const found = await readNumbers(experiment, sorted, ["mapobjectId", "value"]);
  const all = found.mapobjectId as number[];
  const firsts = Uint32Array.from(all.keys()).filter((i) => i === 0 || all[i - 1] !== all[i]);
  return {
    ids: firsts.map((i) => all[i]),
    values: Float64Array.from(firsts, (i) => found.value[i] ?? Number.NaN),
  };
}

async function requireFeature({ query }: Experiment, type: string, name: string): Promise<number> {
  const typeId = await requireTypeId(query, type);
  const features = await query
    .selectFrom("features")
    .select(["id", "name"])
    .where("mapobjectTypeId", "=", typeId)
    .orderBy("id")
    .execute();
  const found = features.find((feature) => feature.name === name);
  if (found !== undefined) return found.id;
  throw new VitrineError({
    code: "missing",
    at: `map objects ${type}`,
    expected: `one of the features ${features.map((feature) => feature.name).join(", ") || "(there are none)"}`,
    found: JSON.stringify(name),
  });
}
