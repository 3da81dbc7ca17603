import { type Command, Option } from "commander";
import { counted } from "../core/index.ts";
import {
  type AddMapobjectsReport,
  blockFeatures,
  deleteMapobjectType,
  encodeMapobjects,
  exportMapobjects,
  importMapobjects,
  listMapobjectTypes,
  type MapobjectBlock,
  type MapWindow,
  openExperiment,
  queryMapobjects,
  renameMapobjectType,
  windowOfPart,
} from "../experiment/index.ts";
import { writeFileAtomic } from "../io/index.ts";
import { refuseIdleDatabase } from "./database.ts";
import { addEdits } from "./objectEdits.ts";
import { addGroups } from "./objectGroups.ts";
import {
  addCommon,
  addPart,
  addPlane,
  type CommonArguments,
  FOLDER,
  isPart,
  type PartArguments,
  type PlaneArguments,
  pair,
  partOf,
  planeOf,
  TYPE,
  urlOf,
  window,
  windowFor,
} from "./objectOptions.ts";
import { example, index, positive } from "./options.ts";
import { type CommandTools, report } from "./report.ts";

/** Adds `vitrine objects import|export|query|list|rename|delete|cluster|classify|assign|remove|edit DIR`. */
export function addObjects(cli: Command): void {
  const objects = cli
    .command("objects")
    .description(
      "map objects of an experiment (cells, nuclei, annotations): files in and out, windows of the map, groups, changes",
    )
    .hook("preAction", (_, command) => refuseIdleDatabase(command, command.args.slice(0, 1)))
    .addHelpText("after", example("objects import screen cells.geojson --type Cells"));
  addImport(objects);
  addExport(objects);
  addQuery(objects);
  addList(objects);
  addRename(objects);
  addDelete(objects);
  addGroups(objects);
  addEdits(objects);
}

interface ImportArguments extends CommonArguments, PartArguments, PlaneArguments {
  readonly type: string;
  readonly image?: string;
  readonly tracked?: boolean;
  readonly broken: "refuse" | "skip" | "redraw";
  readonly replace?: boolean;
  readonly at?: readonly [number, number];
  readonly flipY?: boolean;
  readonly scale?: number;
}

function addImport(objects: Command): void {
  const command = objects
    .command("import")
    .description(
      "add the objects of a file: GeoJSON (QuPath's form), CSV, Parquet, or a label image; all or none",
    )
    .argument(...FOLDER)
    .argument(
      "<file>",
      ".geojson or .json, .csv, .parquet; anything else is a label image (TIFF, OME-Zarr, .npy)",
    )
    .requiredOption(...TYPE)
    .option("--image <name>", "which image of a file of several")
    .option("--tracked", "a label is one object at all time points of the image")
    .addOption(
      new Option(
        "--broken <how>",
        "outlines that cross themselves, have too few points or lie beyond the map",
      )
        .choices(["refuse", "skip", "redraw"])
        .default("refuse"),
    )
    .option("--replace", "remove the type's objects of before")
    .option(
      "--at <y,x>",
      "where the file's upper left corner lies on the map; default: 0,0, or that of --site",
      pair,
    )
    .option("--flip-y", "the file's y runs upwards, as TissueMAPS writes it")
    .option("--scale <factor>", "pixels of full resolution that one unit of the file is", positive);
  addCommon(addPart(addPlane(command, "objects that tell none")), "print the results as JSON")
    .addHelpText("after", example("objects import screen labels.tif --type Nuclei --well B03 --site 0"))
    .action((dir: string, path: string, args: ImportArguments) =>
      report({ json: args.json ?? false, text: importText }, (tools) =>
        runImport({ dir, path, args }, tools),
      ),
    );
}

async function runImport(
  { dir, path, args }: { readonly dir: string; readonly path: string; readonly args: ImportArguments },
  { signal, onLog, onProgress }: CommandTools,
): Promise<AddMapobjectsReport> {
  await using experiment = await openExperiment(dir, urlOf(args));
  const corner = isPart(args) ? await windowOfPart(experiment, partOf(args)) : { y: 0, x: 0 };
  const [y, x] = args.at ?? [corner.y, corner.x];
  const placement = { y, x, flipY: args.flipY ?? false, scale: args.scale ?? 1 };
  return await importMapobjects(
    experiment,
    { path, type: args.type },
    {
      ...planeOf(args),
      ...(args.image !== undefined && { image: args.image }),
      isTracked: args.tracked ?? false,
      broken: args.broken,
      replace: args.replace ?? false,
      placement,
      ...{ signal, onLog, onProgress },
    },
  );
}

