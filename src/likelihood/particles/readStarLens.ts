import { VitrineError } from "../../core/index.ts";
import { type FileSource, readStar, type StarFile, type StarTable, starTable } from "../../io/index.ts";
import type { ImagePlaces, LensTable, ParticleAngles } from "./lensTable.ts";

/** How a STAR file is read. */
export interface StarLensOptions {
  /** Whether `rlnImageName` says where images lie; else the table comes with a stack. */
  readonly isIndexed: boolean;
  /** Default true. */
  readonly defocusAngleIsDegree?: boolean;
  /** Default true. */
  readonly phaseShiftIsDegree?: boolean;
}

/** A column of the particles, or of their optics group. */
interface Columns {
  readonly name: string;
  readonly rows: number;
  has(name: string): boolean;
  numbers(name: string): Float64Array;
  texts(name: string): string[];
}

/**
 * Reads lenses, and places of images, from a STAR file: RELION's with an optics block or one table of any name, with or without `rln` before names.
 *
 * @throws {VitrineError} missing: defoci, voltage or spherical aberration, or names of images; undeterminable: several voltages, aberrations,
 *   amplitude contrasts or pixel sizes in a table; format: cells that are no numbers; unsupported: other blocks; and the errors of `readStar`
 */
export async function readStarLens(source: FileSource, options: StarLensOptions): Promise<LensTable> {
  const columns = columnsOf(await readStar(source));
  const { isIndexed, defocusAngleIsDegree = true, phaseShiftIsDegree = true } = options;
  const warnings: string[] = [];
  const orElse = (name: string, value: number, what: string) => {
    if (columns.has(name)) return columns.numbers(name);
    warnings.push(`${columns.name}: no ${what} (rln${name}): ${value}`);
    return value;
  };
  const radians = (values: Float64Array, isDegree: boolean) =>
    isDegree ? values.map((angle) => angle * (Math.PI / 180)) : values;
  const phases = orElse("PhaseShift", 0, "phase shift");
  const contrast = orElse("AmplitudeContrast", 0.1, "amplitude contrast");
  return {
    name: columns.name,
    count: columns.rows,
    kind: "star",
    defocusUA: finite(columns, "DefocusU"),
    defocusVA: finite(columns, "DefocusV"),
    defocusAngleRad: radians(finite(columns, "DefocusAngle"), defocusAngleIsDegree),
    phaseShiftRad:
      typeof phases === "number" ? new Float64Array(columns.rows) : radians(phases, phaseShiftIsDegree),
    csMm: only(columns, "SphericalAberration"),
    voltageKv: only(columns, "Voltage"),
    amplitudeContrast: typeof contrast === "number" ? contrast : only(columns, "AmplitudeContrast"),
    angles: isIndexed ? anglesOf(columns) : null,
    bFactorA2: orElse("CtfBfactor", 0, "B-factor"),
    scale: orElse("CtfScalefactor", 1, "scale factor"),
    pixelSizeA: columns.has("ImagePixelSize") ? only(columns, "ImagePixelSize") : null,
    images: isIndexed ? placesOf(columns) : null,
    warnings,
  };
}

function columnsOf(file: StarFile): Columns {
  const names = file.blocks.map(({ name }) => name);
  if (file.blocks.length === 1) return joined(starTable(file, names[0]), undefined, file.name);
  if (names.includes("particles") && names.includes("optics"))
    return joined(starTable(file, "particles"), starTable(file, "optics"), file.name);
  throw new VitrineError({
    code: "unsupported",
    at: file.name,
    expected: "one table, or the blocks optics and particles",
    found: names.map((name) => `data_${name}`).join(", ") || "no block",
  });
}

