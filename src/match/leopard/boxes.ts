import { type DeformationField, deformationAt, type MoviePoint } from "../../optics/index.ts";
import { leopardDeformationAt } from "./deformation.ts";

/** How a particle's box is cut out, and what is reported of the best position in it. */
export interface BoxConventions {
  /** Standard deviation that correlations are divided by, of that in the map; NaN where a position does not count. */
  readonly deviation: (mapped: number) => number;
  /** What stands for the map's outside the map. */
  readonly deviationOutside: number;
  /** How far a particle was moved along an axis, pixels. */
  readonly shiftPx: (found: number, box: BoxAxis) => number;
  /** Which correlation is reported. */
  readonly correlation: (found: { readonly correlation: number; readonly batchMaximum: number }) => number;
  readonly movie: MovieConventions;
}

/** A box along one axis, pixels. */
interface BoxAxis {
  /** First position of the template in the box, in the maps. */
  readonly corner: number;
  /** The particle's position in the maps. */
  readonly position: number;
  /** By how much the box is longer than the template. */
  readonly excess: number;
}

/** How boxes are cut out of a movie's frames. */
export interface MovieConventions {
  /** Where a deformation field says that the specimen lies, (y, x) in Å. */
  readonly deformationAt: (field: DeformationField, at: MoviePoint) => readonly [yA: number, xA: number];
  /** The part of a shift by which the position of the cut moves, pixels; the rest is a Fourier shift of the box. */
  readonly cutShiftPx: (shiftPx: number) => number;
  /** Whether that shift turns the Nyquist frequencies of even sides. */
  readonly turnsNyquist: boolean;
  /** Whether boxes are filtered where the micrograph is filtered as a whole. */
  readonly filtersBoxes: boolean;
}

/** Only the rest of a shift goes round the edges of a box. */
const DEFAULT_MOVIE: MovieConventions = {
  deformationAt,
  cutShiftPx: Math.round,
  turnsNyquist: false,
  filtersBoxes: true,
};

/** Every frame is cut at one position, and the box moved around its edges. */
const LEOPARD_MOVIE: MovieConventions = {
  deformationAt: leopardDeformationAt,
  cutShiftPx: () => 0,
  turnsNyquist: true,
  filtersBoxes: false,
};

/** Positions outside the maps, and those without deviation, do not count. */
export const DEFAULT_BOXES: BoxConventions = {
  deviation: (mapped) => (mapped > 0 ? mapped : Number.NaN),
  deviationOutside: Number.NaN,
  shiftPx: (found, { corner, position }) => found + corner - position,
  correlation: ({ correlation }) => correlation,
  movie: DEFAULT_MOVIE,
};

/**
 * Leopard-EM 1.2 takes the root of the standard deviation once more (1e5 outside the map), and reports the largest correlation of the
 * best batch. It rounds half the excess up here and down where it cuts the box, and takes fractions of positions for moved along.
 */
const LEOPARD_BOXES: BoxConventions = {
  deviation: Math.sqrt,
  deviationOutside: 1e10,
  shiftPx: (found, { excess }) => found - Math.floor((excess + 1) / 2),
  correlation: ({ batchMaximum }) => batchMaximum,
  movie: LEOPARD_MOVIE,
};

/** @param compat  as in Leopard-EM 1.2 */
export function boxConventions(compat: boolean): BoxConventions {
  return compat ? LEOPARD_BOXES : DEFAULT_BOXES;
}
