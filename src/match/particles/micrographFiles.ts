import { VitrineError } from "../../core/index.ts";
import type { CsvTable } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import type { CtfOptics } from "./micrographCtf.ts";
import { float64Text } from "./pythonText.ts";

/** A micrograph's file, and what a program that fitted its CTF tells of it. */
export interface MicrographFile {
  readonly path: string;
  readonly optics?: CtfOptics;
  /** What is implausible about its optics was told where its table was read. */
  readonly isLookedAt?: boolean;
}

/** The columns of a particle table that a CTF replaces. The pixel size is the table's, since positions are in it. */
const COLUMNS = {
  defocusUA: "defocus_u",
  defocusVA: "defocus_v",
  astigmatismAngleDeg: "astigmatism_angle",
  phaseShiftDeg: "phase_shift",
  voltageKv: "voltage",
  sphericalAberrationMm: "spherical_aberration",
  amplitudeContrast: "amplitude_contrast_ratio",
} as const satisfies Partial<Record<keyof CtfOptics, string>>;

/**
 * The particles of some micrographs: rows that name one of the files, by its name and as many of its folders as are there, with its path and its
 * optics in the place of the table's. The other rows are left out; files without a particle are told.
 *
 * @throws {VitrineError} missing: no particle is left, or no column of micrographs
 */
export function withMicrographs(
  table: CsvTable,
  files: readonly MicrographFile[],
  { at, onLog }: { readonly at: string; readonly onLog?: Log | undefined },
): CsvTable {
  if (!table.columns.includes("micrograph_path")) throw none(at, "a column micrograph_path", "none");
  const names = [...new Set(table.rows.map((row) => row.micrograph_path))];
  const fileOf = new Map(names.map((name) => [name, bestOf(files, name)]));
  const idle = files.filter((file) => ![...fileOf.values()].includes(file));
  if (idle.length > 0) onLog?.(`${at}: no particles in ${listed(idle.map(({ path }) => path))}`, "warning");
  warnOfPixelSizes(table, fileOf, { at, onLog });
  const rows = table.rows.flatMap((row) => {
    const file = fileOf.get(row.micrograph_path);
    return file === undefined ? [] : [{ ...row, ...cellsOf(file), micrograph_path: file.path }];
  });
  if (rows.length === 0)
    throw none(at, `particles of ${listed(files.map(({ path }) => path))}`, `those of ${listed(names)}`);
  const columns = [...new Set([...table.columns, ...files.flatMap((file) => Object.keys(cellsOf(file)))])];
  return { columns, rows };
}

/** Headers and tables round; a difference up to this is taken for that. */
const LARGEST_DIFFERENCE = 0.01;

/** A table's pixel size stays, since its positions are in it: one that differs is worth a word for each file. */
function warnOfPixelSizes(
  { rows }: CsvTable,
  fileOf: ReadonlyMap<string, MicrographFile | undefined>,
  { at, onLog }: { readonly at: string; readonly onLog?: Log | undefined },
): void {
  const told = new Set<MicrographFile>();
  for (const row of rows) {
    const file = fileOf.get(row.micrograph_path);
    const [own, other] = [Number(row.pixel_size), file?.optics?.pixelSizeA];
    if (file === undefined || other === undefined || told.has(file)) continue;
    if (!(Math.abs(other - own) > LARGEST_DIFFERENCE * own)) continue;
    told.add(file);
    onLog?.(`${file.path}: pixels of ${other} Å, not ${own} Å as in ${at}, which are used`, "warning");
  }
}

function cellsOf({ optics = {} }: MicrographFile): Readonly<Record<string, string>> {
  const cells = Object.entries(COLUMNS).flatMap(([field, column]) => {
    const value = optics[field as keyof typeof COLUMNS];
    return value === undefined ? [] : [[column, float64Text(value)] as const];
  });
  return Object.fromEntries(cells);
}

/** The file whose path has the most in common with a name, from its end; the file's name at least, without its extension. */
function bestOf(files: readonly MicrographFile[], name: string): MicrographFile | undefined {
  const same = files.filter(({ path }) => stemOf(path) === stemOf(name));
  return same.sort((a, b) => commonEnd(b.path, name) - commonEnd(a.path, name))[0];
}

function stemOf(path: string): string {
  return path.replace(/^.*[/\\]/s, "").replace(/(.)\.[^.]*$/s, "$1");
}

/** How many parts two paths have in common from their ends; the extension does not count. */
export function commonEnd(one: string, other: string): number {
  const [a, b] = [one, other].map((path) => path.split(/[/\\]/).reverse());
  const differing = a.findIndex((part, i) => i > 0 && part !== b[i]);
  return differing < 0 ? a.length : differing;
}

/** The first of many names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const most = 20;
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).join(", ")}${more}`;
}

function none(at: string, expected: string, found: string): VitrineError {
  const hint = "Micrographs are compared by their files' names";
  return new VitrineError({ code: "missing", at, expected, found, hint });
}
