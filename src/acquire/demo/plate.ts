/** A well plate under the objective; wells are discs. Row B lies below row A, at smaller y. */
export interface Plate {
  readonly wells: 24 | 96;
  /** Stage position of the middle of well A1, µm. */
  readonly a1CenterUm: readonly [x: number, y: number];
}

/** Source: the plates `24-well` and `96-well` of useq-schema 0.9.2. */
const FORMATS = {
  24: { rows: 4, columns: 6, spacingUm: 19_000, diameterUm: 15_600 },
  96: { rows: 8, columns: 12, spacingUm: 9_000, diameterUm: 6_400 },
} as const;

/** Number of the well (row by row from A1: 0) that a place lies in; undefined outside of all wells. */
export function wellAt(plate: Plate, xUm: number, yUm: number): number | undefined {
  const { rows, columns, spacingUm, diameterUm } = FORMATS[plate.wells];
  const x = xUm - plate.a1CenterUm[0];
  const y = plate.a1CenterUm[1] - yUm;
  const column = Math.round(x / spacingUm);
  const row = Math.round(y / spacingUm);
  if (row < 0 || row >= rows || column < 0 || column >= columns) return undefined;
  const distance = Math.hypot(x - column * spacingUm, y - row * spacingUm);
  return distance <= diameterUm / 2 ? row * columns + column : undefined;
}
