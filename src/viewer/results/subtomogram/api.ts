/** What the server tells of molecules in tomograms. */
import type { ShownFiles as Shown } from "../../../server/export/shown.ts";
import type { Query } from "../../scene/api.ts";
import { isExport } from "../../scene/exported.ts";
import { askPictures, askRows, type NumberPicture, type Rows } from "../answers.ts";

/** A volume (z, y, x). */
export interface VolumeFacts {
  readonly at: string;
  readonly name: string;
  readonly shape: readonly [depth: number, height: number, width: number];
  /** nm/voxel; null: its file does not say. */
  readonly scale: number | null;
}

/** What lies in a folder with molecules. */
export interface FolderFacts {
  readonly volumes: readonly VolumeFacts[];
  readonly tables: readonly {
    readonly at: string;
    readonly name: string;
    readonly columns: readonly string[];
    /** Whether the size of voxels counts. */
    readonly isVoxels: boolean;
  }[];
  readonly curves: readonly {
    readonly name: string;
    /** cycles/voxel */
    readonly frequencies: readonly number[];
    readonly curves: readonly (readonly (number | null)[])[];
  }[];
}

/** Which file is what. */
export type ShownFiles = Shown<VolumeFacts, FolderFacts["tables"][number]>;

/** A place or direction, z y x. */
export type Zyx = readonly [z: number, y: number, x: number];

/** Molecules of a table, a column a quantity. */
export interface MoleculeRows extends Rows {
  /** Names of the features that are numbers. */
  readonly features: readonly string[];
  readonly warnings: readonly string[];
}

const FEATURE = "feature-";

/** Which molecules are asked for. @param scale  nm/voxel, chosen by hand */
export function moleculesQuery({ table, tomogram }: ShownFiles, scale: number | undefined): Query {
  return { at: table?.at, tomogram: tomogram?.at, scale: table?.isVoxels ? scale : undefined };
}

/** @throws {Error} with what the server says */
export async function readMoleculeRows(query: Query, signal: AbortSignal): Promise<MoleculeRows> {
  const { facts, ...rows } = await askRows("subtomogram/molecules", query, signal);
  const features = Object.keys(rows.columns).flatMap((name) =>
    name.startsWith(FEATURE) ? [name.slice(FEATURE.length)] : [],
  );
  return { ...rows, features, warnings: facts.warnings ?? [] };
}

/** Values of a feature; undefined: none of this name. */
export function featureOf({ columns }: MoleculeRows, name: string): Float64Array | undefined {
  return columns[FEATURE + name];
}

/** Place of a molecule, nm. */
export function placeOf({ columns }: MoleculeRows, index: number): Zyx {
  return [columns.z[index], columns.y[index], columns.x[index]];
}

/** One of a molecule's axes, a unit vector. */
export function axisOf({ columns }: MoleculeRows, axis: "z" | "y" | "x", index: number): Zyx {
  const part = (of: string) => columns[`axis-${axis}-${of}`][index];
  return [part("z"), part("y"), part("x")];
}

/** A section of a volume, or of a part of it. */
export interface SliceQuery {
  readonly at: string;
  readonly axis: "z" | "y" | "x";
  readonly index: number;
  /** Voxels on the other axes, in the order z, y, x; default all. */
  readonly rows?: readonly [from: number, to: number];
  readonly columns?: readonly [from: number, to: number];
  /** Pixels of a side at most. */
  readonly most?: number;
}

/** Asks for a section; out of an export, which has whole ones, a part is cut here. @throws {Error} with what the server says */
export async function askSlice(
  { rows, columns, ...which }: SliceQuery,
  signal: AbortSignal,
): Promise<NumberPicture> {
  const query: Query = { ...which, rows: rows?.join("-"), columns: columns?.join("-") };
  const { facts, pictures } = await askPictures<{ readonly factor: number }>(
    "subtomogram/slice",
    query,
    signal,
  );
  const [picture] = pictures;
  if (!isExport()) return picture;
  const part = (span: SliceQuery["rows"], length: number) =>
    span === undefined
      ? ([0, length] as const)
      : ([Math.floor(span[0] / facts.factor), Math.min(length, Math.ceil(span[1] / facts.factor))] as const);
  return cut(picture, part(rows, picture.shape[0]), part(columns, picture.shape[1]));
}

type Part = readonly [from: number, to: number];

function cut({ name, shape: [, width], data }: NumberPicture, [top, bottom]: Part, [left, right]: Part) {
  const out = new Float32Array((bottom - top) * (right - left));
  for (let y = top; y < bottom; y++)
    out.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  return { name, shape: [bottom - top, right - left], data: out };
}
