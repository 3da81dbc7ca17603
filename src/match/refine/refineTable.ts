import type { CsvTable } from "../../io/index.ts";
import type { ParticleStack } from "../particles/particleStack.ts";
import { PARTICLE_COLUMNS, type ParticleTable } from "../particles/particles.ts";
import { float32Text, float64Text } from "../particles/pythonText.ts";
import type { RefinedParticle } from "./refine.ts";

const POSITIONS = ["pos_x", "pos_y", "pos_x_img", "pos_y_img", "pos_x_img_angstrom", "pos_y_img_angstrom"];
const refined = (names: readonly string[]) => names.map((name) => `refined_${name}`);

/** Leopard-EM 1.2's columns of a refined table, in its order, after the row number without a name. */
export const REFINED_COLUMNS: readonly string[] = [
  ...["particle_index", "mip", "scaled_mip", "refined_mip", "refined_scaled_mip"],
  ...["correlation_mean", "correlation_variance", "total_correlations"],
  ...POSITIONS,
  ...refined(POSITIONS),
  ...["phi", "theta", "psi", "refined_phi", "refined_theta", "refined_psi"],
  ...["relative_defocus", "refined_relative_defocus", "defocus_u", "defocus_v", "astigmatism_angle"],
  ...["pixel_size", "refined_pixel_size", "voltage", "spherical_aberration", "amplitude_contrast_ratio"],
  ...["phase_shift", "ctf_B_factor", "even_zernikes", "odd_zernikes", "mag_matrix"],
  ...PARTICLE_COLUMNS.filter((column) => column.endsWith("_path")),
];

/** Leopard-EM 1.2's columns of a constrained search: the offset before it was turned to the axis comes in. */
export const CONSTRAINED_COLUMNS: readonly string[] = REFINED_COLUMNS.flatMap((column) =>
  column === "refined_psi"
    ? [column, "original_offset_phi", "original_offset_theta", "original_offset_psi"]
    : [column],
);

/** What other programs tell of particles and Leopard-EM does not: images, halves, classes, groups of optics. */
const FOREIGN = /^(?:optics\.|rln|cryosparc_|cisTEM)/;

/** What a table needs to know besides its results. */
export interface RefinedTableOptions {
  /** The pixel size offsets that were tried, Å. */
  readonly pixelSizeOffsetsA: ArrayLike<number>;
  /** Default {@link REFINED_COLUMNS}. */
  readonly columns?: readonly string[];
  /** Cells of further columns. */
  readonly more?: (result: RefinedParticle, row: number) => Readonly<Record<string, string>>;
}

/**
 * The table of a refinement: every column of the particles' own and what was found, numbers as pandas writes them; behind them what came with
 * particles of another program.
 *
 * Refined positions count from the particle's position (`pos_*`, or `refined_pos_*` where the table is of an earlier
 * refinement), `refined_relative_defocus` and `refined_pixel_size` from the values that the refinement began with.
 */
export function refinedTable(
  stack: ParticleStack,
  results: readonly RefinedParticle[],
  { pixelSizeOffsetsA, columns = REFINED_COLUMNS, more }: RefinedTableOptions,
): ParticleTable {
  const all = [...columns, ...stack.table.columns.filter((column) => FOREIGN.test(column))];
  const rows = stack.table.rows.map((row, i) => {
    const { relativeDefocusA, pixelSizeA } = stack.particles[i];
    const { zScore, correlation, phiDeg, thetaDeg, psiDeg, defocusOffsetA, pixelSize } = results[i];
    return {
      "": i,
      ...Object.fromEntries(all.map((column) => [column, row[column] ?? ""])),
      ...positionCells(row, results[i], stack.hasRefinedPositions),
      refined_mip: float32Text(Math.fround(correlation)),
      refined_scaled_mip: float32Text(Math.fround(zScore)),
      refined_phi: float32Text(Math.fround(phiDeg)),
      refined_theta: float32Text(Math.fround(thetaDeg)),
      refined_psi: float32Text(Math.fround(psiDeg)),
      // offsets are float32 in Leopard-EM, what they are added to is float64
      refined_relative_defocus: float64Text(relativeDefocusA + Math.fround(defocusOffsetA)),
      refined_pixel_size: float64Text(pixelSizeA + Math.fround(pixelSizeOffsetsA[pixelSize])),
      ...more?.(results[i], i),
    };
  });
  return { columns: ["", ...all], rows };
}

function positionCells(
  row: CsvTable["rows"][number],
  { shiftX, shiftY }: RefinedParticle,
  hasRefinedPositions: boolean,
): Record<string, string> {
  const pixelSizeA = Number(row.pixel_size);
  return Object.fromEntries(
    POSITIONS.map((name) => {
      const text = row[hasRefinedPositions ? `refined_${name}` : name];
      const shift = name.includes("_x") ? shiftX : shiftY;
      const value = Number(text) + (name.endsWith("angstrom") ? shift * pixelSizeA : shift);
      const isWhole = Number.isInteger(value) && /^\s*-?\d+\s*$/.test(text);
      return [`refined_${name}`, isWhole ? String(value) : float64Text(value)];
    }),
  );
}
