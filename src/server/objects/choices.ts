/** What the labels of an image can be measured by, and label images beside an image. */
import { dirname } from "node:path";
import { VitrineError } from "../../core/index.ts";
import { type Experiment, listMapobjectTypes } from "../../experiment/index.ts";
import { axisOf, fileExists, parseCsvTable, readParquetRows, readText } from "../../io/index.ts";
import { type Entry, entriesOf } from "../browse.ts";
import type { ExperimentTools } from "../experiments/routes.ts";
import type { OpenImages } from "../images/openImages.ts";

/** What a page offers. */
export interface ObjectChoices {
  /** Addresses of tables with a row a label. */
  readonly tables: readonly string[];
  /** Types of map objects that came from label images. */
  readonly types: readonly { readonly at: string; readonly type: string; readonly objects: number }[];
  /** Files beside the image that may be its labels: as large, whole numbers, one channel. */
  readonly labels: readonly string[];
  /** The table that was named with the image. */
  readonly first: string | null;
}

/** Files that are looked into. */
const MOST = 60;

interface ChoiceTools extends ExperimentTools {
  readonly images: OpenImages;
  /** Address of a table that was named when the server was started. */
  readonly firstTable: string | null;
}

/** Looks at what lies beside an image, and at what is served besides. @throws {VitrineError} missing: no such image */
export async function choicesOf(
  tools: ChoiceTools,
  { at, image }: { readonly at: string; readonly image?: string | undefined },
): Promise<ObjectChoices> {
  const entries = await entriesBeside(tools, at);
  const tables: string[] = [];
  const types: { at: string; type: string; objects: number }[] = [];
  const labels: string[] = [];
  const own = await sizeOf(tools, at, image);
  for (const entry of entries) {
    if (entry.at === at) continue;
    if (await hasLabels(tools, entry)) tables.push(entry.at);
    if (entry.kind === "experiment") types.push(...(await labelledTypes(tools, entry.at)));
    if (entry.kind !== "image") continue;
    const size = await sizeOf(tools, entry.at, undefined).catch(leftOut);
    if (size?.isWhole && size.height === own.height && size.width === own.width) labels.push(entry.at);
  }
  return { tables, types, labels, first: tools.firstTable };
}

/** In the image's folder, then what is served; each once. */
async function entriesBeside({ roots }: ChoiceTools, at: string): Promise<readonly Entry[]> {
  const folder = dirname(at);
  const beside = folder === "." ? [] : (await entriesOf(roots, folder, { from: 0, most: MOST })).entries;
  const served = await entriesOf(roots, undefined, { from: 0, most: MOST });
  return [...new Map([...beside, ...served.entries].map((entry) => [entry.at, entry])).values()];
}

/** What cannot be read is nothing that can be chosen. */
function leftOut(error: unknown): undefined {
  if (error instanceof VitrineError) return undefined;
  throw error;
}

async function sizeOf({ roots, images }: ChoiceTools, at: string, image: string | undefined) {
  return images.withImage(await roots.resolve(at), image, async (source) => {
    const { shape } = source.levels[0];
    const others = source.axes.filter(
      ({ name }, i) => !["time", "z", "y", "x"].includes(name) && shape[i] > 1,
    );
    const isWhole = others.length === 0 && /^u?int/.test(source.dtype);
    return { height: shape[axisOf(source, "y")], width: shape[axisOf(source, "x")], isWhole };
  });
}

/** Whether a file is a table that names labels. */
async function hasLabels({ roots }: ChoiceTools, { at, name }: Entry): Promise<boolean> {
  if (!/\.(csv|parquet)$/i.test(name) || /\.classes\.csv$/i.test(name)) return false;
  const path = await roots.resolve(at);
  const columns = await columnsOf(path).catch(leftOut);
  return columns?.some((column) => /^(label|id|objectnumber)$/i.test(column)) ?? false;
}

async function columnsOf(path: string): Promise<readonly string[]> {
  if (!/\.parquet$/i.test(path)) return parseCsvTable(headOf(await readText(path)), path).columns;
  const rows = readParquetRows(path);
  try {
    const { value } = await rows.next();
    return Object.keys(value ?? {});
  } finally {
    await rows.return(undefined);
  }
}

function headOf(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : text.slice(0, end + 1);
}

async function labelledTypes({ roots, experiments }: ChoiceTools, at: string) {
  const path = await roots.resolve(at);
  if (!(await fileExists(path))) return [];
  const experiment = await experiments.experiment(path).catch(leftOut);
  if (experiment === undefined) return [];
  const labelled = await typesWithLabels(experiment);
  return (await listMapobjectTypes(experiment))
    .filter(({ name, refType }) => refType === null && labelled.has(name))
    .map(({ name, objects }) => ({ at, type: name, objects }));
}

async function typesWithLabels({ query }: Experiment): Promise<ReadonlySet<string>> {
  const rows = await query
    .selectFrom("mapobjectTypes as t")
    .select("t.name as name")
    .where((of) =>
      of.exists(
        of
          .selectFrom("mapobjectSegmentations as s")
          .innerJoin("segmentationLayers as l", "l.id", "s.segmentationLayerId")
          .select("s.id")
          .whereRef("l.mapobjectTypeId", "=", "t.id")
          .where("s.label", "is not", null),
      ),
    )
    .execute();
  return new Set(rows.map(({ name }) => name));
}
