/** Features of objects that are there. */
import { requireNotAborted, VitrineError } from "../../core/index.ts";
import type { Experiment, Query } from "../experiment.ts";
import type { AddMapobjectsOptions, AddMapobjectsReport } from "./add.ts";
import { ALL, requireTypeId, requireUserType } from "./types.ts";
import { MapobjectWriter } from "./writer.ts";

/** Numbers of an object, which is named by its number in the experiment or its label. */
export interface FeatureRow {
  /** How messages call it. */
  readonly at: string;
  readonly id?: number | undefined;
  readonly label?: number | undefined;
  /** Default: they hold for all. */
  readonly timepoint?: number | undefined;
  readonly values: Readonly<Record<string, number | null>>;
}

/** Options of {@link addFeatures}. */
export interface AddFeaturesOptions extends Pick<AddMapobjectsOptions, "signal"> {
  /** Rows of objects that are not there are counted as skipped; default: refused. */
  readonly isRestSkipped?: boolean;
}

/** Rows that are written together. */
const BATCH = 4000;

/**
 * Adds features to objects of a type: all or none. What an object had of a feature at that time point is replaced.
 *
 * @throws {VitrineError} missing: a row of no object; undeterminable: a label that several objects have; busy, storage
 */
export async function addFeatures(
  experiment: Experiment,
  {
    type,
    rows,
    at,
  }: { readonly type: string; readonly rows: AsyncIterable<FeatureRow>; readonly at: string },
  { signal, isRestSkipped = false }: AddFeaturesOptions = {},
): Promise<AddMapobjectsReport> {
  return experiment.transaction(async (query) => {
    const typeId = await requireTypeId(query, requireUserType(type));
    const objects = await ObjectFinder.create(query, typeId);
    const writer = new MapobjectWriter(experiment, query, typeId);
    const found = new Set<number>();
    let skipped = 0;
    let batch: { id: number; features: { timepoint?: number; values: FeatureRow["values"] }[] }[] = [];
    const write = async () => {
      requireNotAborted(signal, at);
      await writer.replaceFeatures(batch);
      batch = [];
    };
    for await (const row of rows) {
      if (isRestSkipped && !objects.has(row)) {
        skipped++;
        continue;
      }
      const id = objects.find(row);
      found.add(id);
      const time = row.timepoint === undefined ? {} : { timepoint: row.timepoint };
      batch.push({ id, features: [{ ...time, values: row.values }] });
      if (batch.length >= BATCH) await write();
    }
    await write();
    return { type, objects: found.size, segmentations: 0, features: writer.features, skipped };
  });
}

class ObjectFinder {
  readonly #ids: ReadonlySet<number>;
  /** By time point and label; -1 for a label of several objects. */
  readonly #labels = new Map<string, number>();

  private constructor(ids: readonly number[], outlines: readonly LabelRow[]) {
    this.#ids = new Set(ids);
    for (const { mapobjectId, label, tpoint } of outlines)
      for (const key of [`${label}`, `${label} ${tpoint}`]) {
        const before = this.#labels.get(key);
        this.#labels.set(key, before === undefined || before === mapobjectId ? mapobjectId : -1);
      }
  }

  static async create(query: Query, typeId: number): Promise<ObjectFinder> {
    const ids = await query
      .selectFrom("mapobjects")
      .select("id")
      .where("mapobjectTypeId", "=", typeId)
      .execute();
    const outlines = await query
      .selectFrom("mapobjectSegmentations as s")
      .innerJoin("segmentationLayers as l", "l.id", "s.segmentationLayerId")
      .select(["mapobjectId", "label", "tpoint"])
      .where("l.mapobjectTypeId", "=", typeId)
      .where("label", "is not", null)
      .execute();
    return new ObjectFinder(
      ids.map(({ id }) => id),
      outlines,
    );
  }

  has({ id, label, timepoint = ALL }: FeatureRow): boolean {
    if (id !== undefined) return this.#ids.has(id);
    return this.#labels.has(`${label} ${timepoint}`) || this.#labels.has(`${label}`);
  }

  find({ at, id, label, timepoint = ALL }: FeatureRow): number {
    if (id !== undefined && this.#ids.has(id)) return id;
    const known = this.#labels.get(`${label} ${timepoint}`) ?? this.#labels.get(`${label}`);
    if (id === undefined && known !== undefined && known !== -1) return known;
    const found = id === undefined ? `label ${label}` : `id ${id}`;
    if (id === undefined && known === -1)
      throw new VitrineError({
        code: "undeterminable",
        at,
        expected: "a label of one object",
        found: `${found}, of several`,
        hint: "Tell objects by their id",
      });
    throw new VitrineError({ code: "missing", at, expected: "an object of the type", found });
  }
}

interface LabelRow {
  readonly mapobjectId: number;
  readonly label: number | null;
  readonly tpoint: number;
}
