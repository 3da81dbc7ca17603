/** Which objects of a type fit a description. */
import { VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Experiment } from "../experiment.ts";
import { readFeatureColumn, readMapobjectColumns } from "./columns.ts";
import type { MapWindow } from "./fill.ts";
import { queryMapobjects } from "./query.ts";

/** How a feature is compared. */
export type Comparison = "<" | "<=" | "=" | ">=" | ">";

/** A feature that has a value as said; objects without it do not fit. */
export interface FeatureCondition {
  readonly feature: string;
  readonly comparison: Comparison;
  readonly value: number;
}

/** What objects fit: all that is given. */
export interface MapobjectSelection {
  readonly type: string;
  /** Numbers of objects. */
  readonly ids?: readonly number[];
  /** A part of the map that they meet, edges included. */
  readonly window?: MapWindow;
  readonly features?: readonly FeatureCondition[];
  /** A class that they have; null: none. */
  readonly className?: string | null;
  /** Of outlines and of features that differ in time. */
  readonly timepoint?: number;
}

const KEYS: OptionKeys<MapobjectSelection> = {
  type: true,
  ids: true,
  window: true,
  features: true,
  className: true,
  timepoint: true,
};

const FITS: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  "=": (value, limit) => value === limit,
  ">=": (value, limit) => value >= limit,
  ">": (value, limit) => value > limit,
};

/**
 * The numbers of the objects that fit, in their order; of a type alone all of them.
 *
 * @throws {VitrineError} missing: no such type, feature or class, or a number that is no object of the type
 */
export async function selectMapobjects(
  experiment: Experiment,
  selection: MapobjectSelection,
): Promise<Uint32Array> {
  requireKnownOptions("selectMapobjects", selection, KEYS);
  const { type, ids, window, features = [], className, timepoint } = selection;
  const when = timepoint === undefined ? {} : { timepoint };
  const columns = await readMapobjectColumns(experiment, { type, ...when });
  const kept: ReadonlySet<number>[] = [];
  if (ids !== undefined) kept.push(new Set(ids));
  if (window !== undefined)
    kept.push(new Set((await queryMapobjects(experiment, { type, window, ...when })).ids));
  for (const { feature, comparison, value } of features) {
    const column = await readFeatureColumn(experiment, { type, feature, ...when });
    kept.push(new Set(column.ids.filter((_, i) => FITS[comparison](column.values[i], value))));
  }
  if (className !== undefined) {
    if (className !== null) requireClass(columns.classes, { type, className });
    const nameOf = (i: number) => columns.classes[columns.classOf[i]]?.name ?? null;
    kept.push(new Set(columns.ids.filter((_, i) => nameOf(i) === className)));
  }
  requireThere(ids ?? [], { type, all: new Set(columns.ids) });
  return columns.ids.filter((id) => kept.every((some) => some.has(id)));
}

/** @throws {VitrineError} missing */
function requireThere(
  ids: readonly number[],
  { type, all }: { readonly type: string; readonly all: ReadonlySet<number> },
): void {
  const lost = ids.find((id) => !all.has(id));
  if (lost === undefined) return;
  const expected = "numbers of its objects";
  throw new VitrineError({ code: "missing", at: `map objects ${type}`, expected, found: `${lost}` });
}

/** @throws {VitrineError} missing */
function requireClass(
  classes: readonly { readonly name: string }[],
  { type, className }: { readonly type: string; readonly className: string },
): void {
  const names = [...new Set(classes.map(({ name }) => name))].sort();
  if (names.includes(className)) return;
  const expected = names.length === 0 ? "objects with classes" : `one of the classes ${names.join(", ")}`;
  const found = JSON.stringify(className);
  throw new VitrineError({ code: "missing", at: `map objects ${type}`, expected, found });
}
