import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { matchTargets, runMatches } from "../../src/match/index.ts";
import { manyCase } from "./manyCase.ts";
import { type Configuration, writeConfig } from "./searchCase.ts";

/** Particles of three micrographs, found by a search, and a configuration that refines them. */
export interface RefineCase {
  readonly folder: string;
  /** What the search found in all micrographs. */
  readonly found: string;
  readonly config: string;
  readonly micrographs: readonly string[];
  /** Where the refined particles go, in the folder `out`. */
  readonly table: string;
}

/** Orientations that are tried on each particle: 27 with steps of 3°. */
const ORIENTATIONS = { theta_step_coarse: 3, theta_step_fine: 3, psi_step_coarse: 3, psi_step_fine: 3 };

/** Searches three micrographs of noise in a folder `search`, and prepares one for results. */
export async function refineCase(scratch: string, name: string): Promise<RefineCase> {
  const search = manyCase(scratch, name);
  const targets = await matchTargets({ configs: [search.config], micrographs: search.micrographs });
  const found = join(search.folder, "found.csv");
  await runMatches(targets, { workers: 1, zCutoff: 4.5, particlesPath: found });
  mkdirSync(join(search.folder, "out"), { recursive: true });
  const table = join(search.folder, "out/refined.csv");
  const config = refineConfig(search.folder, { table: found, name: "refine.yaml" });
  return { folder: search.folder, found, config, micrographs: search.micrographs, table };
}

/** Writes a configuration that refines the particles of a table; its path. */
export function refineConfig(
  folder: string,
  {
    table,
    name,
    change = {},
  }: { readonly table: string; readonly name: string; readonly change?: Configuration },
): string {
  const configuration: Configuration = {
    template_volume_path: join(folder, "volume.mrc"),
    particle_stack: { df_path: table, extracted_box_size: [20, 20], original_template_size: [16, 16] },
    defocus_refinement_config: { enabled: true, defocus_min: -100, defocus_max: 100, defocus_step: 100 },
    orientation_refinement_config: ORIENTATIONS,
    preprocessing_filters: {},
    ...change,
  };
  return writeConfig(folder, configuration, name);
}
