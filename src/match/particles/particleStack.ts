import { type EulerZyz, requireKnownOptions, VitrineError } from "../../core/index.ts";
import {
  type CsvTable,
  type FileKind,
  identifyFile,
  kindOfContent,
  kindWords,
  type OptionKeys,
  parseCsv,
  readStar,
  readText,
} from "../../io/index.ts";
import type { EvenZernikes, OddZernikes, OpticsParameters } from "../../optics/index.ts";
import type { Log } from "../../program/index.ts";
import type { OpticsEffects } from "../config/opticsEffects.ts";
import { cryosparcColumns } from "./cryosparc.ts";
import { readCryosparc } from "./cryosparcFiles.ts";
import { readParticlesHdf5 } from "./hdf5Particles.ts";
import { type MicrographFile, withMicrographs } from "./micrographFiles.ts";
import { PARTICLE_COLUMNS } from "./particles.ts";
import { rowsOf } from "./particlesToStar.ts";
import { projectPath } from "./projectPath.ts";
import { starToParticles } from "./starToParticles.ts";
import { Cells, toNumber } from "./tableCells.ts";
import { tellUnusedOptics } from "./unusedOptics.ts";

/** One particle of a table. Where the table is of a refinement, its refined values are taken. */
export interface StackParticle extends EulerZyz {
  /** How messages call it: file and row. */
  readonly at: string;
  /** Top-left corner of the template in the micrograph, pixels. */
  readonly posX: number;
  readonly posY: number;
  /** Defocus without `relativeDefocusA`. */
  readonly optics: OpticsParameters;
  readonly relativeDefocusA: number;
  /** As fitted for this particle. */
  readonly pixelSizeA: number;
  readonly micrographPath: string;
  /** Of the search's correlations; empty where the table is of no search. */
  readonly correlationAveragePath: string;
  readonly correlationVariancePath: string;
}

/** What tables of other programs do not say, or say of something else. */
export interface ForeignTableOptions {
  /**
   * Count y of cryoSPARC's particles from the last row, as micrographs of MotionCor2 and RELION need it; default false: as in cryoSPARC's own.
   */
  readonly invertY?: boolean;
  /** Å, of the micrographs: in place of what a file of RELION or cryoSPARC says. */
  readonly pixelSizeA?: number;
}

/** The keys of {@link ForeignTableOptions}. */
export const FOREIGN_KEYS: OptionKeys<ForeignTableOptions> = { invertY: true, pixelSizeA: true };

/** Of options of any kind, those about tables of other programs. */
export function foreignOptions({ invertY, pixelSizeA }: ForeignTableOptions): ForeignTableOptions {
  return { ...(invertY !== undefined && { invertY }), ...(pixelSizeA !== undefined && { pixelSizeA }) };
}

/** How a table of particles is read. */
export interface ParticleReading extends ForeignTableOptions {
  /** Only the particles of these, which lie there, with the optics that they tell. */
  readonly micrographs?: readonly MicrographFile[];
  /** Side of the template's box, pixels: tells the corners of templates where a table of another program does not. */
  readonly templateSize?: number;
  /** Whether a table of another program may tell no angles, which are NaN then: for programs that do not need them; default false. */
  readonly posesMayMiss?: boolean;
  /** Find the micrographs of another program's table, which are relative to its project's folder; default false. */
  readonly findsMicrographs?: boolean;
  readonly onLog?: Log | undefined;
}

const READING_KEYS: OptionKeys<ParticleReading> = {
  ...FOREIGN_KEYS,
  micrographs: true,
  templateSize: true,
  posesMayMiss: true,
  findsMicrographs: true,
  onLog: true,
};

/** A table of particles and what its rows mean. */
export interface ParticleStack {
  readonly path: string;
  readonly table: CsvTable;
  readonly particles: readonly StackParticle[];
  /** Whether positions are those of an earlier refinement. */
  readonly hasRefinedPositions: boolean;
}

/**
 * Reads a particle table of Leopard-EM, CSV or 1.3's HDF5: one of a search (39 columns) or of a refinement, whose refined
 * positions, angles, defocus and pixel size then count; or the particles of RELION, cisTEM or cryoSPARC, as `convert` reads them, for
 * which `templateSize` must be told, and which name no maps of a search.
 *
 * @param effects  optics of all its particles beside those of the columns
 * @throws {VitrineError} missing: no such file, a column or a value; format: not CSV; type: text where a number should be;
 *   each names file, row and column; as `withMicrographs`
 */
