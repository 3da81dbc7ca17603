import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shape2 } from "../../src/core/index.ts";
import { formatCsv, formatMrc } from "../../src/io/index.ts";
import { PARTICLE_COLUMNS, type PlantedParticle } from "../../src/match/index.ts";
import type { OpticsParameters } from "../../src/optics/index.ts";

/** A microscope near focus, where a few dozen pixels hold all that a particle scatters. */
export const NEAR_FOCUS: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  defocusUA: 6000,
  defocusVA: 5800,
  astigmatismAngleDeg: 30,
};

/** The search whose table is made up. */
export interface PlantedSearch {
  /** Where `image.mrc`, `mean.mrc` and `deviation.mrc` are. */
  readonly folder: string;
  readonly optics: OpticsParameters;
  readonly pixelSizeA: number;
  /** Side of the template. */
  readonly boxSize: number;
}

/** The table, in the peer's columns, of a search that has found particles as they were planted; best first. */
export function plantedTable(
  particles: readonly PlantedParticle[],
  { folder, optics, pixelSizeA, boxSize }: PlantedSearch,
): string {
  const rows = particles.map(({ posX, posY, phiDeg, thetaDeg, psiDeg, relativeDefocusA }, i) => ({
    ...Object.fromEntries(PARTICLE_COLUMNS.map((column) => [column, ""])),
    particle_index: i,
    scaled_mip: 20 - i,
    pos_x: posX,
    pos_y: posY,
    pos_x_img: posX + boxSize / 2,
    pos_y_img: posY + boxSize / 2,
    pos_x_img_angstrom: (posX + boxSize / 2) * pixelSizeA,
    pos_y_img_angstrom: (posY + boxSize / 2) * pixelSizeA,
    phi: phiDeg,
    theta: thetaDeg,
    psi: psiDeg,
    relative_defocus: relativeDefocusA,
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
  }));
  return formatCsv(PARTICLE_COLUMNS, rows);
}

/** Writes `image.mrc` and the maps of a search of it, `mean.mrc` and `deviation.mrc`, each of one value. */
export function writePlantedMaps(
  { folder, pixelSizeA, boxSize }: PlantedSearch,
  image: { readonly data: Float32Array; readonly shape: Shape2 },
  values: { readonly mean: number; readonly deviation: number } = { mean: 0, deviation: 1 },
): void {
  const write = (name: string, data: Float32Array, shape: Shape2) =>
    writeFileSync(join(folder, `${name}.mrc`), formatMrc({ data, shape, voxelSizeA: pixelSizeA }));
  write("image", image.data, image.shape);
  const shape = [image.shape[0] - boxSize + 1, image.shape[1] - boxSize + 1] as const;
  for (const [name, value] of Object.entries(values))
    write(name, new Float32Array(shape[0] * shape[1]).fill(value), shape);
}
