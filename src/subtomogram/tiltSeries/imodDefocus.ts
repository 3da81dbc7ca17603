import { VitrineError } from "../../core/index.ts";

/** A row of IMOD's defocus file: of the views from first to last, counted from 1. */
export interface ImodDefocusRow {
  readonly first: number;
  readonly last: number;
  /** Underfocus, nm. */
  readonly uNm: number;
  readonly vNm: number;
  readonly angleDeg: number;
  readonly phaseDeg: number;
}

/** Bits of the flags of version 3. */
const FLAG = { astigmatism: 1, radians: 2, phase: 4, phaseRadians: 8 };
/** Columns before what flags add: first and last view, lowest and highest angle, defocus. */
const COLUMNS = 5;

/**
 * The rows of a defocus file of ctfplotter, versions 1 to 3.
 *
 * @throws {VitrineError} format: a line that is no list of numbers, or too short
 */
export function parseImodDefocus(text: string, at: string): readonly ImodDefocusRow[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const rows = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const version = rows[0]?.length === COLUMNS + 1 ? rows[0][COLUMNS] : 1;
  const flags = version >= 3 ? rows[0][0] : 0;
  const values = version >= 3 ? rows.slice(1) : rows;
  const has = (flag: number) => (flags & flag) !== 0;
  const wanted = COLUMNS + (has(FLAG.astigmatism) ? 2 : 0) + (has(FLAG.phase) ? 1 : 0);
  const wrong = values.findIndex((row) => row.length < wanted || !row.every(Number.isFinite));
  if (values.length === 0 || wrong >= 0)
    throw new VitrineError({
      code: "format",
      at: `${at} line ${Math.max(0, wrong) + 1}`,
      expected: `${wanted} numbers`,
      found: values.length === 0 ? "none" : JSON.stringify(values[wrong].join(" ").slice(0, 60)),
    });
  // Before IMOD 4.0.29 views were counted from 0.
  const base = version < 2 && Math.min(...values.map(([first]) => first)) === 0 ? 1 : 0;
  const degrees = (value: number, isRadians: boolean) => (isRadians ? (value * 180) / Math.PI : value);
  return values.map((row) => {
    const [first, last, , , uNm, vNm, angle] = row;
    const isAstigmatic = has(FLAG.astigmatism);
    return {
      first: first + base,
      last: last + base,
      uNm,
      vNm: isAstigmatic ? vNm : uNm,
      angleDeg: isAstigmatic ? degrees(angle, has(FLAG.radians)) : 0,
      phaseDeg: has(FLAG.phase) ? degrees(row[wanted - 1], has(FLAG.phaseRadians)) : 0,
    };
  });
}

/** The defocus of a view, counted from 1: a row's holds at the middle of its views, between rows it changes linearly; the angle is the nearest row's. */
export function imodDefocus(
  rows: readonly ImodDefocusRow[],
  view: number,
): Pick<ImodDefocusRow, "uNm" | "vNm" | "angleDeg"> {
  const middle = ({ first, last }: ImodDefocusRow) => (first + last) / 2;
  const sorted = [...rows].sort((a, b) => middle(a) - middle(b));
  const next = sorted.findIndex((row) => middle(row) >= view);
  const [before, after] =
    next < 0
      ? [sorted[sorted.length - 1], sorted[sorted.length - 1]]
      : [sorted[Math.max(0, next - 1)], sorted[next]];
  const span = middle(after) - middle(before);
  const share = span === 0 ? 0 : (view - middle(before)) / span;
  const between = (a: number, b: number) => a + share * (b - a);
  const nearest = share > 0.5 ? after : before;
  return {
    uNm: between(before.uNm, after.uNm),
    vNm: between(before.vNm, after.vNm),
    angleDeg: nearest.angleDeg,
  };
}
