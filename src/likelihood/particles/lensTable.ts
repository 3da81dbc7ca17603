import type { Lens } from "../images/polarCtf.ts";

/** The lens of every particle of a table, and where its image lies: everything that a stack's `.npz` keeps beside its descriptor. */
export interface LensTable extends Lens {
  /** How messages call it. */
  readonly name: string;
  readonly count: number;
  readonly defocusUA: Float64Array;
  readonly defocusVA: Float64Array;
  readonly defocusAngleRad: Float64Array;
  readonly phaseShiftRad: Float64Array;
  /** Radians, ZYZ; null where the table does not say. */
  readonly angles: ParticleAngles | null;
  readonly bFactorA2: number | Float64Array | null;
  readonly scale: number | Float64Array | null;
  /** Å of a pixel, as the table says; null where it does not. */
  readonly pixelSizeA: number | null;
  /** Where images lie; null where tables and stacks come in pairs. */
  readonly images: ImagePlaces | null;
  /** Of which of the two a `.npz` is written like: cryoSPARC's numbers are in single precision. */
  readonly kind: "star" | "cs";
  /** What was taken where the table says nothing. */
  readonly warnings: readonly string[];
}

/** Angles of particles, radians. */
export interface ParticleAngles {
  readonly rotation: Float64Array;
  readonly tilt: Float64Array;
  readonly psi: Float64Array;
}

/** A file and an image in it, counted from 0, of every particle. */
export interface ImagePlaces {
  readonly files: readonly string[];
  readonly indices: Int32Array;
}

/** Some rows of a table, in the order of their numbers. */
export function lensRows(lens: LensTable, rows: readonly number[]): LensTable {
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]);
  const pickAny = (values: number | Float64Array | null) =>
    values instanceof Float64Array ? pick(values) : values;
  const { angles, images } = lens;
  return {
    ...lens,
    count: rows.length,
    defocusUA: pick(lens.defocusUA),
    defocusVA: pick(lens.defocusVA),
    defocusAngleRad: pick(lens.defocusAngleRad),
    phaseShiftRad: pick(lens.phaseShiftRad),
    angles: angles && { rotation: pick(angles.rotation), tilt: pick(angles.tilt), psi: pick(angles.psi) },
    bFactorA2: pickAny(lens.bFactorA2),
    scale: pickAny(lens.scale),
    images: images && {
      files: rows.map((row) => images.files[row]),
      indices: Int32Array.from(rows, (row) => images.indices[row]),
    },
  };
}
