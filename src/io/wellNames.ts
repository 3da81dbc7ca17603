import { VitrineError } from "../core/index.ts";

/** Where a well is on its plate; rows and columns count from 0. */
export interface WellPlace {
  readonly rowIndex: number;
  readonly columnIndex: number;
}

/** The letters of a row counted from 0: A to Z, then AA to AF (1,536 wells have 32 rows). */
export function rowLetters(rowIndex: number): string {
  let letters = "";
  for (let rest = rowIndex + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

/** The row of letters, counted from 0; they are all capital. */
export function rowOfLetters(letters: string): number {
  let row = 0;
  for (const letter of letters) row = row * 26 + letter.charCodeAt(0) - 64;
  return row - 1;
}

/** The name of a well as TissueMAPS writes it: letters, and at least two figures. @example wellName({ rowIndex: 1, columnIndex: 6 }) // "B07" */
export function wellName({ rowIndex, columnIndex }: WellPlace): string {
  return `${rowLetters(rowIndex)}${String(columnIndex + 1).padStart(2, "0")}`;
}

/**
 * The place of a well by its name: `B7`, `B07`, `b07`, `AA12`.
 *
 * @throws {VitrineError} format: not one or two letters and one to three figures above 0
 */
export function parseWellName(text: string): WellPlace {
  const match = /^([A-Z]{1,2})(\d{1,3})$/.exec(text.trim().toUpperCase());
  const column = Number(match?.[2] ?? 0);
  if (match === null || column === 0)
    throw new VitrineError({
      code: "format",
      at: "well",
      expected: "a name like B07 or AA12",
      found: `"${text}"`,
    });
  return { rowIndex: rowOfLetters(match[1]), columnIndex: column - 1 };
}

/** Rows and columns of plates by their number of wells (ANSI SLAS 4-2004), and one slide. */
export const PLATE_FORMATS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  1: [1, 1],
  6: [2, 3],
  12: [3, 4],
  24: [4, 6],
  48: [6, 8],
  96: [8, 12],
  384: [16, 24],
  1536: [32, 48],
};