function importText({ type, objects, segmentations, features, skipped }: AddMapobjectsReport): string {
  const left = skipped > 0 ? `, ${skipped} left out` : "";
  const names = features.length > 0 ? `; features ${features.join(", ")}` : "";
  return `${type}: ${counted(objects, "object")}, ${counted(segmentations, "outline")}${left}${names}\n`;
}

interface ExportArguments extends CommonArguments, PartArguments, PlaneArguments {
  readonly type: string;
  readonly window?: MapWindow;
  readonly relative?: boolean;
  readonly overwrite?: boolean;
}

function addExport(objects: Command): void {
  const command = objects
    .command("export")
    .description("write objects to a file: GeoJSON, CSV, Parquet, or a label image")
    .argument(...FOLDER)
    .argument("<file>", ".geojson or .json, .csv, .parquet; .tif, .npy, .zarr for a label image")
    .requiredOption(...TYPE)
    .option("--window <y,x,height,width>", "a part of the map, pixels of full resolution", window)
    .option("--relative", "GeoJSON from the upper left corner of the window, plate, well or site")
    .option("--overwrite", "replace a file that is there");
  addCommon(addPart(addPlane(command, "outlines")), "print the results as JSON")
    .addHelpText("after", example("objects export screen cells.geojson --type Cells"))
    .action((dir: string, path: string, args: ExportArguments) =>
      report({ json: args.json ?? false, text: exportText }, async ({ signal, onLog, onProgress }) => {
        await using experiment = await openExperiment(dir, { ...urlOf(args), isReadOnly: true });
        const part = await windowFor(experiment, args);
        const options = { ...planeOf(args), overwrite: args.overwrite ?? false, signal, onLog, onProgress };
        return await exportMapobjects(
          experiment,
          { path, type: args.type },
          { ...options, ...(part && { window: part, ...(args.relative && { origin: part }) }) },
        );
      }),
    );
}

function exportText({ path, objects, ...rest }: Awaited<ReturnType<typeof exportMapobjects>>): string {
  const more =
    "values" in rest
      ? `${rest.height} x ${rest.width} pixels, values are ${rest.values}`
      : counted(rest.segmentations, "outline");
  return `${path}: ${counted(objects, "object")}, ${more}\n`;
}

interface QueryArguments extends CommonArguments, PartArguments, PlaneArguments {
  readonly type: string;
  readonly window?: MapWindow;
  readonly zoom?: number;
  readonly maxZoom?: number;
  readonly out?: string;
  readonly overwrite?: boolean;
}

/** What a window holds. */
interface QueryResults {
  readonly type: string;
  readonly detail: MapobjectBlock["detail"];
  readonly objects: number;
  /** Corners of what is shown. */
  readonly points: number;
  readonly ids: readonly number[];
  readonly file: string | null;
}

function addQuery(objects: Command): void {
  const command = objects
    .command("query")
    .description("which objects lie in a window of the map, and what of them a zoom shows")
    .argument(...FOLDER)
    .requiredOption(...TYPE)
    .option("--window <y,x,height,width>", "a part of the map, pixels of full resolution", window)
    .option("--zoom <number>", "0 is the coarsest; default: whole outlines", index)
    .option("--max-zoom <number>", "zoom of full resolution; default: that of the layers", index)
    .option("--out <file>", "write what is shown: .geojson, or .bin as docs/objects.md has it")
    .option("--overwrite", "replace a file that is there");
  addCommon(addPart(addPlane(command, "outlines")), "print the results as JSON")
    .addHelpText("after", example("objects query screen --type Cells --window 0,0,2048,2048 --zoom 4"))
    .action((dir: string, args: QueryArguments) => {
      if (args.window === undefined && !isPart(args))
        command.error("error: expected --window, or --plate, --well or --site");
      if (args.out !== undefined && !/\.(bin|(geo)?json)$/i.test(args.out))
        command.error("error: expected --out <file> with .geojson or .bin");
      return report({ json: args.json ?? false, text: queryText }, () => runQuery(dir, args));
    });
}

