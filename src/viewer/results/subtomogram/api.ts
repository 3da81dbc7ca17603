/** What the server tells of molecules in tomograms. */
import { askRows, type Rows } from "../answers.ts";

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
  }[];
  readonly curves: readonly {
    readonly name: string;
    /** cycles/voxel */
    readonly frequencies: readonly number[];
    readonly curves: readonly (readonly (number | null)[])[];
  }[];
}

/** A place or direction, z y x. */
export type Zyx = readonly [z: number, y: number, x: number];

/** Molecules of a table, a column a quantity. */
export interface MoleculeRows extends Rows {
  /** Names of the features that are numbers. */
  readonly features: readonly string[];
}

const FEATURE = "feature-";

/** @throws {Error} with what the server says */
export async function readMoleculeRows(at: string, signal: AbortSignal): Promise<MoleculeRows> {
  const rows = await askRows("subtomogram/molecules", { at }, signal);
  const features = Object.keys(rows.columns).flatMap((name) =>
    name.startsWith(FEATURE) ? [name.slice(FEATURE.length)] : [],
  );
  return { ...rows, features };
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
