import { type Matrix3, multiplyMatrices, VitrineError, zyzFromMatrix } from "../../core/index.ts";
import type { NpyRecords } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { rotationFromVector } from "../kernels/index.ts";
import type { ParticleColumns } from "./particlesToStar.ts";
import { float64Text } from "./pythonText.ts";
import { firstRow } from "./starPixels.ts";

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
 * alignment found), poses, defocus and microscope as far as the file has them. Of several classes a particle has the pose of its most
 * likely one.
 *
 * A pose is a rotation vector (radians) whose matrix takes the reference to the particle, as ours does: RELION's is its transpose. Shifts
 * are pixels of the particle's image and are subtracted, as RELION's origins.
 *
 * @throws {VitrineError} missing: no places, with what to do; undeterminable: no pixel size of the micrographs; range: a micrograph
 *   without pixels
 *
 * Source: pyem (Asarnow, Palovcak, Cheng 2019), geom and metadata; cryoDRGN's parse_pose_csparc.
 */
export function cryosparcColumns(records: NpyRecords, options: CryosparcOptions = {}): ParticleColumns {
  const { rows, name: at } = records;
  requireFields(records, ["location/center_x_frac", "location/center_y_frac", "location/micrograph_shape"]);
  checkPlaces(records, options.onLog);
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
  const alignment = alignmentOf(records);
  addPose(records, columns, { alignment, invertY: options.invertY ?? false });
  addCtf(records, columns, options.invertY ?? false);
  columns.set("pixel_size", (row) => float64Text(pixelSize(row)));
  columns.set("micrograph_path", (row) => plainPath(records.text(row, "location/micrograph_path")));
  if (records.has("uid")) columns.set("cryosparc_uid", (row) => records.text(row, "uid"));
  addRelions(records, columns, { ...options, alignment, pixelSize });
  tellAberrations(records, options.onLog);
  if (!options.invertY)
    options.onLog?.(
      `${at}: y is counted as in cryoSPARC's own micrographs; --invert-y counts it from the other side, as those of MotionCor2 and RELION need it`,
      "warning",
    );
  return { rows, columns };
}

/** What makes places wrong or less than the file tells. */
function checkPlaces(records: NpyRecords, onLog: Log | undefined): void {
  const { rows, name: at } = records;
  let outside = 0;
  for (let row = 0; row < rows; row++) {
    const sides = [0, 1].map((side) => records.number(row, "location/micrograph_shape", side));
    if (Math.min(...sides) < 1) throw noPixels(`${at} row ${row} location/micrograph_shape`, sides);
    const shares = ["x", "y"].map((axis) => records.number(row, `location/center_${axis}_frac`));
    if (!shares.every((share) => share >= 0 && share <= 1)) outside++;
  }
  if (outside > 0)
    onLog?.(
      `${at}: ${outside} of ${rows} particles lie outside their micrographs (location/center_x_frac or center_y_frac beyond 0 to 1)`,
      "warning",
    );
  if (alignmentOf(records) === undefined && records.has("alignments2D/pose"))
    onLog?.(
      `${at}: alignments2D (angle and shift of a 2D classification) are left out: places are those of picking`,
      "warning",
    );
}

function noPixels(at: string, sides: readonly number[]): VitrineError {
  return new VitrineError({ code: "range", at, expected: "sides of a micrograph", found: sides.join(" x ") });
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
  if (records.has("ctf/bfactor"))
    columns.set("ctf_B_factor", (row) => float64Text(plain(records.number(row, "ctf/bfactor"))));
  if (columns.has("defocus_u")) columns.set("relative_defocus", () => "0.0");
}

/** What RELION has columns for and our tables have not: images, halves, groups of exposures. */
function addRelions(
  records: NpyRecords,
  columns: Map<string, Texts>,
  {
    invertY,
    onLog,
    alignment,
    pixelSize,
  }: CryosparcOptions & {
    readonly alignment: Alignment | undefined;
    readonly pixelSize: (row: number) => number;
  },
): void {
  const hasImages = records.has("blob/path") && records.has("blob/idx");
  if (hasImages && invertY)
    onLog?.(
      `${records.name}: blob/path is left out: y of its images goes the other way than --invert-y counts`,
      "warning",
    );
  else if (hasImages) {
    columns.set("rlnImageName", (row) => {
      const section = String(records.number(row, "blob/idx") + 1).padStart(6, "0");
      return `${section}@${plainPath(records.text(row, "blob/path"))}`;
    });
    if (alignment !== undefined)
      for (const [axis, name] of ["rlnOriginXAngst", "rlnOriginYAngst"].entries())
        columns.set(name, (row) => float64Text(plain(alignment.shiftA(row, axis as 0 | 1, pixelSize(row)))));
    if (records.has("blob/psize_A"))
      columns.set("optics.rlnImagePixelSize", (row) =>
        float64Text(plain(records.number(row, "blob/psize_A"))),
      );
    if (records.has("blob/shape")) {
      columns.set("optics.rlnImageSize", (row) => String(records.number(row, "blob/shape", 0)));
      columns.set("optics.rlnImageDimensionality", () => "2");
    }
  }
  const split = "alignments3D/split";
  if (records.has(split)) columns.set("rlnRandomSubset", (row) => String(records.number(row, split) + 1));
  const group = "ctf/exp_group_id";
  if (!records.has(group)) return;
  const one = (row: number) => records.number(row, group) !== records.number(0, group);
  if (firstRow(records.rows, one) >= 0)
    columns.set("optics.rlnOpticsGroupName", (row) => `exposureGroup${records.number(row, group)}`);
}

