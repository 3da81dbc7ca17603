import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { gaussJacobi } from "./quadrature.ts";
import { roundHalfEven } from "./round.ts";

/** How densely something is sampled: the same everywhere, or less where circles or shells are smaller. */
export type SphereSampling = "uniform" | "adaptive";

/** Points on a sphere: Gauss-Legendre in the cosine of the polar angle, evenly on circles of latitude. */
export interface SphereShell extends SpherePoints {
  readonly radius: number;
}

/** Points of a sphere or of a ball, [points] each. */
export interface SpherePoints {
  readonly count: number;
  readonly azimuths: Float64Array;
  readonly polars: Float64Array;
  /** They add up to the area of the sphere, or the volume of the ball. */
  readonly weights: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

/** What a shell is made of. */
export interface SphereShellOptions {
  /** Default 1. */
  readonly radius?: number;
  /** About the distance of neighbours on the equator, times 2π; default 1 / 2π. */
  readonly distEq?: number;
  /** Azimuths of every circle as many as of the equator (default), or fewer where it is shorter. */
  readonly azimuthalSampling?: SphereSampling;
}

const DIST_EQ = 1 / (2 * Math.PI);

/** Points and weights on a sphere. @throws {VitrineError} range: lengths that are not above 0 */
export function createSphereShell(options: SphereShellOptions = {}): SphereShell {
  requireKnownOptions("createSphereShell", options, { radius: true, distEq: true, azimuthalSampling: true });
  const { radius = 1, distEq = DIST_EQ, azimuthalSampling = "uniform" } = options;
  requireAbove("radius", radius);
  requireAbove("distEq", distEq);
  const frequency = (2 * Math.PI * radius) / distEq;
  const equator = 3 + roundHalfEven(frequency);
  const { nodes, weights } = gaussJacobi(3 + Math.ceil(equator / 2), 0);
  const rows: (readonly [azimuth: number, polar: number, weight: number])[] = [];
  for (const [i, x] of nodes.entries()) {
    const polar = Math.acos(x);
    const count = azimuthalSampling === "uniform" ? equator : 3 + roundHalfEven(frequency * Math.sin(polar));
    const step = (2 * Math.PI) / count;
    for (let m = 0; m < count; m++) rows.push([m * step, polar, weights[i] * radius * radius * step]);
  }
  return { radius, ...pointsOf(rows, () => radius) };
}

/** Shells of a ball, from the inside. */
export interface SphereGrid extends SpherePoints {
  readonly radiusMax: number;
  readonly shells: readonly SphereShell[];
  /** [points] */
  readonly radii: Float64Array;
  /** Of each shell its first point, and the number of all points: [shells + 1]. */
  readonly starts: Int32Array;
}

/** What a grid of shells is made of. */
export interface SphereGridOptions extends Omit<SphereShellOptions, "radius"> {
  /** Default 1. */
  readonly radiusMax?: number;
  /** All shells have the points of the outermost; default false. */
  readonly equalShell?: boolean;
  /** Points of inner shells as far from each other as of outer ones (default), or as many. */
  readonly distType?: SphereSampling;
}

/** Points and weights in a ball: shells of Gauss-Jacobi quadrature with weight r². @throws {VitrineError} range: lengths that are not above 0 */
export function createSphereGrid(options: SphereGridOptions = {}): SphereGrid {
  requireKnownOptions("createSphereGrid", options, {
    radiusMax: true,
    equalShell: true,
    distType: true,
    distEq: true,
    azimuthalSampling: true,
  });
  const { radiusMax = 1, distEq = DIST_EQ, azimuthalSampling = "uniform" } = options;
  const { equalShell = false, distType = "uniform" } = options;
  requireAbove("radiusMax", radiusMax);
  requireAbove("distEq", distEq);
  const { nodes, weights } = gaussJacobi(1 + Math.ceil(radiusMax / distEq), 2);
  const shells = Array.from(nodes, (x) => {
    const radius = ((x + 1) * radiusMax) / 2;
    const isScaled = equalShell || distType === "adaptive";
    return createSphereShell({
      radius,
      distEq: isScaled ? (distEq * radius) / radiusMax : distEq,
      azimuthalSampling,
    });
  });
  const rows = shells.flatMap((shell, n) => {
    const share = (weights[n] * (radiusMax / 2) ** 3) / shell.radius ** 2;
    return Array.from(
      shell.azimuths,
      (azimuth, i) => [azimuth, shell.polars[i], shell.weights[i] * share] as const,
    );
  });
  const radii = Float64Array.from(shells.flatMap(({ radius, count }) => Array(count).fill(radius)));
  const starts = new Int32Array(shells.length + 1);
  for (const [n, { count }] of shells.entries()) starts[n + 1] = starts[n] + count;
  return { radiusMax, shells, radii, starts, ...pointsOf(rows, (i) => radii[i]) };
}

/**
 * Integrals of real functions over a sphere or a ball.
 *
 * @param values  (functions, points)
 * @param kind    `riesz` divides by the radius, in a ball
 * @throws {VitrineError} shape: not a multiple of the points
 */
export function integrateSphere(
  points: SphereShell | SphereGrid,
  values: ArrayLike<number>,
  kind: "standard" | "riesz" = "standard",
): Float64Array {
  const { count, weights } = points;
  if (values.length % count !== 0)
    throw new VitrineError({
      code: "shape",
      at: "integrateSphere values",
      expected: `a multiple of ${count} values, the points`,
      found: `${values.length}`,
    });
  const radiusOf = (i: number) => ("radii" in points ? points.radii[i] : points.radius);
  const used = kind === "riesz" ? weights.map((weight, i) => weight / radiusOf(i)) : weights;
  return Float64Array.from({ length: values.length / count }, (_, f) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[f * count + i] * used[i];
    return sum;
  });
}

function pointsOf(
  rows: readonly (readonly [azimuth: number, polar: number, weight: number])[],
  radiusOf: (i: number) => number,
): SpherePoints {
  const azimuths = Float64Array.from(rows, ([azimuth]) => azimuth);
  const polars = Float64Array.from(rows, ([, polar]) => polar);
  return {
    count: rows.length,
    azimuths,
    polars,
    weights: Float64Array.from(rows, ([, , weight]) => weight),
    x: azimuths.map((azimuth, i) => radiusOf(i) * Math.cos(azimuth) * Math.sin(polars[i])),
    y: azimuths.map((azimuth, i) => radiusOf(i) * Math.sin(azimuth) * Math.sin(polars[i])),
    z: polars.map((polar, i) => radiusOf(i) * Math.cos(polar)),
  };
}

function requireAbove(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new VitrineError({
    code: "range",
    at: `sphere ${name}`,
    expected: "a number above 0",
    found: `${value}`,
  });
}
