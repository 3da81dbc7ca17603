import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { simulateMicrograph, simulateMolecule } from "../../src/match/index.ts";
import { NEAR_FOCUS, plantedTable, writePlantedMaps } from "./plantedTable.ts";
import { type Configuration, writeConfig } from "./searchCase.ts";

/** What a micrograph of a molecule of which the pixel size is not quite known looks like. */
export interface OptimizeCase {
  /** As the microscope's computer says, Å. */
  readonly nominalA: number;
  /** As it is, Å. */
  readonly trueA: number;
  /** Mean over the particles of the z-score that a perfect filter would give; default 160, of which whitening leaves some 15. */
  readonly signal?: number;
  readonly seed?: number;
  /** Sections of the configuration that replace those below. */
  readonly configuration?: Configuration;
}

export const SIDE = 48;
const SHAPE = [176, 200] as const;
const SIGMA_A = 1.2;
const OPTICS = { ...NEAR_FOCUS, defocusUA: 5000, defocusVA: 4800 };

const PARTICLES = [
  { posX: 10, posY: 12, phiDeg: 20, thetaDeg: 50, psiDeg: 70 },
  { posX: 75, posY: 8, phiDeg: 110, thetaDeg: 80, psiDeg: 200 },
  { posX: 140, posY: 10, phiDeg: 250, thetaDeg: 120, psiDeg: 310 },
  { posX: 14, posY: 66, phiDeg: 300, thetaDeg: 35, psiDeg: 15 },
  { posX: 78, posY: 64, phiDeg: 70, thetaDeg: 155, psiDeg: 95 },
  { posX: 142, posY: 68, phiDeg: 200, thetaDeg: 65, psiDeg: 260 },
  { posX: 44, posY: 120, phiDeg: 160, thetaDeg: 100, psiDeg: 130 },
  { posX: 110, posY: 122, phiDeg: 340, thetaDeg: 15, psiDeg: 220 },
].map((pose) => ({ ...pose, relativeDefocusA: 0 }));

/**
 * Writes atoms, a micrograph of them, the maps of a search (mean 0.1, deviation 1.21), the particles' table and a configuration into a new
 * folder; the configuration's path. Poses are known. Defocus and Cs are those that a fit with the nominal pixel size gives: they
 * stand for the same waves.
 */
export function writeOptimizeCase(folder: string, plan: OptimizeCase): string {
  const { nominalA, trueA, signal = 160, seed = 3, configuration } = plan;
  mkdirSync(folder, { recursive: true });
  const molecule = simulateMolecule({ radiusA: 28, seed, atomCount: 500, sigmaA: SIGMA_A });
  writeFileSync(join(folder, "atoms.pdb"), pdbText(molecule));
  const options = { shape: SHAPE, pixelSizeA: trueA, boxSize: SIDE, optics: OPTICS, signal, seed };
  const image = simulateMicrograph(molecule, PARTICLES, options);
  const scale = nominalA / trueA;
  const optics = {
    ...OPTICS,
    sphericalAberrationMm: OPTICS.sphericalAberrationMm * scale ** 4,
    defocusUA: OPTICS.defocusUA * scale ** 2,
    defocusVA: OPTICS.defocusVA * scale ** 2,
  };
  const search = { folder, optics, pixelSizeA: nominalA, boxSize: SIDE };
  writePlantedMaps(search, image, { mean: 0.1, deviation: 1.21 });
  writeFileSync(join(folder, "particles.csv"), plantedTable(PARTICLES, search));
  return writeConfig(folder, { ...baseConfiguration(folder, nominalA), ...configuration });
}

function baseConfiguration(folder: string, nominalA: number): Configuration {
  return {
    particle_stack: {
      df_path: join(folder, "particles.csv"),
      extracted_box_size: [SIDE + 8, SIDE + 8],
      original_template_size: [SIDE, SIDE],
    },
    pixel_size_coarse_search: {
      enabled: true,
      pixel_size_min: -0.08,
      pixel_size_max: 0.08,
      pixel_size_step: 0.02,
    },
    pixel_size_fine_search: {
      enabled: true,
      pixel_size_min: -0.015,
      pixel_size_max: 0.015,
      pixel_size_step: 0.005,
    },
    preprocessing_filters: {},
    simulator: {
      pixel_spacing: nominalA,
      volume_shape: [SIDE, SIDE, SIDE],
      pdb_filepath: join(folder, "atoms.pdb"),
      center_atoms: false,
      simulator_config: { apply_dose_weighting: false, apply_dqe: false },
    },
  };
}

const SYMBOLS: Readonly<Record<number, string>> = { 6: "C", 7: "N", 8: "O", 16: "S" };
/** ttsim3d takes a quarter of it. */
const B_FACTOR_A2 = 4 * 8 * Math.PI ** 2 * SIGMA_A ** 2;

function pdbText({ positionsA, weights }: ReturnType<typeof simulateMolecule>): string {
  const lines = Array.from(weights, (weight, i) => {
    const place = [...positionsA.subarray(3 * i, 3 * i + 3)]
      .map((value) => value.toFixed(3).padStart(8))
      .join("");
    const name = SYMBOLS[weight];
    const [serial, residue] = [i + 1, Math.floor(i / 10) + 1].map(String);
    const start = `ATOM  ${serial.padStart(5)}  ${name.padEnd(3)} ALA A${residue.padStart(4)}    `;
    return `${start}${place}  1.00${B_FACTOR_A2.toFixed(2).padStart(6)}          ${name.padStart(2)}  `;
  });
  return `${lines.join("\n")}\nEND\n`;
}
