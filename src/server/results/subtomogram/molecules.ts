/** Molecules of a table of any program, those of the tomogram that is looked at. */
import {
  type Molecules,
  readMolecules,
  readTomogramMolecules,
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
 * Reads a table as `vitrine align` does; where it cannot be told which tomogram of a table it is, the molecules of all.
 *
 * @throws {VitrineError} as `readMolecules`
 */
export async function moleculesOf(
  { roots, images }: Pick<SubtomogramTools, "roots" | "images">,
  { table, tomogram, scale }: MoleculesOf,
): Promise<FoundMolecules> {
  const path = await roots.resolve(table);
  if (tomogram === undefined) {
    const told: string[] = [];
    const molecules = await readMolecules(path, { onLog: (message) => told.push(message) });
    return { molecules, warnings: told.map(roots.withoutPaths) };
  }
  const volume = await roots.resolve(tomogram);
  const { shape, own, warnings } = await images.withImage(volume, undefined, async (source) => {
    const found = toTomogram(source);
    return { shape: found.shape, own: found.scale, warnings: found.warnings ?? [] };
  });
  const [depth, height, width] = shape;
  const voxel = scale ?? own;
  const told: string[] = [];
  const molecules = await readTomogramMolecules(path, {
    tomogramPath: volume,
    volume: {
      pixelSizeA: voxel === undefined ? undefined : 10 * voxel,
      size: [width, height, depth],
    },
    ifUnclear: "all",
    onLog: (message) => told.push(message),
  });
  return { molecules, warnings: [...warnings, ...told].map(roots.withoutPaths) };
}