export async function readParticleStack(
  path: string,
  effects: KnownEffects = {},
  reading: ParticleReading = {},
): Promise<ParticleStack> {
  requireKnownOptions("readParticleStack", reading, READING_KEYS);
  const { table, isForeign } = await readRows(path, reading);
  const { columns, rows } = table;
  const cells = { rows: rows.length, text: (row: number, name: string) => rows[row][name], at: path };
  if (isForeign) tellUnusedOptics(columns, cells, reading.onLog);
  if (!isForeign || reading.templateSize === undefined) return stackOfTable(table, path, { effects });
  return atProjectPaths(stackOfForeign(table, path, { effects }), reading);
}

/**
 * Reads where particles are and how they lie, as {@link readParticleStack}, for programs that need neither the maps of a search
 * nor the corner of its template: `posX` and `posY` are NaN, and paths empty, where a table of another program does not tell them.
 */
export async function readParticlePlaces(
  path: string,
  reading: ParticleReading = {},
): Promise<ParticleStack> {
  requireKnownOptions("readParticlePlaces", reading, READING_KEYS);
  const { table, isForeign } = await readRows(path, reading);
  if (!isForeign) return stackOfTable(table, path);
  const stack = stackOfForeign(table, path, { posesMayMiss: reading.posesMayMiss ?? false });
  return reading.findsMicrographs === true ? atProjectPaths(stack, reading) : stack;
}

/** Files of other programs name micrographs relative to their project's folder. @throws {VitrineError} missing: as `projectPath` */
async function atProjectPaths(
  stack: ParticleStack,
  { micrographs }: Pick<ParticleReading, "micrographs">,
): Promise<ParticleStack> {
  if (micrographs !== undefined) return stack; // these say where they lie
  const paths = new Map<string, string>();
  for (const { micrographPath, at } of stack.particles)
    if (!paths.has(micrographPath))
      paths.set(micrographPath, await projectPath(micrographPath, stack.path, at));
  const particles = stack.particles.map((one) => ({
    ...one,
    micrographPath: paths.get(one.micrographPath) ?? one.micrographPath,
  }));
  return { ...stack, particles };
}

/** A table of another program, with what it does not tell as far as that can be said. */
function stackOfForeign(
  table: CsvTable,
  path: string,
  { effects = {}, posesMayMiss = false }: { effects?: KnownEffects; posesMayMiss?: boolean },
): ParticleStack {
  const has = (...columns: readonly string[]) => columns.every((column) => table.columns.includes(column));
  const stack = stackOfTable(filled(table), path, {
    effects,
    hasPoses: !posesMayMiss || has("phi", "theta", "psi"),
    hasCorners: has("pos_x", "pos_y"),
    hasMaps: has("correlation_average_path", "correlation_variance_path"),
  });
  return { ...stack, table }; // what is written from it has no columns of nothing
}

function filled(table: CsvTable): CsvTable {
  const absent = PARTICLE_COLUMNS.filter((column) => !table.columns.includes(column));
  const cells = Object.fromEntries(absent.map((column) => [column, UNKNOWN[column] ?? ""]));
  return { columns: [...table.columns, ...absent], rows: table.rows.map((row) => ({ ...row, ...cells })) };
}

async function readRows(path: string, { micrographs, onLog, ...options }: ParticleReading) {
  const kind = await identifyFile(path);
  const table = await readTableOf(kind, path, { ...options, onLog });
  const chosen = micrographs === undefined ? table : withMicrographs(table, micrographs, { at: path, onLog });
  return { table: chosen, isForeign: kind === "star" || kind === "cryosparc" };
}

/** What a particle has of which its table says nothing. */
const UNKNOWN: Readonly<Record<string, string>> = {
  relative_defocus: "0.0",
  ctf_B_factor: "0.0",
  phase_shift: "0.0",
};

/** Particles' centres in pixels, refined where they are. */
export function centresOf(stack: ParticleStack): { readonly y: number; readonly x: number }[] {
  const { y, x } = centreColumns(stack);
  return stack.table.rows.map((row) => ({ y: Number(row[y]), x: Number(row[x]) }));
}

