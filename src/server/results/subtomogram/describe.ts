/** What lies about a table of molecules: volumes, other tables, curves of agreement. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { identifyFile, listFolder, parseCsv, readText } from "../../../io/index.ts";
import { isMoleculesTable, toTomogram } from "../../../subtomogram/index.ts";
import { resultKindOf } from "../recognise.ts";
import type { SubtomogramTools } from "./tools.ts";

/** A volume (z, y, x). */
export interface VolumeFacts {
  readonly at: string;
  readonly name: string;
  readonly shape: readonly [depth: number, height: number, width: number];
  /** nm/voxel; null where the file does not say. */
  readonly scale: number | null;
}

/** A table of molecules. */
export interface TableFacts {
  readonly at: string;
  readonly name: string;
  /** Of a CSV. */
  readonly columns: readonly string[];
  /** Whether places are, or may be, voxels: how large these are counts. */
  readonly isVoxels: boolean;
}

/** Agreement of halves by frequency. */
export interface CurveFacts {
  readonly name: string;
  /** cycles/voxel */
  readonly frequencies: readonly number[];
  /** Null where both halves have nothing. */
  readonly curves: readonly (readonly (number | null)[])[];
}

/** Files of a folder that are looked into. */
const MOST_FILES = 60;
const IMAGES = ["mrc", "npy", "tiff", "ome-zarr"];

/** What a folder has, or the folder of a table, which then comes first. */
export async function describeFolder(tools: SubtomogramTools, at: string) {
  const path = await tools.roots.resolve(at);
  const isFolder = (await stat(path)).isDirectory();
  const base = isFolder ? at.replace(/\/$/, "") : at.split("/").slice(0, -1).join("/");
  // a table that is served by itself has no folder: beside it are the other files that are served
  const served = tools.roots.list.filter((root) => !root.isFolder).map(({ name }) => name);
  const names =
    base === "" ? served : (await listFolder(isFolder ? path : join(path, ".."))).slice(0, MOST_FILES);
  const volumes: VolumeFacts[] = [];
  const tables: TableFacts[] = [];
  const curves: CurveFacts[] = [];
  for (const name of names.filter((each) => !each.startsWith("."))) {
    const one = { at: base === "" ? name : `${base}/${name}`, name };
    if (/\.csv$/i.test(name)) await addTable(tools, one, { tables, curves });
    else if (await isOtherTable(tools, one)) tables.push({ ...one, columns: [], isVoxels: !isParquet(name) });
    else await addVolume(tools, one, volumes);
  }
  const own = tables.findIndex((table) => table.at === at);
  if (own > 0) tables.unshift(...tables.splice(own, 1));
  return { volumes, tables, curves };
}

interface Named {
  readonly at: string;
  readonly name: string;
}

async function addTable(
  { roots }: SubtomogramTools,
  { at, name }: Named,
  into: { readonly tables: TableFacts[]; readonly curves: CurveFacts[] },
): Promise<void> {
  const text = await roots.resolve(at).then(readText, () => "");
  const head = text.slice(0, text.indexOf("\n")).trim();
  const columns = head.split(",");
  if (isMoleculesTable(head)) into.tables.push({ at, name, columns, isVoxels: false });
  else if (/^freq,FSC-\d/.test(head)) {
    const { rows } = parseCsv(text, name);
    // Number of an empty text would be 0
    const number = (cell: string) => (cell !== "" && Number.isFinite(Number(cell)) ? Number(cell) : null);
    into.curves.push({
      name,
      frequencies: rows.map(({ freq }) => Number(freq)),
      curves: columns.slice(1).map((column) => rows.map((row) => number(row[column]))),
    });
  }
}

/** A table of another program than acryo, or its Parquet. */
async function isOtherTable({ roots }: SubtomogramTools, { at }: Named): Promise<boolean> {
  const path = await roots.resolve(at).catch(() => undefined);
  return path !== undefined && (await resultKindOf(path, false)) === "subtomogram";
}

function isParquet(name: string): boolean {
  return /\.(pq|parquet)$/i.test(name);
}

async function addVolume({ roots, images }: SubtomogramTools, { at, name }: Named, into: VolumeFacts[]) {
  // a link that leads out is as if it were not there, and what cannot be read is no volume
  const path = await roots.resolve(at).catch(() => undefined);
  if (path === undefined || !IMAGES.includes(await identifyFile(path).catch(() => "unknown"))) return;
  const facts = await images
    .withImage(path, undefined, async (source) => {
      const { shape, scale } = toTomogram(source);
      return { at, name, shape, scale: scale ?? null };
    })
    .catch(() => undefined);
  if (facts !== undefined && facts.shape[0] > 1) into.push(facts);
}
