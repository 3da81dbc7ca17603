/** Molecules of a table of any program, those of the tomogram that is looked at. */
import { basename } from "node:path";
import { type Molecules, readMolecules, toTomogram } from "../../../subtomogram/index.ts";
import type { SubtomogramTools } from "./tools.ts";

/** Which table, and which tomogram its molecules lie in. */
export interface MoleculesOf {
  /** Addresses. */
  readonly table: string;
  readonly tomogram?: string | undefined;
  /** nm/voxel; default what the tomogram's file says. */
  readonly scale?: number | undefined;
}

/** Molecules, and what is to be known of them. */
export interface FoundMolecules {
  readonly molecules: Molecules;
  readonly warnings: readonly string[];
}

/**
 * Reads a table as `vitrine align` does: voxels and sizes of other programs' tables are those of the tomogram. Of a table of several tomograms the
 * molecules of the one that is called as the file.
 *
 * @throws {VitrineError} as `readMolecules`
 */
export async function moleculesOf(
  { roots, images }: Pick<SubtomogramTools, "roots" | "images">,
  { table, tomogram, scale }: MoleculesOf,
): Promise<FoundMolecules> {
  const path = await roots.resolve(table);
  if (tomogram === undefined) return { molecules: await readMolecules(path), warnings: [] };
  const volume = await roots.resolve(tomogram);
  const { shape, own, warnings } = await images.withImage(volume, undefined, async (source) => {
    const found = toTomogram(source);
    return { shape: found.shape, own: found.scale, warnings: found.warnings ?? [] };
  });
  const [depth, height, width] = shape;
  const voxel = scale ?? own;
  const molecules = await readMolecules(path, {
    tomogramSize: [width, height, depth],
    ...(voxel !== undefined && { pixelSizeA: 10 * voxel }),
  });
  const found = ofTomogram(molecules, { table, tomogram });
  return { ...found, warnings: [...warnings.map(roots.withoutPaths), ...found.warnings] };
}

/** Those whose tomogram is called as the file, where the table is of several. */
function ofTomogram(
  molecules: Molecules,
  { table, tomogram }: { readonly table: string; readonly tomogram: string },
): FoundMolecules {
  const names = molecules.features.tomogram?.map(String);
  const all = [...new Set(names ?? [])];
  if (names === undefined || all.length < 2) return { molecules, warnings: [] };
  const own = stemOf(tomogram);
  const called = all.filter((name) => stemOf(name) === own);
  // RELION's and others' files have more in their names than the tomogram's
  const [name, ...more] = called.length > 0 ? called : all.filter((one) => hasName(own, stemOf(one)));
  const count = `${basename(table)} has molecules of ${all.length} tomograms`;
  if (name === undefined || more.length > 0) {
    const warning = `${count}, and which of them ${basename(tomogram)} is cannot be told: all molecules are shown`;
    return { molecules, warnings: [warning] };
  }
  const rows = names.flatMap((one, row) => (one === name ? [row] : []));
  return { molecules: molecules.subset(rows), warnings: [`${count}: those of ${name} are shown`] };
}

/** The name of a file, without folder and endings. */
function stemOf(name: string): string {
  return (name.split(/[\\/]/).at(-1) ?? name).replace(/\.\w+$/, "").toLowerCase();
}

/** Whether a name stands in another as a whole: TS_1 in TS_1_bin4, and not in TS_10. */
function hasName(text: string, name: string): boolean {
  if (name === "") return false;
  const at = text.indexOf(name);
  const isEdge = (letter: string | undefined) => letter === undefined || !/[a-z0-9]/.test(letter);
  return at >= 0 && isEdge(text[at - 1]) && isEdge(text[at + name.length]);
}
