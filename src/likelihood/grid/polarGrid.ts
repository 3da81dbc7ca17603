import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { gaussJacobi, interpolatoryWeights } from "./quadrature.ts";
import { roundHalfEven } from "./round.ts";

/** How shells lie: Gauss-Jacobi of weight (1 + x) or (1 + x)², or Gauss-Legendre. */
export type PolarQuadrature = "gauss-jacobi" | "gauss-jacobi-beta-2" | "gauss-legendre";

/** Shells at places of the user's own. */
export interface UserShells {
  /** Cycles per half box, all different, above 0 and up to `radiusMax`. */
  readonly radii: ArrayLike<number>;
  /** Of each shell's integral over its circle, divided by (2π)²; without them those with which polynomials are integrated exactly. */
  readonly weights?: ArrayLike<number>;
}

/** What a polar grid is made of. */
export interface PolarGridOptions {
  /** The largest spatial frequency, in cycles per half box. */
  readonly radiusMax: number;
  /** At most this far from shell to shell, on average; cycles per half box. */
  readonly distRadii: number;
  readonly quadrature?: PolarQuadrature | UserShells;
  /** Angles of every shell; without it as many as `distInplane` takes on the outermost circle. */
  readonly nInplanes?: number;
  /** Distance of neighbours on a circle, in cycles per half box; default 1 / 2π. */
  readonly distInplane?: number;
  /** Angles over half a circle alone. */
  readonly halfSpace?: boolean;
}

/** Shells of a polar grid, without their angles. */
export interface PolarShells {
  readonly radiusMax: number;
  readonly distRadii: number;
  readonly nShells: number;
  /** Cycles per half box, [shells]. */
  readonly radii: Float64Array;
  /** 2π ∫ r f(r) dr / (2π)² as a sum over shells, [shells]. */
  readonly shellWeights: Float64Array;
}

/** A grid of Fourier space whose shells all have the same angles. */
export interface PolarGrid extends PolarShells {
  readonly nInplanes: number;
  readonly halfSpace: boolean;
  /** Radians from axis 0 towards axis 1, [inplanes]. */
  readonly thetas: Float64Array;
  /** Of each point of a shell: (2π)² · shellWeights / nInplanes, [shells]. They add up, over all points, to π · radiusMax². */
  readonly integrationWeights: Float64Array;
}

/** A grid of Fourier space whose shells have more angles the larger they are; everything of [points]. */
export interface NonUniformPolarGrid extends PolarShells {
  readonly nInplanesOfShells: Int32Array;
  readonly pointRadii: Float64Array;
  readonly pointThetas: Float64Array;
  /** shellWeights / angles of the shell. */
  readonly pointWeights: Float64Array;
  readonly pointShells: Int32Array;
}

const DIST_INPLANE = 1 / (2 * Math.PI);

/**
 * A polar grid for quadrature in the Fourier space of images.
 *
 * @throws {VitrineError} range: lengths or counts that are not above 0; radii of the user that are not different, outside, or whose weights
 *   would be below 0
 *
 * @example
 * const grid = createPolarGrid({ radiusMax: 32, distRadii: 0.25, nInplanes: 256 }); // 129 shells
 *
 * Source: CryoLike 0.0.1.
 */
export function createPolarGrid(options: PolarGridOptions): PolarGrid {
  requireKnownOptions("createPolarGrid", options, {
    radiusMax: true,
    distRadii: true,
    quadrature: true,
    nInplanes: true,
    distInplane: true,
    halfSpace: true,
  });
  const { distInplane = DIST_INPLANE, halfSpace = false } = options;
  requireAbove(distInplane, "distInplane");
  const shells = createShells(options);
  const { nInplanes = inplanesAt(shells.radiusMax, distInplane) } = options;
  if (!Number.isInteger(nInplanes) || nInplanes < 1)
    throw wrong("nInplanes", "a whole number above 0", `${nInplanes}`);
  const integrationWeights = shells.shellWeights.map((weight) => ((2 * Math.PI) ** 2 * weight) / nInplanes);
  return { ...shells, nInplanes, halfSpace, thetas: circle(nInplanes, halfSpace), integrationWeights };
}

/**
 * A polar grid whose circles have points at the same distance.
 *
 * @throws {VitrineError} range: as {@link createPolarGrid}
 */