/** The columns that say where particles' centres lie. */
export function centreColumns({ hasRefinedPositions }: ParticleStack) {
  const prefix = hasRefinedPositions ? "refined_pos" : "pos";
  return { y: `${prefix}_y_img`, x: `${prefix}_x_img` } as const;
}

/** The rows of a particle table as text: CSV, HDF5, or STAR in the same columns. @throws {VitrineError} as {@link readParticleStack}, but for columns and values */
export async function readParticleTable(path: string): Promise<CsvTable> {
  return readTableOf(await identifyFile(path), path);
}

async function readTableOf(
  kind: FileKind,
  path: string,
  reading: Omit<ParticleReading, "micrographs"> = {},
): Promise<CsvTable> {
  const { templateSize, onLog } = reading;
  const given = foreignOptions(reading);
  tellIdle(kind, { at: path, given, onLog });
  const { invertY, ...both } = {
    ...given,
    ...(templateSize !== undefined && { templateSize }),
    ...(onLog && { onLog }),
  };
  if (kind === "hdf5") return readParticlesHdf5(path);
  if (kind === "star") return starToParticles(await readStar(path), both);
  if (kind === "cryosparc")
    return rowsOf(
      cryosparcColumns(await readCryosparc(path, onLog), { ...both, ...(invertY && { invertY }) }),
    );
  if (kind !== "csv" && kind !== "text") throw noTable(kind, path);
  const text = await readText(path);
  const content = kindOfContent(new TextEncoder().encode(text.slice(0, 4096)));
  if (content !== "text") throw noTable(content, path);
  return parseCsv(text, path);
}

/** Says which of these options a table does not need. */
function tellIdle(
  kind: FileKind,
  {
    at,
    given,
    onLog,
  }: { readonly at: string; readonly given: ForeignTableOptions; readonly onLog: Log | undefined },
): void {
  if (given.invertY && kind !== "cryosparc")
    onLog?.(`--invert-y has no effect on ${at}, which is no .cs of cryoSPARC`, "warning");
  if (given.pixelSizeA !== undefined && kind !== "cryosparc" && kind !== "star")
    onLog?.(`--pixel-size has no effect on ${at}, whose rows have their own`, "warning");
}

/** What is no table is called by its kind. */
function noTable(kind: FileKind, at: string): VitrineError {
  const hint =
    "Give the table of a search or of a refinement (.csv), or particles as STAR or cryoSPARC's .cs";
  const expected = "particles as a CSV, STAR, .cs or HDF5 file";
  return new VitrineError({ code: "format", at, expected, found: kindWords(kind), hint });
}

/** A table's file and the images that its particles are refined from. */
export function stackFiles({ path, particles }: ParticleStack): string[] {
  const images = particles.flatMap(({ micrographPath, correlationAveragePath, correlationVariancePath }) => [
    micrographPath,
    correlationAveragePath,
    correlationVariancePath,
  ]);
  return [path, ...new Set(images.filter((image) => image !== ""))];
}

/** Optics that a table does not tell, its MTF read. */
export type KnownEffects = Omit<OpticsEffects, "mtfFile">;

/** As {@link readParticleStack} from the text of the file. @param at  how messages call the file */
export function parseParticleStack(text: string, at: string, effects: KnownEffects = {}): ParticleStack {
  return stackOfTable(parseCsv(text, at), at, { effects });
}

interface StackOptions {
  readonly effects?: KnownEffects;
  /** Whether it tells corners of templates, and maps of a search; default true. */
  readonly hasCorners?: boolean;
  readonly hasMaps?: boolean;
  /** Whether it tells angles; default true. */
  readonly hasPoses?: boolean;
}

