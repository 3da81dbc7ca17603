/** A column of RELION and the columns of a particle table that hold the same text, the best first. */
type SameColumn = readonly [relion: string, ...ours: string[]];

/**
 * What a row of RELION's particles says as ours does. Positions are pixels of the micrograph from 0 at the middle of its first
 * pixel, of the particle's centre; rot, tilt and psi are phi, theta and psi (intrinsic ZYZ, degrees): RELION's matrix is the
 * transpose of ours, which takes the reference to the particle, so both cut the same slice. RELION knows no refined columns
 * beside others: the refined value is the particle's.
 */
export const SAME_COLUMNS: readonly SameColumn[] = [
  ["rlnCoordinateX", "refined_pos_x_img", "pos_x_img"],
  ["rlnCoordinateY", "refined_pos_y_img", "pos_y_img"],
  ["rlnAngleRot", "refined_phi", "phi"],
  ["rlnAngleTilt", "refined_theta", "theta"],
  ["rlnAnglePsi", "refined_psi", "psi"],
  ["rlnDefocusAngle", "astigmatism_angle"],
  ["rlnPhaseShift", "phase_shift"],
  ["rlnCtfBfactor", "ctf_B_factor"],
  ["rlnMicrographName", "micrograph_path"],
  ["rlnAutopickFigureOfMerit", "refined_scaled_mip", "scaled_mip"],
];

/** The same of a group of particles that share their optics: kV, mm, share of amplitude contrast. */
export const SAME_OPTICS: readonly SameColumn[] = [
  ["rlnVoltage", "voltage"],
  ["rlnSphericalAberration", "spherical_aberration"],
  ["rlnAmplitudeContrast", "amplitude_contrast_ratio"],
];

/** Names of the pixel size in Å; later versions of RELION want all of them. */
export const PIXEL_SIZES = ["rlnMicrographPixelSize", "rlnMicrographOriginalPixelSize", "rlnImagePixelSize"];

/**
 * The same in the order in which they tell the micrograph's: the extracted images have its pixels unless they were scaled down, while the
 * "original" ones are those of the movie before binning.
 */
export const MICROGRAPH_PIXEL_SIZES = [
  "rlnMicrographPixelSize",
  "rlnImagePixelSize",
  "rlnMicrographOriginalPixelSize",
];

/** RELION's defocus is that of the particle, ours that of the micrograph and the particle's difference. */
export const DEFOCUS_COLUMNS = [
  ["rlnDefocusU", "defocus_u"],
  ["rlnDefocusV", "defocus_v"],
] as const;

export const RELATIVE_DEFOCUS = ["refined_relative_defocus", "relative_defocus"];

/** Block with the names of the table's columns in order, and its one value. */
export const OWN_BLOCK = "vitrine";
export const OWN_COLUMNS = "vitrine_columns";

/** Columns that RELION does not know begin with this. */
const OWN_PREFIX = "vitrine_";

/** Columns of a table that belong to its optics groups. */
export const OPTICS_PREFIX = "optics.";

/** How groups of optics are called that have no name of their own: as RELION's import calls its first. */
export function opticsGroupName(group: number): string {
  return `opticsGroup${group}`;
}

/** RELION's own columns that a table came with keep their names. */
export const RELION_PREFIX = "rln";

/** A column without a name, as pandas writes its numbers of rows: what no name encodes to. */
const NAMELESS = `${OWN_PREFIX}%unnamed`;

/** The name in a STAR file of a column that RELION does not know. */
export function ownColumn(name: string): string {
  return name === "" ? NAMELESS : OWN_PREFIX + encodeURIComponent(name);
}

/** The column of which this is the name in a STAR file; undefined for names of others. */
export function columnOfOwn(name: string): string | undefined {
  if (name === NAMELESS) return "";
  if (!name.startsWith(OWN_PREFIX)) return undefined;
  try {
    return decodeURIComponent(name.slice(OWN_PREFIX.length));
  } catch {
    return undefined; // not written by ownColumn
  }
}
