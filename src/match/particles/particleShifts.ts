import { VitrineError } from "../../core/index.ts";
import { type CsvTable, parseCsv } from "../../io/index.ts";
import { Cells } from "./tableCells.ts";

/** What a table of shifts belongs to. */
export interface ShiftedMovie {
  readonly frames: number;
  readonly particles: number;
}

/** Columns of Leopard-EM's table of shifts. */
const COLUMNS = ["particle_index", "frame", "y_shift", "x_shift"] as const;

/**
 * Reads Leopard-EM's shifts of particles: a row for every particle in every frame, `particle_index,frame,y_shift,x_shift` in any
 * order, other columns beside. A particle's index is its row in the particle table, from 0.
 *
 * @param text  the whole CSV file
 * @param at    how messages call it
 * @returns     (frames, particles, 2): pixels along y and x by which an image of the particle is moved in each frame, so that it
 *   lies where the table says; the opposite of how far the particle went
 * @throws {VitrineError} missing: a column, or the row of a particle in a frame; type: no number; range: a particle or frame that
 *   there is not; format: not CSV, or a row twice
 */
export function parseParticleShifts(
  text: string,
  at: string,
  movie: ShiftedMovie,
): Float64Array<ArrayBuffer> {
  const table = parseCsv(text, at);
  requireColumns(table, COLUMNS, at);
  const shifts = new Float64Array(2 * movie.frames * movie.particles).fill(Number.NaN);
  table.rows.forEach((row, i) => {
    const cells = new Cells(row, `${at} row ${i + 1}`);
    const particle = indexBelow(cells, "particle_index", movie.particles);
    const frame = indexBelow(cells, "frame", movie.frames);
    const index = 2 * (frame * movie.particles + particle);
    if (!Number.isNaN(shifts[index])) throw twice(cells.at, `particle ${particle} in frame ${frame}`);
    shifts[index] = cells.number("y_shift");
    shifts[index + 1] = cells.number("x_shift");
  });
  requireWhole(shifts, at, movie.particles);
  return shifts;
}

/** @throws {VitrineError} missing: one of the columns */
export function requireColumns({ columns }: CsvTable, names: readonly string[], at: string): void {
  const absent = names.filter((name) => !columns.includes(name));
  if (absent.length === 0) return;
  throw new VitrineError({
    code: "missing",
    at,
    expected: `the columns ${names.join(", ")}`,
    found: `${columns.join(", ")}`,
  });
}

/** The same place in two rows. */
export function twice(at: string, what: string): VitrineError {
  return new VitrineError({
    code: "format",
    at,
    expected: "each place once",
    found: `${what} a second time`,
  });
}

function indexBelow(cells: Cells, column: string, end: number): number {
  const index = cells.index(column);
  if (index < end) return index;
  const hint =
    column === "frame" ? "The movie has fewer frames" : "It is the row in the particle table, from 0";
  throw new VitrineError({
    code: "range",
    at: `${cells.at} ${column}`,
    expected: `a number within 0..${end - 1}`,
    found: String(index),
    hint,
  });
}

function requireWhole(shifts: Float64Array, at: string, particles: number): void {
  const absent = shifts.findIndex((shift) => Number.isNaN(shift));
  if (absent < 0) return;
  const first = absent >> 1;
  throw new VitrineError({
    code: "missing",
    at,
    expected: "the shift of every particle in every frame",
    found: `none of particle ${first % particles} in frame ${Math.floor(first / particles)}`,
    hint: "Write a row with shifts of 0 where a particle stays",
  });
}