/** Columns of the particles before those of their groups. */
function joined(particles: StarTable, optics: StarTable | undefined, name: string): Columns {
  const own = namesOf(particles);
  const groups = optics === undefined ? new Map<string, string>() : namesOf(optics);
  const rowOf = optics === undefined ? [] : opticsRows(particles, optics, name);
  const text = (row: number, column: string) => {
    const mine = own.get(column);
    if (mine !== undefined) return particles.value(row, mine);
    const group = groups.get(column);
    if (group !== undefined && optics !== undefined) return optics.value(rowOf[row], group);
    throw new VitrineError({ code: "missing", at: name, expected: `a column _rln${column}`, found: "none" });
  };
  const rows = Array.from({ length: particles.rows }, (_, row) => row);
  if (rows.length === 0)
    throw new VitrineError({ code: "missing", at: name, expected: "particles", found: "none" });
  return {
    name,
    rows: rows.length,
    has: (column) => own.has(column) || groups.has(column),
    texts: (column) => rows.map((row) => text(row, column)),
    numbers: (column) =>
      Float64Array.from(rows, (row) => numberOf(text(row, column), `${name} row ${row + 1} rln${column}`)),
  };
}

/** Names without `rln`. */
function namesOf(table: StarTable): Map<string, string> {
  return new Map(table.columns.map((column) => [column.replace(/^_?rln/, ""), column]));
}

function opticsRows(particles: StarTable, optics: StarTable, name: string): number[] {
  for (const [table, which] of [
    [particles, "particles"],
    [optics, "optics"],
  ] as const)
    if (!table.has("rlnOpticsGroup"))
      throw new VitrineError({
        code: "missing",
        at: `${name} data_${which}`,
        expected: "a column _rlnOpticsGroup",
        found: "none",
      });
  const groups = Array.from({ length: optics.rows }, (_, row) => optics.value(row, "rlnOpticsGroup"));
  return Array.from({ length: particles.rows }, (_, row) => {
    const group = particles.value(row, "rlnOpticsGroup");
    const at = groups.indexOf(group);
    if (at >= 0) return at;
    const found = `group ${group} of particle ${row + 1}`;
    throw new VitrineError({
      code: "missing",
      at: name,
      expected: `one of the optics groups ${groups.join(", ")}`,
      found,
    });
  });
}

function numberOf(text: string, at: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new VitrineError({ code: "format", at, expected: "a number", found: JSON.stringify(text) });
}

function finite(columns: Columns, name: string): Float64Array {
  return columns.numbers(name);
}

/** The one value of a column. */
function only(columns: Columns, name: string): number {
  const found = [...new Set(columns.numbers(name))];
  if (found.length === 1) return found[0];
  throw severalValues(`${columns.name} rln${name}`, found);
}

/** The error of a table whose particles differ in what a stack has once. */
export function severalValues(at: string, found: readonly number[]): VitrineError {
  const shown = found.slice(0, 5).join(", ");
  return new VitrineError({
    code: "undeterminable",
    at,
    expected: "one value of all particles",
    found: `${found.length}: ${shown}${found.length > 5 ? ", …" : ""}`,
    hint: "Convert each group in a run of its own",
  });
}

function anglesOf(columns: Columns): ParticleAngles | null {
  const names = ["AngleRot", "AngleTilt", "AnglePsi"] as const;
  const there = names.filter((name) => columns.has(name));
  if (there.length === 0) return null;
  if (there.length < names.length)
    throw new VitrineError({
      code: "missing",
      at: columns.name,
      expected: "all of rlnAngleRot, rlnAngleTilt, rlnAnglePsi, or none",
      found: there.map((name) => `rln${name}`).join(", "),
    });
  const [rotation, tilt, psi] = names.map((name) =>
    columns.numbers(name).map((angle) => angle * (Math.PI / 180)),
  );
  return { rotation, tilt, psi };
}

function placesOf(columns: Columns): ImagePlaces {
  const places = columns.texts("ImageName").map((text, row) => {
    const [, index, file] = /^(\d+)@(.+)$/.exec(text) ?? [];
    if (file !== undefined && Number(index) >= 1) return { file, index: Number(index) - 1 };
    const at = `${columns.name} row ${row + 1} rlnImageName`;
    throw new VitrineError({
      code: "format",
      at,
      expected: "number@file, counted from 1",
      found: JSON.stringify(text),
    });
  });
  return { files: places.map(({ file }) => file), indices: Int32Array.from(places, ({ index }) => index) };
}
