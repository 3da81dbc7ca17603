import type { PolarGrid } from "../grid/polarGrid.ts";
import type { ViewingAngles } from "../grid/viewingAngles.ts";

/** A direction of Fourier space. */
export interface Directions {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

/** Whether the angles of a grid come in opposite pairs, so that transforms of real structures need half of them. */
export function isHalved({ nInplanes, halfSpace }: PolarGrid): boolean {
  return nInplanes % 2 === 0 && !halfSpace;
}

/**
 * Where in Fourier space the angles of a template point: unit vectors, of the first `count` angles.
 *
 * The columns of Rz(azimuth) Ry(polar) Rz(gamma) span the slice.
 */
export function sliceDirections(
  { azimuths, polars, gammas }: ViewingAngles,
  template: number,
  { thetas, count }: { readonly thetas: Float64Array; readonly count: number },
): Directions {
  const [ca, sa] = [Math.cos(azimuths[template]), Math.sin(azimuths[template])];
  const [cp, sp] = [Math.cos(polars[template]), Math.sin(polars[template])];
  const [x, y, z] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let j = 0; j < count; j++) {
    const angle = thetas[j] + gammas[template];
    const [ct, st] = [Math.cos(angle), Math.sin(angle)];
    x[j] = ca * cp * ct - sa * st;
    y[j] = sa * cp * ct + ca * st;
    z[j] = -sp * ct;
  }
  return { x, y, z };
}

/** Points of a slice by axis, shells outermost, `scale` times their frequency. */
export function slicePoints(directions: Directions, radii: Float64Array, scale: number): Float64Array[] {
  const count = directions.x.length;
  return [directions.x, directions.y, directions.z].map((along) => {
    const points = new Float64Array(radii.length * count);
    for (let n = 0; n < radii.length; n++)
      for (let j = 0; j < count; j++) points[n * count + j] = scale * radii[n] * along[j];
    return points;
  });
}

/**
 * Points of a slice by axis, ray by ray from the inside: neighbours in memory are neighbours in space, so that a grid that is larger than the
 * caches is read along its rays.
 *
 * @param into  of [angles, shells] each; overwritten
 */
export function rayPoints(
  { x, y, z }: Directions,
  { radii, scale }: { readonly radii: Float64Array; readonly scale: number },
  into: readonly Float64Array[],
): void {
  for (const [axis, along] of [x, y, z].entries()) {
    const points = into[axis];
    for (let j = 0, to = 0; j < along.length; j++)
      for (let n = 0; n < radii.length; n++) points[to++] = scale * radii[n] * along[j];
  }
}

/** Brings complex values of rays, [angles, shells], to the order of a stack, [shells, angles]. */
export function raysToShells(rays: Float64Array, shells: number, values: Float64Array): void {
  const angles = rays.length / (2 * shells);
  for (let j = 0; j < angles; j++)
    for (let n = 0; n < shells; n++) {
      const from = 2 * (j * shells + n);
      const to = 2 * (n * angles + j);
      values[to] = rays[from];
      values[to + 1] = rays[from + 1];
    }
}
