import { requireKnownOptions, VitrineError } from "../core/index.ts";
import { PER_DEGREE } from "./degree.ts";
import { requireNumber } from "./frequencies.ts";

/** In which order the pixels are counted: along rings of constant theta, or face by face down the quad tree. */
export interface HealpixOptions {
  readonly ordering?: "ring" | "nested";
}

const HALF_PI = Math.PI / 2;

/** Of each of the 12 base faces: its lowest corner, in rings of nSide from the north pole, and in phi by eighths of a turn. */
const FACE_RING = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4];
const FACE_PHI = [1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7];

/**
 * Centres of the 12 nSide² pixels of equal area into which HEALPix divides the sphere.
 *
 * @param nSide  pixels along a side of a base face; for the nested order a power of two
 * @returns      (12 nSide², 2) phi in [0, 360) and theta in (0, 180), degrees
 * @throws {VitrineError} range: nSide not a whole number from 1 to 8192, or for the nested order no power of two
 * Source: Górski et al. 2005, ApJ 622:759, section 5.1 (rings: equations 4 to 9; nested: section 5.2). Operations in the order of
 * the authors' library, so that the angles equal healpy's to the last bit.
 */
export function healpixDirections(nSide: number, options: HealpixOptions = {}): Float64Array<ArrayBuffer> {
  requireKnownOptions("healpixDirections", options, { ordering: true });
  const { ordering = "ring" } = options;
  const isWhole = Number.isInteger(nSide) && nSide >= 1 && nSide <= 8192;
  requireNumber(nSide, isWhole, { at: "healpixDirections nSide", expected: "a whole number from 1 to 8192" });
  if (ordering === "ring") return ringDirections(nSide);
  if (Number.isInteger(Math.log2(nSide))) return nestedDirections(nSide);
  throw new VitrineError({
    code: "range",
    at: "healpixDirections nSide",
    expected: "a power of two for the nested order",
    found: String(nSide),
  });
}

function ringDirections(nSide: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(24 * nSide * nSide);
  let at = 0;
  for (let ring = 1; ring < 4 * nSide; ring++) {
    const thetaDeg = ringTheta(nSide, ring) * PER_DEGREE;
    const fromPole = Math.min(ring, 4 * nSide - ring);
    const count = 4 * Math.min(fromPole, nSide);
    // Rings of the belt start at phi 0 and at half a pixel in turn; those of the caps at half a pixel.
    const first = fromPole <= nSide || (ring + nSide) % 2 === 0 ? 0.5 : 0;
    for (let i = 0; i < count; i++) {
      const phi =
        fromPole < nSide
          ? ((i + first) * HALF_PI) / fromPole
          : (i + first) * Math.PI * 0.75 * beltSpacing(nSide);
      out[at++] = phi * PER_DEGREE;
      out[at++] = thetaDeg;
    }
  }
  return out;
}

function nestedDirections(nSide: number): Float64Array<ArrayBuffer> {
  const perFace = nSide * nSide;
  const out = new Float64Array(24 * perFace);
  for (let pixel = 0; pixel < 12 * perFace; pixel++) {
    const face = Math.floor(pixel / perFace);
    const [x, y] = [evenBits(pixel % perFace), evenBits((pixel % perFace) >> 1)];
    const ring = FACE_RING[face] * nSide - x - y - 1;
    const around = Math.min(ring, 4 * nSide - ring, nSide);
    const eighths = (FACE_PHI[face] * around + x - y + 8 * around) % (8 * around);
    const phi =
      around === nSide ? 0.75 * HALF_PI * eighths * beltSpacing(nSide) : (0.5 * HALF_PI * eighths) / around;
    out[2 * pixel] = phi * PER_DEGREE;
    out[2 * pixel + 1] = ringTheta(nSide, ring) * PER_DEGREE;
  }
  return out;
}

/** Step of z from one ring of the belt to the next, 2 / (3 nSide). */
function beltSpacing(nSide: number): number {
  return 2 * nSide * (4 / (12 * nSide * nSide));
}

/** Radians; rings are counted from 1 at the north pole to 4 nSide - 1. */
function ringTheta(nSide: number, ring: number): number {
  const fromPole = Math.min(ring, 4 * nSide - ring);
  if (fromPole >= nSide) return arcCosine((2 * nSide - ring) * beltSpacing(nSide));
  const below = fromPole * fromPole * (4 / (12 * nSide * nSide));
  const z = ring < nSide ? 1 - below : below - 1;
  // Near a pole the cosine has lost its digits.
  return Math.abs(z) > 0.99 ? Math.atan2(Math.sqrt(below * (2 - below)), z) : arcCosine(z);
}

/** Binary places of the fixed point numbers below. */
const PLACES = 100n;

/**
 * Arc cosine rounded to the nearest number, as a C library gives it: engines' own are off by a unit of the last bit for one
 * value in ten. One step of Newton's method from theirs, its cosine by the Taylor series in fixed point.
 */
function arcCosine(z: number): number {
  const guess = Math.acos(z);
  const angle = toFixedPoint(guess);
  const square = (angle * angle) >> PLACES;
  let [cosine, term] = [0n, 1n << PLACES];
  for (let n = 1n; term !== 0n && term !== -1n; n += 2n) {
    cosine += term;
    term = ((-term * square) >> PLACES) / (n * (n + 1n));
  }
  return guess + Number(cosine - toFixedPoint(z)) / 2 ** Number(PLACES) / Math.sin(guess);
}

/** Exact for 0 and for magnitudes from 2^-47 to 2^3. */
function toFixedPoint(value: number): bigint {
  return BigInt(value * 2 ** Number(PLACES));
}

/** The number made of every second bit, the lowest first. */
function evenBits(value: number): number {
  let [rest, bits] = [value, 0];
  for (let place = 0; rest > 0; place++, rest >>= 2) bits |= (rest & 1) << place;
  return bits;
}
