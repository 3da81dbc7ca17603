import { VitrineError } from "../../core/index.ts";
import type { AtomicModel } from "./atomicModel.ts";
import type { TemplateDescriptor } from "./makeStack.ts";

/** Everything in half boxes. */
export interface ScaledAtoms {
  /** Of the whole structure, of which these may be some: what transforms are divided by. */
  readonly count: number;
  /** [atoms, 3] */
  readonly positions: Float64Array;
  readonly sigmas: Float64Array;
  /** Of each atom's transform at frequency 0, of Gaussians. */
  readonly amplitudes: Float64Array;
}

/** Atoms in half boxes. @throws {VitrineError} range: a box that is not square, radii that are not above 0 */
export function scaleAtoms(
  { count, positions, radiiA }: AtomicModel,
  { boxSizeA }: TemplateDescriptor,
): ScaledAtoms {
  const [box] = boxSizeA;
  if (boxSizeA[1] !== box)
    throw new VitrineError({
      code: "range",
      at: "templates of atoms",
      expected: "square images",
      found: `${boxSizeA[0]} x ${boxSizeA[1]} Å`,
    });
  const sigmas = radiiA.map((radius) => (2 * radius) / box);
  const bad = sigmas.findIndex((sigma) => !(sigma > 0 && Number.isFinite(sigma)));
  if (bad >= 0)
    throw new VitrineError({
      code: "range",
      at: `radius of atom ${bad}`,
      expected: "a number above 0",
      found: `${radiiA[bad]}`,
    });
  const amplitudes = sigmas.map((sigma) => (2 * Math.PI) ** -1.5 / (sigma ** 3 * count));
  return { count, positions: positions.map((value) => (2 * value) / box), sigmas, amplitudes };
}

/** The transform of atom `a` at frequency k, as a Gaussian. */
export function gaussian({ sigmas, amplitudes }: ScaledAtoms, a: number, k: number): number {
  return amplitudes[a] * Math.exp(-2 * (Math.PI * sigmas[a] * k) ** 2);
}

/** The same as a hard sphere. */
export function hardSphere({ sigmas, count }: ScaledAtoms, a: number, k: number): number {
  const kappa = 2 * Math.PI * k * sigmas[a];
  return ((Math.sin(kappa) - kappa * Math.cos(kappa)) * 3) / (k ** 3 * 8 * Math.PI ** 2 * count);
}

/** Those of one radius. */
export function atomsOf({ count, positions, sigmas, amplitudes }: ScaledAtoms, sigma: number): ScaledAtoms {
  const chosen = Array.from(sigmas.keys()).filter((a) => sigmas[a] === sigma);
  const places = chosen.flatMap((a) => [...positions.subarray(3 * a, 3 * a + 3)]);
  const pick = (values: Float64Array) => Float64Array.from(chosen, (a) => values[a]);
  // the number of all atoms, by which each of them is divided
  return { count, positions: Float64Array.from(places), sigmas: pick(sigmas), amplitudes: pick(amplitudes) };
}
