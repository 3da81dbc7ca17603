/** Molecules of a table of any program, those of the tomogram that is looked at. */
import { basename } from "node:path";
import {
  type Molecules,
  moleculesOfTomogram,
  readMolecules,
  toTomogram,
} from "../../../subtomogram/index.ts";
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
  const told: string[] = [];
  const onLog = (message: string) => void told.push(roots.withoutPaths(message));
  if (tomogram === undefined) return { molecules: await readMolecules(path, { onLog }), warnings: told };
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
    onLog,
  });
  const found = ofTomogram(molecules, { table, tomogram });
  return { ...found, warnings: [...warnings.map(roots.withoutPaths), ...told, ...found.warnings] };
}

/** Those whose tomogram is called as the file, where the table is of several. */
function ofTomogram(
  molecules: Molecules,
  { table, tomogram }: { readonly table: string; readonly tomogram: string },
): FoundMolecules {
  const own = moleculesOfTomogram(molecules, tomogram);
  if (own === undefined) return { molecules, warnings: [] };
  const count = `${basename(table)} has molecules of ${own.tomograms.length} tomograms`;
  if (own.name !== undefined)
    return { molecules: own.molecules, warnings: [`${count}: those of ${own.name} are shown`] };
  const warning = `${count}, and which of them ${basename(tomogram)} is cannot be told: all molecules are shown`;
  return { molecules, warnings: [warning] };
}
