import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EulerZyz } from "../../src/core/index.ts";
import { formatCsv, formatMrc } from "../../src/io/index.ts";
import { PARTICLE_COLUMNS, simulateMicrograph, simulateMolecule } from "../../src/match/index.ts";
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
const MICROSCOPE = { voltageKv: 300, amplitudeContrast: 0.07, astigmatismAngleDeg: 30 };

const PARTICLES = [
  { posX: 10, posY: 12, phiDeg: 20, thetaDeg: 50, psiDeg: 70 },
  { posX: 75, posY: 8, phiDeg: 110, thetaDeg: 80, psiDeg: 200 },
  { posX: 140, posY: 10, phiDeg: 250, thetaDeg: 120, psiDeg: 310 },
  { posX: 14, posY: 66, phiDeg: 300, thetaDeg: 35, psiDeg: 15 },
  { posX: 78, posY: 64, phiDeg: 70, thetaDeg: 155, psiDeg: 95 },
  { posX: 142, posY: 68, phiDeg: 200, thetaDeg: 65, psiDeg: 260 },
  { posX: 44, posY: 120, phiDeg: 160, thetaDeg: 100, psiDeg: 130 },
  { posX: 110, posY: 122, phiDeg: 340, thetaDeg: 15, psiDeg: 220 },
];

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
  const planted = PARTICLES.map((particle) => ({ ...particle, relativeDefocusA: 0 }));
  const optics = { ...MICROSCOPE, sphericalAberrationMm: 2.7, defocusUA: 5000, defocusVA: 4800 };
  const { data } = simulateMicrograph(molecule, planted, {
    shape: SHAPE,
    pixelSizeA: trueA,
    boxSize: SIDE,
    optics,
    signal,
    seed,
  });
  writeFileSync(join(folder, "image.mrc"), formatMrc({ data, shape: SHAPE, voxelSizeA: nominalA }));
  const shape = [SHAPE[0] - SIDE + 1, SHAPE[1] - SIDE + 1] as const;
  for (const [name, value] of Object.entries({ mean: 0.1, deviation: 1.21 })) {
    const map = { data: new Float32Array(shape[0] * shape[1]).fill(value), shape, voxelSizeA: nominalA };
    writeFileSync(join(folder, `${name}.mrc`), formatMrc(map));
  }
  const scale = nominalA / trueA;
  const fitted = {
    ...optics,
    sphericalAberrationMm: 2.7 * scale ** 4,
    defocusUA: 5000 * scale ** 2,
    defocusVA: 4800 * scale ** 2,
  };
  writeFileSync(join(folder, "particles.csv"), tableText(folder, fitted, nominalA));
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

interface Fitted {
  readonly voltageKv: number;
  readonly sphericalAberrationMm: number;
  readonly amplitudeContrast: number;
  readonly defocusUA: number;
  readonly defocusVA: number;
  readonly astigmatismAngleDeg: number;
}

function tableText(folder: string, optics: Fitted, pixelSizeA: number): string {
  const rows = PARTICLES.map(
    ({ posX, posY, phiDeg, thetaDeg, psiDeg }: EulerZyz & { posX: number; posY: number }, i) => ({
      ...Object.fromEntries(PARTICLE_COLUMNS.map((column) => [column, ""])),
      particle_index: i,
      scaled_mip: 20 - i,
      pos_x: posX,
      pos_y: posY,
      pos_x_img: posX + SIDE / 2,
      pos_y_img: posY + SIDE / 2,
      pos_x_img_angstrom: (posX + SIDE / 2) * pixelSizeA,
      pos_y_img_angstrom: (posY + SIDE / 2) * pixelSizeA,
      phi: phiDeg,
      theta: thetaDeg,
      psi: psiDeg,
      relative_defocus: 0,
      defocus_u: optics.defocusUA,
      defocus_v: optics.defocusVA,
      astigmatism_angle: optics.astigmatismAngleDeg,
      pixel_size: pixelSizeA,
      refined_pixel_size: pixelSizeA,
      voltage: optics.voltageKv,
      spherical_aberration: optics.sphericalAberrationMm,
      amplitude_contrast_ratio: optics.amplitudeContrast,
      phase_shift: 0,
      ctf_B_factor: 0,
      micrograph_path: join(folder, "image.mrc"),
      correlation_average_path: join(folder, "mean.mrc"),
      correlation_variance_path: join(folder, "deviation.mrc"),
    }),
  );
  return formatCsv(PARTICLE_COLUMNS, rows);
}