/** Aberrations that a refinement found, for which there are fields of a configuration alone. */
const ABERRATIONS = ["ctf/tilt_A", "ctf/shift_A", "ctf/trefoil_A", "ctf/tetra_A", "ctf/anisomag"];

function tellAberrations(records: NpyRecords, onLog: Log | undefined): void {
  const found = ABERRATIONS.filter((field) => {
    if (!records.has(field)) return false;
    const indices = Array.from({ length: records.count(field) }, (_, i) => i);
    return firstRow(records.rows, (row) => indices.some((i) => records.number(row, field, i) !== 0)) >= 0;
  });
  if (found.length === 0) return;
  onLog?.(
    `${records.name}: ${found.join(", ")} ${found.length === 1 ? "is" : "are"} left out; optics_group has fields for some of cryoSPARC's aberrations`,
    "warning",
  );
}

/** Turned half about x: the projection of a particle so turned is its image with y the other way. */
const Y_INVERTED: Matrix3 = [1, 0, 0, 0, -1, 0, 0, 0, -1];

function addPose(
  records: NpyRecords,
  columns: Map<string, Texts>,
  { alignment, invertY }: { readonly alignment: Alignment | undefined; readonly invertY: boolean },
): void {
  if (alignment === undefined) return;
  const angles = [
    new Float64Array(records.rows),
    new Float64Array(records.rows),
    new Float64Array(records.rows),
  ];
  for (let row = 0; row < records.rows; row++) {
    const component = (i: number) => alignment.pose(row, i);
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
  const alignment = alignmentOf(records);
  return (row) => {
    const length = records.number(row, "location/micrograph_shape", side);
    const centre = records.number(row, `location/center_${axis}_frac`) * length;
    const shiftA = alignment?.shiftA(row, side === 1 ? 0 : 1, pixelSize(row)) ?? 0;
    const position = centre - shiftA / pixelSize(row);
    return plain(axis === "y" && invertY ? length - 1 - position : position);
  };
}

/** How the particles of a file were aligned. */
interface Alignment {
  /** A component of the rotation vector. */
  readonly pose: (row: number, component: number) => number;
  /** Along x (0) or y (1), Å; `pixelSizeA` where the file tells none of the shifts. */
  readonly shiftA: (row: number, axis: 0 | 1, pixelSizeA: number) => number;
}

/** Of a refinement; of a classification (4.5 on: lists in one field; before: fields of each class) the most likely class's. */
function alignmentOf(records: NpyRecords): Alignment | undefined {
  if (records.has("alignments3D/pose")) return alignmentAt(records, () => ["alignments3D", 0]);
  const lists = "alignments3D_multi";
  if (records.has(`${lists}/pose`) && records.has(`${lists}/class_posterior`)) {
    const classes = Array.from({ length: records.count(`${lists}/class_posterior`) }, (_, i) => i);
    const best = (row: number) =>
      mostLikely(classes, (one) => records.number(row, `${lists}/class_posterior`, one));
    return alignmentAt(records, (row) => [lists, best(row)]);
  }
  const groups = records.fields.flatMap((field) => /^(alignments_class_?\d+)\/pose$/.exec(field)?.[1] ?? []);
  if (groups.length === 0) return undefined;
  const posterior = (row: number, group: string) =>
    records.has(`${group}/class_posterior`) ? records.number(row, `${group}/class_posterior`) : 0;
  return alignmentAt(records, (row) => [mostLikely(groups, (group) => posterior(row, group)), 0]);
}

function mostLikely<T>(classes: readonly T[], likelihood: (one: T) => number): T {
  return classes.reduce((best, one) => (likelihood(one) > likelihood(best) ? one : best));
}

/** @param placeOf  of a row the group of fields, and which entry of their lists */
function alignmentAt(
  records: NpyRecords,
  placeOf: (row: number) => readonly [group: string, entry: number],
): Alignment {
  const sizeOf = (row: number, [group, entry]: readonly [string, number]) => {
    const own = `${group}/psize_A`;
    if (records.has(own)) return records.number(row, own, Math.min(entry, records.count(own) - 1));
    return records.has("blob/psize_A") ? records.number(row, "blob/psize_A") : undefined;
  };
  return {
    pose(row, component) {
      const [group, entry] = placeOf(row);
      return records.number(row, `${group}/pose`, 3 * entry + component);
    },
    shiftA(row, axis, pixelSizeA) {
      const [group, entry] = placeOf(row);
      if (!records.has(`${group}/shift`)) return 0;
      return (
        records.number(row, `${group}/shift`, 2 * entry + axis) * (sizeOf(row, [group, entry]) ?? pixelSizeA)
      );
    },
  };
}

function pixelSizeOf(records: NpyRecords, { pixelSizeA, onLog }: CryosparcOptions): (row: number) => number {
  if (pixelSizeA !== undefined) return () => pixelSizeA;
  const known = ["location/micrograph_psize_A", "micrograph_blob/psize_A", "blob/psize_A"];
  const field = known.find((name) => records.has(name));
  if (field === "blob/psize_A")
    onLog?.(
      `${records.name}: ${field} ${plain(records.number(0, field))}, that of the extracted images, is taken for the micrographs'; --pixel-size says another, if particles were scaled down`,
      "warning",
    );
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
    hint: "Put the job's passthrough file (J12_passthrough_particles.cs) beside it, or export the particles",
  });
}
