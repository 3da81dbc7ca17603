import { type CreateTableBuilder, type Kysely, type Migration, sql } from "kysely";

/** The two databases that an experiment can stand on. */
export type DatabaseKind = "sqlite" | "postgres";

/** Tables before they have types: migrations are older than the code that reads them. */
type Untyped = Kysely<Record<string, Record<string, unknown>>>;

/**
 * The changes of the schema by name, in order. One that has been released is never changed; what comes later is a new
 * one, and every experiment is brought up to date when it is opened for writing.
 */
export function migrationsOf(kind: DatabaseKind): Record<string, Migration> {
  return {
    "001-plates-and-map-objects": { up: (db: Untyped) => createAll(db, kind) },
    "002-what-files-tell-of-objects": { up: (db: Untyped) => describeObjects(db, kind) },
    "003-flags-in-pixels": {
      up: (db: Untyped) => db.schema.alterTable("channels").addColumn("pixelMask", "integer").execute(),
    },
  };
}

/** What files tell of objects besides their outlines, and which state of a layer this is. */
async function describeObjects(db: Untyped, kind: DatabaseKind): Promise<void> {
  for (const column of ["name", "objectType", "className", "classColor", "externalId"])
    await db.schema.alterTable("mapobjects").addColumn(column, "text").execute();
  await db.schema
    .alterTable("mapobjectSegmentations")
    .addColumn("nucleus", sql.raw(typesOf(kind).blob))
    .execute();
  await db.schema
    .alterTable("segmentationLayers")
    .addColumn("revision", "text", (c) => c.notNull().defaultTo(""))
    .execute();
}

async function createAll(db: Untyped, kind: DatabaseKind): Promise<void> {
  const types = typesOf(kind);
  const table = (name: string) => tableMaker(db, name, types);
  await createPlates(db, table);
  await createImages(table);
  await createObjects(table, types);
  await createIndices(db, kind);
}

interface SqlTypes {
  readonly kind: DatabaseKind;
  readonly real: "real" | "double precision";
  readonly blob: "blob" | "bytea";
}

function typesOf(kind: DatabaseKind): SqlTypes {
  return kind === "sqlite"
    ? { kind, real: "real", blob: "blob" }
    : { kind, real: "double precision", blob: "bytea" };
}

/** Makes tables that have a number of their own. */
function tableMaker(db: Untyped, name: string, { kind }: SqlTypes) {
  return db.schema
    .createTable(name)
    .addColumn("id", kind === "sqlite" ? "integer" : "serial", (column) => column.primaryKey());
}

type Maker = (name: string) => CreateTableBuilder<string, "id">;

/** A column that points to another table's rows and goes with them. */
function refers<T extends string, C extends string, N extends string>(
  builder: CreateTableBuilder<T, C>,
  column: N,
  to: string,
) {
  return builder.addColumn(column, "integer", (c) => c.notNull().references(`${to}.id`).onDelete("cascade"));
}

async function createPlates(db: Untyped, table: Maker): Promise<void> {
  await db.schema
    .createTable("experiments")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("createdAt", "text", (c) => c.notNull())
    .addColumn("mode", "text", (c) => c.notNull())
    .addColumn("wellSpacerSize", "integer", (c) => c.notNull())
    .addColumn("verticalSiteDisplacement", "integer", (c) => c.notNull())
    .addColumn("horizontalSiteDisplacement", "integer", (c) => c.notNull())
    .addColumn("pixelSizeUm", "double precision")
    .execute();
  await table("plates")
    .addColumn("name", "text", (c) => c.notNull().unique())
    .addColumn("nRows", "integer", (c) => c.notNull())
    .addColumn("nColumns", "integer", (c) => c.notNull())
    .addColumn("description", "text", (c) => c.notNull().defaultTo(""))
    .execute();
  await refers(table("wells"), "plateId", "plates")
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("rowIndex", "integer", (c) => c.notNull())
    .addColumn("columnIndex", "integer", (c) => c.notNull())
    .addColumn("description", "text", (c) => c.notNull().defaultTo("{}"))
    .addUniqueConstraint("well_once", ["plateId", "rowIndex", "columnIndex"])
    .execute();
  await table("cycles")
    .addColumn("cycleIndex", "integer", (c) => c.notNull().unique())
    .addColumn("name", "text", (c) => c.notNull())
    .execute();
  await table("channels")
    .addColumn("name", "text", (c) => c.notNull().unique())
    .addColumn("wavelength", "text")
    .addColumn("bitDepth", "integer", (c) => c.notNull())
    .addColumn("color", "text")
    .execute();
}

