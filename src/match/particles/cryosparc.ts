import { type Matrix3, multiplyMatrices, VitrineError, zyzFromMatrix } from "../../core/index.ts";
import type { NpyRecords } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { rotationFromVector } from "../kernels/index.ts";
import type { ParticleColumns } from "./particlesToStar.ts";
import { float64Text } from "./pythonText.ts";

type Texts = (row: number) => string;

const DEG = 180 / Math.PI;

/** How records of cryoSPARC become a table. */
export interface CryosparcOptions {
  /** Count y from the last row, as micrographs of MotionCor2 and RELION need it (default false: those of cryoSPARC). */
  readonly invertY?: boolean;
  readonly templateSize?: number;
  /** Å, of the micrographs: instead of what the file says. */
  readonly pixelSizeA?: number;
  readonly onLog?: Log;
}

/**
 * The particles of a `.cs` file of cryoSPARC as columns of a table: places (a share of the micrograph's sides, less the shift that
 * alignment found), poses, defocus and microscope as far as the file has them.
 *
 * A pose is a rotation vector (radians) whose matrix takes the reference to the particle, as ours does: RELION's is its transpose. Shifts
 * are pixels of the particle's image and are subtracted, as RELION's origins.
 *
 * @throws {VitrineError} missing: no places, with what to do; undeterminable: no pixel size of the micrographs
 *
 * Source: pyem (Asarnow, Palovcak, Cheng 2019), geom and metadata; cryoDRGN's parse_pose_csparc.
 */
export function cryosparcColumns(records: NpyRecords, options: CryosparcOptions = {}): ParticleColumns {
  const { rows, name: at } = records;
  requireFields(records, ["location/center_x_frac", "location/center_y_frac", "location/micrograph_shape"]);
  const columns = new Map<string, Texts>([["particle_index", String]]);
  const pixelSize = pixelSizeOf(records, options);
  for (const [axis, side] of [
    ["x", 1],
    ["y", 0],
  ] as const) {
    const position = positionOf(records, { axis, side, pixelSize, invertY: options.invertY ?? false });
    const { templateSize } = options;
    if (templateSize !== undefined)
      columns.set(`pos_${axis}`, (row) => float64Text(position(row) - Math.floor(templateSize / 2)));
    columns.set(`pos_${axis}_img`, (row) => float64Text(position(row)));
    columns.set(`pos_${axis}_img_angstrom`, (row) => float64Text(position(row) * pixelSize(row)));
  }
  addPose(records, columns, options.invertY ?? false);
  addCtf(records, columns, options.invertY ?? false);
  columns.set("pixel_size", (row) => float64Text(pixelSize(row)));
  columns.set("micrograph_path", (row) => plainPath(records.text(row, "location/micrograph_path")));
  if (records.has("uid")) columns.set("cryosparc_uid", (row) => records.text(row, "uid"));
  if (!options.invertY)
    options.onLog?.(
      `${at}: y is counted as in cryoSPARC's own micrographs; --invert-y counts it from the other side, as those of MotionCor2 and RELION need it`,
      "warning",
    );
  return { rows, columns };
}

/** What cryoSPARC writes before paths of files that it imported goes. */
export function plainPath(path: string): string {
  return path.replace(/^>/, "");
}

/** Defocus and microscope as fields of records, in our units; what is absent is left out. */
export const CS_CTF = [
  ["defocus_u", "ctf/df1_A", 1],
  ["defocus_v", "ctf/df2_A", 1],
  ["astigmatism_angle", "ctf/df_angle_rad", DEG],
  ["voltage", "ctf/accel_kv", 1],
  ["spherical_aberration", "ctf/cs_mm", 1],
  ["amplitude_contrast_ratio", "ctf/amp_contrast", 1],
  ["phase_shift", "ctf/phase_shift_rad", DEG],
] as const;

function addCtf(records: NpyRecords, columns: Map<string, Texts>, invertY: boolean): void {
  for (const [column, field, factor] of CS_CTF) {
    if (!records.has(field)) continue;
    const sign = column === "astigmatism_angle" && invertY ? -1 : 1;
    columns.set(column, (row) => float64Text(plain(records.number(row, field) * factor * sign)));
  }
  if (columns.has("defocus_u")) columns.set("relative_defocus", () => "0.0");
}

/** Turned half about x: the projection of a particle so turned is its image with y the other way. */
const Y_INVERTED: Matrix3 = [1, 0, 0, 0, -1, 0, 0, 0, -1];

function addPose(records: NpyRecords, columns: Map<string, Texts>, invertY: boolean): void {
  if (!records.has("alignments3D/pose")) return;
  const angles = [
    new Float64Array(records.rows),
    new Float64Array(records.rows),
    new Float64Array(records.rows),
  ];
  for (let row = 0; row < records.rows; row++) {
    const component = (i: number) => records.number(row, "alignments3D/pose", i);
    const rotation = rotationFromVector([component(0), component(1), component(2)]);
    const { phiDeg, thetaDeg, psiDeg } = zyzFromMatrix(
      invertY ? multiplyMatrices(Y_INVERTED, rotation) : rotation,
    );
    angles[0][row] = phiDeg;
    angles[1][row] = thetaDeg;
    angles[2][row] = psiDeg;
  }
  for (const [i, name] of ["phi", "theta", "psi"].entries())
    columns.set(name, (row) => float64Text(plain(angles[i][row])));
}

interface Place {
  readonly axis: "x" | "y";
  /** Of the micrograph's shape, rows first. */
  readonly side: 0 | 1;
  readonly pixelSize: (row: number) => number;
  readonly invertY: boolean;
}

function positionOf(records: NpyRecords, { axis, side, pixelSize, invertY }: Place): (row: number) => number {
  const hasShift = records.has("alignments3D/shift");
  const shiftSize = ["alignments3D/psize_A", "blob/psize_A"].find((field) => records.has(field));
  return (row) => {
    const length = records.number(row, "location/micrograph_shape", side);
    const centre = records.number(row, `location/center_${axis}_frac`) * length;
    const scale = shiftSize === undefined ? 1 : records.number(row, shiftSize) / pixelSize(row);
    const position = centre - (hasShift ? records.number(row, "alignments3D/shift", 1 - side) * scale : 0);
    return plain(axis === "y" && invertY ? length - 1 - position : position);
  };
}

function pixelSizeOf(records: NpyRecords, { pixelSizeA }: CryosparcOptions): (row: number) => number {
  if (pixelSizeA !== undefined) return () => pixelSizeA;
  const known = ["location/micrograph_psize_A", "micrograph_blob/psize_A", "blob/psize_A"];
  const field = known.find((name) => records.has(name));
  if (field !== undefined) return (row) => plain(records.number(row, field));
  throw new VitrineError({
    code: "undeterminable",
    at: records.name,
    expected: `the pixel size of the micrographs in ${known.join(" or ")}`,
    found: "none",
    hint: "Say it with --pixel-size",
  });
}

/** Seven digits: those of float32. */
function plain(value: number): number {
  return Number(value.toPrecision(7));
}

function requireFields(records: NpyRecords, fields: readonly string[]): void {
  const absent = fields.find((field) => !records.has(field));
  if (absent === undefined) return;
  throw new VitrineError({
    code: "missing",
    at: records.name,
    expected: `places of particles, a field ${absent}`,
    found: records.fields.join(", "),
    hint: "Take the job's passthrough file, or export the particles of an Extract From Micrographs job",
  });
}
