import type { Insertable } from "kysely";
import type { MapobjectSegmentationTable, MapobjectTable } from "../database/index.ts";
import type { Experiment, Query } from "../experiment.ts";
import type { NewFeatureValues, RawMapobject, RawOutline } from "./mapobject.ts";
import { centroidOf, pixelBounds } from "./shape.ts";
import { BY_DEPTH, POINTS_BY_DEPTH } from "./thresholds.ts";
import { ALL } from "./types.ts";
import { formatWkb } from "./wkb.ts";

/** Writes objects of one type within a transaction, many at a time; layers and features are made when the first one needs them. */
export class MapobjectWriter {
  readonly #experiment: Experiment;
  readonly #query: Query;
  readonly #typeId: number;
  readonly #layers = new Map<string, number>();
  readonly #features = new Map<string, number>();
  readonly #used = new Set<string>();
  readonly #withOutlines = new Set<number>();
  #notFinite = 0;
  /** What was written. */
  objects = 0;
  segmentations = 0;

  constructor(experiment: Experiment, query: Query, typeId: number) {
    this.#experiment = experiment;
    this.#query = query;
    this.#typeId = typeId;
  }

  /** Names of the features of objects that were written. */
  get features(): readonly string[] {
    return [...this.#used];
  }

  /** Writes objects, checked and in their places, with new numbers. @returns their numbers @throws whatever a query throws */
  async write(objects: readonly RawMapobject[]): Promise<readonly number[]> {
    if (objects.length === 0) return [];
    const first = await this.#experiment.reserveIds(this.#query, "mapobjects", objects.length);
    const ids = objects.map((_, i) => first + i);
    await this.writeAs(ids, objects);
    return ids;
  }

  /** Writes objects with numbers that no other object has. @throws whatever a query throws */
  async writeAs(ids: readonly number[], objects: readonly RawMapobject[]): Promise<void> {
    const rows = objects.map((object, i) => ({ id: ids[i], ...traitRow(object, this.#typeId) }));
    await this.#experiment.insertRows(this.#query, { table: "mapobjects", rows });
    await this.writeOutlines(objects.map(({ outlines }, i) => ({ id: ids[i], outlines })));
    await this.writeFeatures(objects.map(({ features = [] }, i) => ({ id: ids[i], features })));
    this.objects += objects.length;
  }

  /** Writes outlines of objects that have none. @throws whatever a query throws */
  async writeOutlines(
    objects: readonly { readonly id: number; readonly outlines: readonly RawOutline[] }[],
  ): Promise<void> {
    const rows: Insertable<MapobjectSegmentationTable>[] = [];
    for (const { id: mapobjectId, outlines } of objects)
      for (const outline of outlines) {
        const layerId = this.#layers.get(layerKey(outline)) ?? (await this.#layerId(outline));
        if (outline.shape.kind !== "point") this.#withOutlines.add(layerId);
        rows.push(outlineRow(outline, { mapobjectId, layerId }));
      }
    await this.#experiment.insertRows(this.#query, { table: "mapobjectSegmentations", rows });
    this.segmentations += rows.length;
  }

  /** Writes numbers of objects that are there. @throws whatever a query throws */
  async writeFeatures(
    objects: readonly { readonly id: number; readonly features: readonly NewFeatureValues[] }[],
  ): Promise<void> {
    const rows = [];
    for (const { id: mapobjectId, features } of objects)
      for (const { timepoint = ALL, values } of features)
        for (const [name, value] of Object.entries(values)) {
          const featureId = this.#features.get(name) ?? (await this.#featureId(name));
          if (value !== null && !Number.isFinite(value) && !Number.isNaN(value)) this.#notFinite++;
          this.#used.add(name);
          rows.push({
            mapobjectId,
            featureId,
            tpoint: timepoint,
            value: Number.isFinite(value) ? value : null,
          });
        }
    await this.#experiment.insertRows(this.#query, { table: "featureValues", rows });
  }

  /** Writes numbers in the place of those that objects had at the same time points. @throws whatever a query throws */
  async replaceFeatures(objects: Parameters<MapobjectWriter["writeFeatures"]>[0]): Promise<void> {
    const byTime = new Map<number, { ids: number[]; names: Set<string> }>();
    for (const { id, features } of objects)
      for (const { timepoint = ALL, values } of features) {
        const { ids, names } = byTime.get(timepoint) ?? { ids: [] as number[], names: new Set<string>() };
        for (const name of Object.keys(values)) names.add(name);
        ids.push(id);
        byTime.set(timepoint, { ids, names });
      }
    for (const [tpoint, { ids, names }] of byTime)
      for (const name of names) {
        const featureId = this.#features.get(name) ?? (await this.#featureId(name));
        await this.#query
          .deleteFrom("featureValues")
          .where((of) => of.and({ featureId, tpoint }))
          .where("mapobjectId", "in", ids)
          .execute();
      }
    await this.writeFeatures(objects);
  }

  /** Tells those who keep the layers in memory that they changed; a layer of points that got outlines shows them. */
  async finish(): Promise<void> {
    const layers = this.#query.updateTable("segmentationLayers");
    for (const id of this.#layers.values())
      await layers.set({ revision: crypto.randomUUID() }).where("id", "=", id).execute();
    const [polygonThresh, centroidThresh] = BY_DEPTH;
    for (const id of this.#withOutlines)
      await layers
        .set({ polygonThresh, centroidThresh })
        .where("id", "=", id)
        .where("polygonThresh", "=", POINTS_BY_DEPTH[0])
        .execute();
  }

  /** What was not kept, a sentence each. */
  warnings(): string[] {
    return this.#notFinite > 0
      ? [`${this.#notFinite} values of features are infinite and were left empty`]
      : [];
  }

  async #layerId({ timepoint = ALL, zplane = ALL, shape }: RawOutline): Promise<number> {
    const [polygonThresh, centroidThresh] = shape.kind === "point" ? POINTS_BY_DEPTH : BY_DEPTH;
    const layer = { mapobjectTypeId: this.#typeId, tpoint: timepoint, zplane };
    const found = await this.#query
      .selectFrom("segmentationLayers")
      .select("id")
      .where((of) => of.and(layer))
      .executeTakeFirst();
    const { id } =
      found ??
      (await this.#query
        .insertInto("segmentationLayers")
        .values({ ...layer, polygonThresh, centroidThresh })
        .returning("id")
        .executeTakeFirstOrThrow());
    this.#layers.set(layerKey({ timepoint, zplane }), id);
    return id;
  }

  async #featureId(name: string): Promise<number> {
    const row = { mapobjectTypeId: this.#typeId, name };
    const found = await this.#query
      .selectFrom("features")
      .select("id")
      .where((of) => of.and(row))
      .executeTakeFirst();
    const { id } =
      found ??
      (await this.#query.insertInto("features").values(row).returning("id").executeTakeFirstOrThrow());
    this.#features.set(name, id);
    return id;
  }
}

function layerKey({ timepoint = ALL, zplane = ALL }: Pick<RawOutline, "timepoint" | "zplane">): string {
  return `${timepoint} ${zplane}`;
}

function traitRow(object: RawMapobject, mapobjectTypeId: number): Insertable<MapobjectTable> {
  const { name = null, objectType = null, className = null, classColor = null, externalId = null } = object;
  return { mapobjectTypeId, refId: null, name, objectType, className, classColor, externalId };
}

function outlineRow(
  { shape, nucleus, label }: RawOutline,
  { mapobjectId, layerId }: { readonly mapobjectId: number; readonly layerId: number },
): Insertable<MapobjectSegmentationTable> {
  const { y, x } = centroidOf(shape);
  return {
    mapobjectId,
    segmentationLayerId: layerId,
    label: label ?? null,
    geometry: formatWkb(shape),
    nucleus: nucleus === undefined ? null : formatWkb(nucleus),
    centroidY: y,
    centroidX: x,
    ...pixelBounds(shape),
  };
}
