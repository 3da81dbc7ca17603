import { VitrineError } from "../../core/index.ts";
import { type StarFile, type StarTable, starTables } from "../../io/index.ts";
import { PARTICLE_COLUMNS } from "./particles.ts";
import type { ParticleColumns } from "./particlesToStar.ts";
import { float64Text } from "./pythonText.ts";

type Texts = (row: number) => string;

/** cisTEM's columns that say the same as ours; its Euler angles are RELION's, which are ours. */
const SAME = [
  ["phi", "cisTEMAnglePhi"],
  ["theta", "cisTEMAngleTheta"],
  ["psi", "cisTEMAnglePsi"],
  ["defocus_u", "cisTEMDefocus1"],
  ["defocus_v", "cisTEMDefocus2"],
  ["astigmatism_angle", "cisTEMDefocusAngle"],
  ["voltage", "cisTEMMicroscopeVoltagekV"],
  ["spherical_aberration", "cisTEMMicroscopeCsMM"],
  ["amplitude_contrast_ratio", "cisTEMAmplitudeContrast"],
  ["micrograph_path", "cisTEMOriginalImageFilename"],
] as const;

const POSITION = { x: "cisTEMOriginalXPosition", y: "cisTEMOriginalYPosition" } as const;
const SHIFT = { x: "cisTEMXShift", y: "cisTEMYShift" } as const;
const DEG = 180 / Math.PI;

/** How cisTEM's particles become a table. */
export interface CistemOptions {
  readonly templateSize?: number;
  /** Å, of the micrographs: instead of what the file says. */
  readonly pixelSizeA?: number;
}

/** The table of cisTEM's particles in a STAR file; undefined where it is another program's. */
export function cistemTable(file: StarFile): StarTable | undefined {
  return file.blocks
    .flatMap(starTables)
    .find(({ columns }) => columns.some((name) => name.startsWith("cisTEM")));
}

/**
 * The particles of a STAR file of cisTEM (a package of template matches, or a refinement's with positions) as columns of a table: positions
 * are Å of the micrograph to the particle's centre, shifts Å that lead from there to it, phase shifts radians; the defocus is the particle's own.
 * Other columns keep their names.
 *
 * @throws {VitrineError} missing: no positions, no pixel size; format: a cell that is no number
 *
 * Source: cisTEM, cistem_parameters.cpp; NewTemplateMatchesPackageWizard.cpp and particle.cpp for what positions and shifts mean.
 */
export function cistemColumns(table: StarTable, at: string, options: CistemOptions = {}): ParticleColumns {
  const columns = new Map<string, Texts>([["particle_index", String]]);
  const sizes = pixelSizes(table, at, options);
  for (const axis of ["x", "y"] as const) {
    const centre = centresA(table, at, axis);
    const pixels = (row: number) => rounded(centre(row) / sizes(row));
    const { templateSize } = options;
    if (templateSize !== undefined)
      columns.set(`pos_${axis}`, (row) => float64Text(pixels(row) - Math.floor(templateSize / 2)));
    columns.set(`pos_${axis}_img`, (row) => float64Text(pixels(row)));
    columns.set(`pos_${axis}_img_angstrom`, (row) => float64Text(centre(row)));
  }
  for (const [ours, theirs] of SAME)
    if (table.has(theirs)) columns.set(ours, (row) => table.value(row, theirs));
  if (table.has("cisTEMPhaseShift")) {
    const phases = table.numbers("cisTEMPhaseShift");
    columns.set("phase_shift", (row) => float64Text(rounded(phases[row] * DEG)));
  }
  // of a search the score is the z-score
  const isSearch = table.has("cisTEMScore") && !table.has("cisTEMLogP");
  if (isSearch) columns.set("scaled_mip", (row) => table.value(row, "cisTEMScore"));
  columns.set("relative_defocus", () => "0.0");
  columns.set("pixel_size", (row) => float64Text(sizes(row)));
  const used = new Set<string>([
    ...SAME.map(([, theirs]) => theirs),
    ...[...Object.values(POSITION), ...Object.values(SHIFT), "cisTEMPixelSize", "cisTEMPhaseShift"],
    ...(isSearch ? ["cisTEMScore"] : []),
  ]);
  const known = PARTICLE_COLUMNS.flatMap((name) => {
    const texts = columns.get(name);
    return texts === undefined ? [] : [[name, texts] as const];
  });
  const others = table.columns.filter((name) => !used.has(name));
  const kept = others.map((name) => [name, (row: number) => table.value(row, name)] as const);
  return { rows: table.rows, columns: new Map<string, Texts>([...known, ...kept]) };
}

function centresA(table: StarTable, at: string, axis: "x" | "y"): (row: number) => number {
  if (!table.has(POSITION[axis])) {
    const hint = "Export a package of template matches, or particles with their original positions";
    const [expected, found] = [
      `positions in micrographs, a column ${POSITION[axis]}`,
      table.columns.join(", "),
    ];
    throw new VitrineError({ code: "missing", at, expected, found, hint });
  }
  const positions = table.numbers(POSITION[axis]);
  const shifts = table.has(SHIFT[axis]) ? table.numbers(SHIFT[axis]) : undefined;
  return (row) => positions[row] + (shifts?.[row] ?? 0);
}

function pixelSizes(table: StarTable, at: string, { pixelSizeA }: CistemOptions): (row: number) => number {
  if (pixelSizeA !== undefined) return () => pixelSizeA;
  const sizes = table.has("cisTEMPixelSize") ? table.numbers("cisTEMPixelSize") : undefined;
  if (sizes?.every((size) => size > 0)) return (row) => sizes[row];
  const [expected, found] = ["the pixel size of the micrographs in cisTEMPixelSize", sizes ? "0" : "none"];
  throw new VitrineError({ code: "undeterminable", at, expected, found, hint: "Say it with --pixel-size" });
}

/** Ten digits: cisTEM writes fewer. */
function rounded(value: number): number {
  return Number(value.toPrecision(10));
}
