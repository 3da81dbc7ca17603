/** Spreads of directions over the sphere, (n, 2) phi and theta in degrees. */

import { VitrineError } from "../core/index.ts";
import { DEGREE, PER_DEGREE } from "./degree.ts";
import { healpixDirections } from "./healpix.ts";
import {
  MOST_ANGLES,
  MOST_ORIENTATIONS,
  numpyArange,
  type Progression,
  requireFewEnough,
  valueAt,
} from "./progression.ts";

/** From and to, degrees. */
export type AngleRange = readonly [fromDeg: number, toDeg: number];

const AT = "orientations thetaStepDeg";

/** Rings of constant theta, from the smallest up to less than the largest plus a step. */
export function uniformDirections(phi: AngleRange, theta: AngleRange, thetaStepDeg: number): Float64Array {
  const thetas = numpyArange([theta[0], theta[1] + thetaStepDeg], thetaStepDeg);
  // a ring has at least one direction
  requireFewEnough(thetas.count, MOST_ANGLES, AT);
  const rings = Array.from({ length: thetas.count }, (_, i) => {
    const radians = valueAt(thetas, i) * DEGREE;
    return { thetaDeg: radians * PER_DEGREE, phi: ringPhi(radians, thetaStepDeg * DEGREE, phi) };
  });
  const count = rings.reduce((sum, ring) => sum + ring.phi.count, 0);
  requireFewEnough(count, MOST_ORIENTATIONS, AT);
  const out = new Float64Array(2 * count);
  let at = 0;
  for (const ring of rings) {
    for (let i = 0; i < ring.phi.count; i++) {
      out[at++] = valueAt(ring.phi, i) * PER_DEGREE;
      out[at++] = ring.thetaDeg;
    }
  }
  return out;
}

/** Radians. */
function ringPhi(theta: number, thetaStep: number, [phiFromDeg, phiToDeg]: AngleRange): Progression {
  const [from, to] = [phiFromDeg * DEGREE, phiToDeg * DEGREE];
  if (from === to) return { start: from, step: 0, count: 1 };
  // At the pole all phi are one orientation; a range around 0 is represented by it.
  if (Math.abs(theta) < 1e-10 && from < 0 && to >= 0) return { start: 0, step: 0, count: 1 };
  const extent = to - from;
  const wanted = Math.min(Math.abs(thetaStep / (Math.sin(theta) + 1e-6)), extent);
  return numpyArange([from, to], extent / roundHalfEven(extent / wanted));
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Pixel centres of HEALPix within two ranges, ends included; on the whole sphere at least as many as squares of the step.
 *
 * @throws {VitrineError} range: none lies there, or too small a step
 */
export function healpixDirectionsWithin(
  phi: AngleRange,
  theta: AngleRange,
  thetaStepDeg: number,
): Float64Array {
  const step = thetaStepDeg * DEGREE;
  const pixels = Math.trunc((4 * Math.PI) / (step * step));
  requireFewEnough(pixels, MOST_ORIENTATIONS, AT);
  const all = healpixDirections(Math.max(1, Math.ceil(Math.sqrt(pixels / 12))));
  const isWithin = (i: number) =>
    all[i] >= phi[0] && all[i] <= phi[1] && all[i + 1] >= theta[0] && all[i + 1] <= theta[1];
  let kept = 0;
  for (let i = 0; i < all.length; i += 2) {
    if (!isWithin(i)) continue;
    all[kept++] = all[i];
    all[kept++] = all[i + 1];
  }
  if (kept === 0) throw nothingWithin(phi, theta);
  return all.slice(0, kept);
}

function nothingWithin(phi: AngleRange, theta: AngleRange): VitrineError {
  const at = "orientations baseGrid healpix";
  const expected = "a pixel centre within the ranges";
  const found = `none for phi ${phi.join(" to ")}, theta ${theta.join(" to ")}`;
  const hint = "Widen the ranges (phi counts from 0 to 360), take a finer step or the uniform grid";
  return new VitrineError({ code: "range", at, expected, found, hint });
}

/** Every theta at every phi, phi slower; degrees. */
export function cartesianDirections(phi: Progression, theta: Progression): Float64Array {
  requireFewEnough(phi.count * theta.count, MOST_ORIENTATIONS, AT);
  const out = new Float64Array(2 * phi.count * theta.count);
  let at = 0;
  for (let i = 0; i < phi.count; i++) {
    for (let k = 0; k < theta.count; k++) {
      out[at++] = valueAt(phi, i);
      out[at++] = valueAt(theta, k);
    }
  }
  return out;
}