function stackOfTable(
  table: CsvTable,
  at: string,
  { effects = {}, hasCorners = true, hasMaps = true, hasPoses = true }: StackOptions = {},
): ParticleStack {
  const absent = PARTICLE_COLUMNS.filter((column) => !table.columns.includes(column));
  if (absent.length > 0) {
    throw new VitrineError({
      code: "missing",
      at,
      expected: `the columns of a particle table, among them ${absent.slice(0, 3).join(", ")}`,
      found: table.columns.length === 1 ? "a text without columns" : `${table.columns.length} others`,
      hint: "Give the table of a search or of a refinement (.csv), or particles as STAR",
    });
  }
  const choice = chooseColumns(table);
  const particles = table.rows.map((row, i) => {
    const cells = new Cells(row, `${at} row ${i + 1}`);
    const corner = hasCorners ? toCorner(cells, choice) : NO_CORNER;
    const pose = hasPoses ? toPose(cells, choice) : NO_POSE;
    const particle = {
      ...toPlace(cells, choice),
      ...pose,
      ...corner,
      ...(hasMaps ? toMaps(cells) : NO_MAPS),
    };
    return { ...particle, optics: { ...particle.optics, ...effects } };
  });
  const hasRefinedPositions = choice.posX === "refined_pos_x" && choice.posY === "refined_pos_y";
  return { path: at, table, particles, hasRefinedPositions };
}

/** Which column each quantity comes from. */
function chooseColumns({ columns, rows }: CsvTable) {
  const has = (name: string) => columns.includes(`refined_${name}`);
  const isWhole = (name: string) =>
    has(name) && rows.every((row) => Number.isFinite(toNumber(row[`refined_${name}`])));
  const one = (name: string, refined: boolean) => (refined ? `refined_${name}` : name);
  const angles = ["phi", "theta", "psi"].every(has);
  return {
    posX: one("pos_x", has("pos_x")),
    posY: one("pos_y", has("pos_y")),
    phi: one("phi", angles),
    theta: one("theta", angles),
    psi: one("psi", angles),
    relativeDefocus: one("relative_defocus", isWhole("relative_defocus")),
    pixelSize: one("pixel_size", isWhole("pixel_size")),
  };
}

type Choice = ReturnType<typeof chooseColumns>;

/** What a search alone tells of a particle: the corner of its template, and its maps. */
type Corner = Pick<StackParticle, "posX" | "posY">;
type Maps = Pick<StackParticle, "correlationAveragePath" | "correlationVariancePath">;

const NO_CORNER: Corner = { posX: Number.NaN, posY: Number.NaN };
const NO_MAPS: Maps = { correlationAveragePath: "", correlationVariancePath: "" };

function toCorner(cells: Cells, { posX, posY }: Choice): Corner {
  return { posX: cells.number(posX), posY: cells.number(posY) };
}

function toMaps(cells: Cells): Maps {
  return {
    correlationAveragePath: cells.text("correlation_average_path"),
    correlationVariancePath: cells.text("correlation_variance_path"),
  };
}

const NO_POSE: EulerZyz = { phiDeg: Number.NaN, thetaDeg: Number.NaN, psiDeg: Number.NaN };

function toPose(cells: Cells, { phi, theta, psi }: Choice): EulerZyz {
  return { phiDeg: cells.number(phi), thetaDeg: cells.number(theta), psiDeg: cells.number(psi) };
}

function toPlace(
  cells: Cells,
  choice: Choice,
): Omit<StackParticle, keyof Corner | keyof Maps | keyof EulerZyz> {
  return {
    at: cells.at,
    relativeDefocusA: cells.number(choice.relativeDefocus),
    pixelSizeA: cells.number(choice.pixelSize),
    optics: toOptics(cells),
    micrographPath: cells.text("micrograph_path"),
  };
}

function toOptics(cells: Cells): OpticsParameters {
  const even = cells.json<EvenZernikes>("even_zernikes");
  const odd = cells.json<OddZernikes>("odd_zernikes");
  const matrix = cells.matrix("mag_matrix");
  return {
    voltageKv: cells.number("voltage"),
    sphericalAberrationMm: cells.number("spherical_aberration"),
    amplitudeContrast: cells.number("amplitude_contrast_ratio"),
    phaseShiftDeg: cells.number("phase_shift"),
    bFactorA2: cells.number("ctf_B_factor"),
    defocusUA: cells.number("defocus_u"),
    defocusVA: cells.number("defocus_v"),
    astigmatismAngleDeg: cells.number("astigmatism_angle"),
    ...(even && { evenZernikes: even }),
    ...(odd && { oddZernikes: odd }),
    ...(matrix && { magnificationMatrix: matrix }),
  };
}
