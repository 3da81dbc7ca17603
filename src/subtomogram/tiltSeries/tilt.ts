/** Underfocus is negative, as acryo has it. */
export interface TiltDefocus {
  /** µm, along the axis at `angleDeg` and across it. */
  readonly uUm: number;
  readonly vUm: number;
  /** Of the axis of `uUm`, from the image's x towards y. */
  readonly angleDeg: number;
}

/** An image of a tilt series: how the specimen was turned, where its centre is seen, and which image of which file it is. */
export interface Tilt {
  /** About y of the specimen. */
  readonly tiltDeg: number;
  /** About x, before. */
  readonly xTiltDeg: number;
  /** In the image: of the tilt axis from y, from x towards y. */
  readonly axisDeg: number;
  /** Where the specimen's centre is seen, nm from the image's (y, x). */
  readonly shiftNm: readonly [y: number, x: number];
  /** Rows of what stretches and shears the image besides, acting on (y, x); none: nothing. */
  readonly stretch?: readonly [yy: number, yx: number, xy: number, xx: number];
  readonly imagePath?: string;
  /** Section of the file, from 0. */
  readonly imageIndex: number;
  /** Where the specimen's centre is seen. */
  readonly defocus?: TiltDefocus;
  /** Electrons/Å² that the specimen had seen before. */
  readonly preExposurePerA2?: number;
}

/**
 * Where in an image of n pixels its centre is, pixel 0 lying at 0: RELION `half` (n / 2), IMOD and AreTomo `middle` ((n - 1) / 2), acryo
 * `floor` (n / 2 without its half).
 */
export type DetectorCentre = "half" | "middle" | "floor";

/** Of a side of n pixels or voxels. */
export function centreOfSide(n: number, centre: DetectorCentre): number {
  switch (centre) {
    case "half":
      return n / 2;
    case "middle":
      return (n - 1) / 2;
    case "floor":
      return Math.floor(n / 2);
  }
}

/** Rows (z, y, x) of the matrix that turns the specimen's (z, y, x) into the microscope's, whose y and x are the image's before it is shifted. */
export function tiltMatrix({ tiltDeg, xTiltDeg, axisDeg, stretch }: Tilt): readonly number[] {
  const [about, ct, st] = [Math.PI / 180, Math.cos, Math.sin];
  const [a, t, r] = [xTiltDeg * about, tiltDeg * about, axisDeg * about];
  // Rz(axis) Ry(tilt) Rx(xTilt), right-handed in x, y, z; here rows and columns are z, y, x.
  const depth = [ct(t) * ct(a), ct(t) * st(a), -st(t)];
  const along = [-st(a), ct(a), 0];
  const across = [st(t) * ct(a), st(t) * st(a), ct(t)];
  const y = along.map((value, k) => ct(r) * value + st(r) * across[k]);
  const x = along.map((value, k) => -st(r) * value + ct(r) * across[k]);
  if (stretch === undefined) return [...depth, ...y, ...x];
  const [yy, yx, xy, xx] = stretch;
  return [
    ...depth,
    ...y.map((value, k) => yy * value + yx * x[k]),
    ...y.map((value, k) => xy * value + xx * x[k]),
  ];
}
