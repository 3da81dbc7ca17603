import { VitrineError } from "../../core/index.ts";

/** A value of a feature; null where a molecule has none. */
export type FeatureValue = number | string | boolean | null;

/** What is known of molecules besides their place: columns by name, a value a molecule. */
export type Features = Readonly<Record<string, readonly FeatureValue[]>>;

/** What users give: lists, or arrays of numbers. */
export type FeatureInput = Readonly<Record<string, ArrayLike<FeatureValue>>>;

/** One molecule's features by name. */
export type FeatureRow = Readonly<Record<string, FeatureValue>>;

/**
 * Takes columns as features.
 *
 * @throws {VitrineError} shape: a column of another length than there are molecules
 */
export function toFeatures(columns: FeatureInput, count: number): Features {
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => {
      if (values.length === count) return [name, Array.from(values)];
      const at = `feature ${JSON.stringify(name)}`;
      throw new VitrineError({
        code: "shape",
        at,
        expected: `${count} values, one a molecule`,
        found: `${values.length}`,
      });
    }),
  );
}

/** The features of some molecules, by their indices. */
export function takeFeatures(features: Features, indices: ArrayLike<number>): Features {
  const take = (values: readonly FeatureValue[]) => Array.from(indices, (i) => values[i]);
  return Object.fromEntries(Object.entries(features).map(([name, values]) => [name, take(values)]));
}

/** One molecule's. */
export function featureRow(features: Features, index: number): FeatureRow {
  return Object.fromEntries(Object.entries(features).map(([name, values]) => [name, values[index]]));
}

/** A column. @throws {VitrineError} missing: no feature of this name */
export function featureColumn(features: Features, name: string): readonly FeatureValue[] {
  if (Object.hasOwn(features, name)) return features[name];
  const names = Object.keys(features);
  const found = names.length === 0 ? "no features" : names.join(", ");
  throw new VitrineError({
    code: "missing",
    at: "molecules",
    expected: `a feature ${JSON.stringify(name)}`,
    found,
  });
}

/**
 * Columns of several tables one after the other; what one lacks is null, or an error where `nullable` is false.
 *
 * @throws {VitrineError} missing: a column that one of them lacks
 */
export function joinFeatures(
  tables: readonly { readonly features: Features; readonly count: number }[],
  nullable: boolean,
): Features {
  const names = [...new Set(tables.flatMap(({ features }) => Object.keys(features)))];
  const column = (name: string) =>
    tables.flatMap(({ features, count }) => {
      if (Object.hasOwn(features, name)) return features[name];
      if (count > 0 && !nullable) return featureColumn(features, name);
      return new Array<FeatureValue>(count).fill(null);
    });
  return Object.fromEntries(names.map((name) => [name, column(name)]));
}

/**
 * Sorts numbers by size, NaN above all, and texts by their characters; what a molecule lacks comes first whatever the direction, as in polars.
 *
 * @param sign  1 upwards, -1 downwards
 */
export function compareFeatures(a: FeatureValue, b: FeatureValue, sign: 1 | -1): number {
  if (Object.is(a, b)) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (Number.isNaN(a)) return sign;
  if (Number.isNaN(b)) return -sign;
  if (a === b) return 0;
  return a < b ? -sign : sign;
}

/** Another text for every value. NaN and infinite numbers, which JSON has none of, are not what is lacking. */
export function featureKey(value: FeatureValue): string {
  return typeof value === "number" ? `${value}` : JSON.stringify(value);
}