export function createNonUniformPolarGrid(options: Omit<PolarGridOptions, "nInplanes">): NonUniformPolarGrid {
  requireKnownOptions("createNonUniformPolarGrid", options, {
    radiusMax: true,
    distRadii: true,
    quadrature: true,
    distInplane: true,
    halfSpace: true,
  });
  const { distInplane = DIST_INPLANE, halfSpace = false } = options;
  requireAbove(distInplane, "distInplane");
  const shells = createShells(options);
  const nInplanesOfShells = Int32Array.from(shells.radii, (radius) => inplanesAt(radius, distInplane));
  const points = nInplanesOfShells.reduce((sum, count) => sum + count, 0);
  const pointShells = new Int32Array(points);
  const pointThetas = new Float64Array(points);
  for (let shell = 0, at = 0; shell < shells.nShells; at += nInplanesOfShells[shell++]) {
    pointShells.fill(shell, at, at + nInplanesOfShells[shell]);
    pointThetas.set(circle(nInplanesOfShells[shell], halfSpace), at);
  }
  const pointRadii = Float64Array.from(pointShells, (shell) => shells.radii[shell]);
  const pointWeights = Float64Array.from(
    pointShells,
    (shell) => shells.shellWeights[shell] / nInplanesOfShells[shell],
  );
  return { ...shells, nInplanesOfShells, pointRadii, pointThetas, pointWeights, pointShells };
}

function createShells({ radiusMax, distRadii, quadrature = "gauss-jacobi" }: PolarGridOptions): PolarShells {
  requireAbove(radiusMax, "radiusMax");
  requireAbove(distRadii, "distRadii");
  const { radii, shellWeights } =
    typeof quadrature === "object"
      ? userShells(quadrature, radiusMax)
      : gaussShells(quadrature, radiusMax, distRadii);
  return { radiusMax, distRadii, nShells: radii.length, radii, shellWeights };
}

type Shells = Pick<PolarShells, "radii" | "shellWeights">;

function gaussShells(quadrature: PolarQuadrature, radiusMax: number, distRadii: number): Shells {
  const count = 1 + Math.ceil(radiusMax / distRadii);
  const { nodes, weights } = gaussJacobi(count, BETA[quadrature]);
  const radii = nodes.map((x) => ((x + 1) * radiusMax) / 2);
  switch (quadrature) {
    case "gauss-jacobi":
      return {
        radii,
        shellWeights: weights.map((weight) => (weight * (radiusMax / 2) ** 2) / (2 * Math.PI)),
      };
    case "gauss-jacobi-beta-2":
      return { radii, shellWeights: fittedWeights(radii, radiusMax) };
    case "gauss-legendre":
      return {
        radii,
        shellWeights: weights.map((weight, i) => (weight * radii[i] * radiusMax) / (4 * Math.PI)),
      };
  }
}

const BETA = { "gauss-jacobi": 1, "gauss-jacobi-beta-2": 2, "gauss-legendre": 0 } as const;

function userShells(shells: UserShells, radiusMax: number): Shells {
  requireKnownOptions("quadrature", shells, { radii: true, weights: true });
  const { radii: given, weights } = shells;
  const radii = Float64Array.from(given);
  const isInside = radii.length > 0 && radii.every((radius) => radius > 0 && radius <= radiusMax);
  if (!isInside || new Set(radii).size < radii.length)
    throw wrong(
      "quadrature.radii",
      `different radii above 0 and up to ${radiusMax}`,
      `[${[...radii].slice(0, 8)}]`,
    );
  const shellWeights = weights === undefined ? fittedWeights(radii, radiusMax) : Float64Array.from(weights);
  if (shellWeights.length === radii.length) return { radii, shellWeights };
  throw wrong("quadrature.weights", `${radii.length} weights`, `${shellWeights.length}`);
}

function fittedWeights(radii: Float64Array, radiusMax: number): Float64Array {
  const weights = interpolatoryWeights(radii.map((radius) => radius / radiusMax));
  const bad = weights.findIndex((weight) => !(weight >= 0));
  if (bad < 0) return weights.map((weight) => (weight * radiusMax ** 2) / (2 * Math.PI));
  const found = `${weights[bad].toPrecision(3)} of radius ${radii[bad]}`;
  throw wrong(
    "quadrature.radii",
    "radii whose weights are not below 0",
    found,
    "Give the weights as well, or take radii of a Gauss quadrature",
  );
}

/** As CryoLike counts them, always even. */
function inplanesAt(radius: number, distInplane: number): number {
  const equator = 3 + roundHalfEven((2 * Math.PI * radius) / distInplane);
  return 2 * (3 + roundHalfEven(equator / 2));
}

function circle(count: number, halfSpace: boolean): Float64Array {
  const whole = halfSpace ? Math.PI : 2 * Math.PI;
  return Float64Array.from({ length: count }, (_, j) => (whole / count) * j);
}

function requireAbove(value: number, name: string): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw wrong(name, "a number above 0", `${value}`);
}

function wrong(name: string, expected: string, found: string, hint?: string): VitrineError {
  return new VitrineError({
    code: "range",
    at: `polar grid ${name}`,
    expected,
    found,
    ...(hint !== undefined && { hint }),
  });
}
