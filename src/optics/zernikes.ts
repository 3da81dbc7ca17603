/** Even aberrations beyond defocus and Cs, in radians at 1 Å⁻¹; a is the direction from the x axis towards y. */
export interface EvenZernikes {
  /** rho⁴ cos 2a */
  readonly Z42c?: number;
  /** rho⁴ sin 2a */
  readonly Z42s?: number;
  /** rho⁴ cos 4a */
  readonly Z44c?: number;
  /** rho⁴ sin 4a */
  readonly Z44s?: number;
  /** rho⁶ */
  readonly Z60?: number;
}

/** Odd aberrations in radians at 1 Å⁻¹; a is the direction from the x axis towards y. */
export interface OddZernikes {
  /** rho³ cos a: axial coma along x */
  readonly Z31c?: number;
  /** rho³ sin a: axial coma along y */
  readonly Z31s?: number;
  /** rho³ cos 3a: trefoil */
  readonly Z33c?: number;
  /** rho³ sin 3a: trefoil */
  readonly Z33s?: number;
}

/** Phase in radians at k² in Å⁻² and a direction in radians. */
export function evenPhase(zernikes: EvenZernikes | undefined, k2: number, direction: number): number {
  if (zernikes === undefined) return 0;
  const { Z42c = 0, Z42s = 0, Z44c = 0, Z44s = 0, Z60 = 0 } = zernikes;
  const twofold = Z42c * Math.cos(2 * direction) + Z42s * Math.sin(2 * direction);
  const fourfold = Z44c * Math.cos(4 * direction) + Z44s * Math.sin(4 * direction);
  return k2 * k2 * (twofold + fourfold + Z60 * k2);
}

/** As {@link evenPhase} for odd aberrations. */
export function oddPhase(zernikes: OddZernikes | undefined, k2: number, direction: number): number {
  if (zernikes === undefined) return 0;
  const { Z31c = 0, Z31s = 0, Z33c = 0, Z33s = 0 } = zernikes;
  const coma = Z31c * Math.cos(direction) + Z31s * Math.sin(direction);
  return k2 * Math.sqrt(k2) * (coma + Z33c * Math.cos(3 * direction) + Z33s * Math.sin(3 * direction));
}