async function runQuery(dir: string, args: QueryArguments): Promise<QueryResults> {
  await using experiment = await openExperiment(dir, { ...urlOf(args), isReadOnly: true });
  const part = args.window ?? (await windowOfPart(experiment, partOf(args)));
  const block = await queryMapobjects(experiment, {
    ...{ type: args.type, window: part, ...planeOf(args) },
    ...(args.zoom !== undefined && { zoom: args.zoom }),
    ...(args.maxZoom !== undefined && { maxZoom: args.maxZoom }),
  });
  if (args.out !== undefined) await writeBlock(args.out, block, { args, part });
  const { detail, ids, points } = block;
  return {
    ...{ type: args.type, detail, objects: ids.length, points: points.length / 2 },
    ...{ ids: [...ids], file: args.out ?? null },
  };
}

async function writeBlock(
  path: string,
  block: MapobjectBlock,
  { args, part }: { readonly args: QueryArguments; readonly part: MapWindow },
): Promise<void> {
  const overwrite = { overwrite: args.overwrite ?? false };
  if (/\.bin$/i.test(path)) return writeFileAtomic(path, encodeMapobjects(block, part), overwrite);
  const features = [...blockFeatures(block, args.type)];
  const text = JSON.stringify({ type: "FeatureCollection", features });
  return writeFileAtomic(path, new TextEncoder().encode(`${text}\n`), overwrite);
}

function queryText({ type, detail, objects, points, ids, file }: QueryResults): string {
  const shown = detail === "outlines" ? `outlines of ${counted(points, "point")}` : detail;
  const list = ids.length === 0 ? "" : `: ${ids.slice(0, 20).join(" ")}${ids.length > 20 ? " ..." : ""}`;
  return `${type}: ${counted(objects, "object")}, ${shown}${list}\n${file === null ? "" : `${file}\n`}`;
}

function addList(objects: Command): void {
  const command = objects
    .command("list")
    .description("types of objects, and how many there are")
    .argument(...FOLDER);
  addCommon(command, "print them as JSON").action((dir: string, args: CommonArguments) =>
    report({ json: args.json ?? false, text: listText }, async () => {
      await using experiment = await openExperiment(dir, { ...urlOf(args), isReadOnly: true });
      return { types: await listMapobjectTypes(experiment) };
    }),
  );
}

function listText({ types }: { readonly types: Awaited<ReturnType<typeof listMapobjectTypes>> }): string {
  if (types.length === 0) return "no map objects\n";
  const lines = types.map(({ name, refType, objects, layers, features }) => {
    const where = layers.map(({ timepoint, zplane, objects: count }) => {
      return `t ${timepoint ?? "all"}, z ${zplane ?? "all"}: ${count}`;
    });
    const planes = where.length > 6 ? `${where.length} time points and planes` : where.join("; ");
    const own = refType === null ? "" : " (the experiment's own)";
    return `${name}${own}: ${counted(objects, "object")}${planes && ` (${planes})`}${features.length > 0 ? `; ${features.join(", ")}` : ""}\n`;
  });
  return lines.join("");
}

function addRename(objects: Command): void {
  const command = objects
    .command("rename")
    .description("give a type of objects another name")
    .argument(...FOLDER)
    .argument("<type>", "its name")
    .argument("<name>", "its new one");
  addCommon(command, "print it as JSON").action(
    (dir: string, type: string, name: string, args: CommonArguments) =>
      report({ json: args.json ?? false, text: () => `${type} is ${name} now\n` }, async () => {
        await using experiment = await openExperiment(dir, urlOf(args));
        await renameMapobjectType(experiment, type, name);
        return { type, name };
      }),
  );
}

function addDelete(objects: Command): void {
  const command = objects
    .command("delete")
    .description("remove a type with its objects, outlines and features")
    .argument(...FOLDER)
    .argument("<type>", "its name; Plates, Wells and Sites are vitrine illuminati's");
  addCommon(command, "print it as JSON").action((dir: string, type: string, args: CommonArguments) =>
    report({ json: args.json ?? false, text: () => `${type} is removed\n` }, async () => {
      await using experiment = await openExperiment(dir, urlOf(args));
      await deleteMapobjectType(experiment, type);
      return { type };
    }),
  );
}
