import type { ScaledAtoms } from "./scaledAtoms.ts";

/** Of what grid Gaussians are drawn, in half boxes. */
export interface DensityPlan {
  readonly shape: readonly [number, number, number];
  /** From cell to cell. */
  readonly step: number;
  /** Beyond how many of its sigmas an atom counts as nothing. */
  readonly reach: number;
  /** Whether its transform has a reasonable size. */
  readonly fits: boolean;
}

/** A density whose transform at frequencies k is the sum over cells l of data[l] exp(-2πi k·l step). */
export interface GaussianDensity {
  readonly shape: readonly [number, number, number];
  readonly step: number;
  readonly data: Float64Array;
}

/** Bytes of the largest transform. */
const MOST_BYTES = 1.5 * 2 ** 30;

/**
 * Plans a grid fine enough that what repeats itself around it (Poisson's sum) adds less than exp(-digits) up to `radiusMax`.
 */
export function planDensity(
  { positions, sigmas }: ScaledAtoms,
  { radiusMax, digits }: { readonly radiusMax: number; readonly digits: number },
): DensityPlan {
  const [least, most] = sigmas.reduce(
    ([low, high], sigma) => [Math.min(low, sigma), Math.max(high, sigma)],
    [Infinity, 0],
  );
  const step = 1 / (radiusMax + Math.sqrt(digits / 2) / (Math.PI * least));
  const reach = Math.sqrt(2 * digits);
  const sideOf = (axis: number) => {
    let far = 0;
    for (let i = axis; i < positions.length; i += 3) far = Math.max(far, Math.abs(positions[i]));
    return 2 * Math.ceil((far + reach * most) / step) + 1;
  };
  const shape = [sideOf(0), sideOf(1), sideOf(2)] as const;
  const bytes = 16 * shape.reduce((product, side) => product * (2 * side + 16), 1);
  return { shape, step, reach, fits: bytes <= MOST_BYTES };
}

/** Draws every atom as a Gaussian whose transform at frequency 0 is its amplitude. */
export function gaussianDensity(atoms: ScaledAtoms, { shape, step, reach }: DensityPlan): GaussianDensity {
  const data = new Float64Array(shape[0] * shape[1] * shape[2]);
  for (let a = 0; a < atoms.sigmas.length; a++) {
    const sigma = atoms.sigmas[a] / step;
    const height = (atoms.amplitudes[a] / sigma ** 3) * (2 * Math.PI) ** -1.5;
    const [x, y, z] = [0, 1, 2].map((axis) =>
      profile(atoms.positions[3 * a + axis] / step + (shape[axis] - 1) / 2, sigma, reach),
    );
    for (let i = 0; i < x.values.length; i++)
      for (let j = 0; j < y.values.length; j++) {
        const row = ((x.first + i) * shape[1] + y.first + j) * shape[2] + z.first;
        const share = height * x.values[i] * y.values[j];
        for (let k = 0; k < z.values.length; k++) data[row + k] += share * z.values[k];
      }
  }
  return { shape, step, data };
}

/** A Gaussian along an axis, in cells. */
function profile(
  at: number,
  sigma: number,
  reach: number,
): { readonly first: number; readonly values: Float64Array } {
  const first = Math.ceil(at - reach * sigma);
  const last = Math.floor(at + reach * sigma);
  const values = Float64Array.from({ length: last - first + 1 }, (_, i) =>
    Math.exp(-(((first + i - at) / sigma) ** 2) / 2),
  );
  return { first, values };
}