async function createImages(table: Maker): Promise<void> {
  await refers(table("sites"), "wellId", "wells")
    .addColumn("siteIndex", "integer", (c) => c.notNull())
    .addColumn("gridRow", "integer")
    .addColumn("gridColumn", "integer")
    .addColumn("yPx", "double precision")
    .addColumn("xPx", "double precision")
    .addColumn("yUm", "double precision")
    .addColumn("xUm", "double precision")
    .addColumn("height", "integer", (c) => c.notNull())
    .addColumn("width", "integer", (c) => c.notNull())
    .addColumn("omitted", "integer", (c) => c.notNull().defaultTo(0))
    .addUniqueConstraint("site_once", ["wellId", "siteIndex"])
    .execute();
  await refers(refers(table("siteShifts"), "siteId", "sites"), "cycleId", "cycles")
    .addColumn("y", "integer", (c) => c.notNull())
    .addColumn("x", "integer", (c) => c.notNull())
    .addUniqueConstraint("shift_once", ["siteId", "cycleId"])
    .execute();
  const files = refers(refers(table("imageFiles"), "siteId", "sites"), "cycleId", "cycles");
  await refers(files, "channelId", "channels")
    .addColumn("tpoint", "integer", (c) => c.notNull())
    .addColumn("zplane", "integer", (c) => c.notNull())
    .addColumn("path", "text", (c) => c.notNull())
    .addColumn("imageIndex", "integer", (c) => c.notNull().defaultTo(0))
    .addColumn("plane", "text", (c) => c.notNull().defaultTo("{}"))
    .addUniqueConstraint("image_once", ["siteId", "cycleId", "channelId", "tpoint", "zplane"])
    .execute();
  await refers(table("channelLayers"), "channelId", "channels")
    .addColumn("tpoint", "integer", (c) => c.notNull())
    .addColumn("zplane", "integer", (c) => c.notNull())
    .addColumn("minIntensity", "double precision", (c) => c.notNull())
    .addColumn("maxIntensity", "double precision", (c) => c.notNull())
    .addColumn("height", "integer", (c) => c.notNull())
    .addColumn("width", "integer", (c) => c.notNull())
    .addColumn("maxZoom", "integer", (c) => c.notNull())
    .addColumn("path", "text")
    .addUniqueConstraint("layer_once", ["channelId", "tpoint", "zplane"])
    .execute();
}

async function createObjects(table: Maker, { blob }: SqlTypes): Promise<void> {
  await table("mapobjectTypes")
    .addColumn("name", "text", (c) => c.notNull().unique())
    .addColumn("refType", "text")
    .execute();
  await refers(table("mapobjects"), "mapobjectTypeId", "mapobjectTypes")
    .addColumn("refId", "integer")
    .execute();
  await refers(table("segmentationLayers"), "mapobjectTypeId", "mapobjectTypes")
    .addColumn("tpoint", "integer", (c) => c.notNull())
    .addColumn("zplane", "integer", (c) => c.notNull())
    .addColumn("polygonThresh", "integer", (c) => c.notNull())
    .addColumn("centroidThresh", "integer", (c) => c.notNull())
    .addUniqueConstraint("segmentation_layer_once", ["mapobjectTypeId", "tpoint", "zplane"])
    .execute();
  const outlines = refers(table("mapobjectSegmentations"), "mapobjectId", "mapobjects");
  await refers(outlines, "segmentationLayerId", "segmentationLayers")
    .addColumn("label", "integer")
    .addColumn("geometry", sql.raw(blob), (c) => c.notNull())
    .addColumn("centroidY", "double precision", (c) => c.notNull())
    .addColumn("centroidX", "double precision", (c) => c.notNull())
    .addColumn("minY", "integer", (c) => c.notNull())
    .addColumn("minX", "integer", (c) => c.notNull())
    .addColumn("maxY", "integer", (c) => c.notNull())
    .addColumn("maxX", "integer", (c) => c.notNull())
    .addUniqueConstraint("outline_once", ["mapobjectId", "segmentationLayerId"])
    .execute();
  await refers(table("features"), "mapobjectTypeId", "mapobjectTypes")
    .addColumn("name", "text", (c) => c.notNull())
    .addUniqueConstraint("feature_once", ["mapobjectTypeId", "name"])
    .execute();
  await refers(refers(table("featureValues"), "mapobjectId", "mapobjects"), "featureId", "features")
    .addColumn("tpoint", "integer", (c) => c.notNull())
    .addColumn("value", "double precision")
    .addUniqueConstraint("value_once", ["mapobjectId", "featureId", "tpoint"])
    .execute();
}

/** What queries look things up by, and the index of boxes: an R-tree, or GiST over PostGIS boxes. */
async function createIndices(db: Untyped, kind: DatabaseKind): Promise<void> {
  const indices = [
    ["mapobjects", "mapobjectTypeId"],
    ["mapobjectSegmentations", "segmentationLayerId"],
    ["featureValues", "featureId"],
  ] as const;
  for (const [table, column] of indices)
    await db.schema.createIndex(`${table}_by_${column}`).on(table).column(column).execute();
  for (const statement of BOX_INDEX[kind]) await sql.raw(statement).execute(db);
}

/** An R-tree keeps itself in step by triggers; GiST does by itself. */
const BOX_INDEX: Readonly<Record<DatabaseKind, readonly string[]>> = {
  sqlite: [
    "create virtual table mapobject_boxes using rtree_i32 (id, min_x, max_x, min_y, max_y)",
    `create trigger boxes_after_insert after insert on mapobject_segmentations begin
       insert into mapobject_boxes values (new.id, new.min_x, new.max_x, new.min_y, new.max_y); end`,
    `create trigger boxes_after_delete after delete on mapobject_segmentations begin
       delete from mapobject_boxes where id = old.id; end`,
    `create trigger boxes_after_update after update of min_x, max_x, min_y, max_y on mapobject_segmentations begin
       update mapobject_boxes set min_x = new.min_x, max_x = new.max_x, min_y = new.min_y, max_y = new.max_y
       where id = new.id; end`,
  ],
  postgres: [
    `create index mapobject_boxes on mapobject_segmentations using gist
       (st_makeenvelope(min_x, min_y, max_x, max_y))`,
  ],
};
