import { requireKnownOptions } from "../../io/index.ts";
import type { AtomShape } from "../descriptor/descriptor.ts";
import { createFineGrid } from "../fourier/fineGrid.ts";
import { isDouble } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";
import type { AtomicModel } from "./atomicModel.ts";
import { boxOffset } from "./fromVolume.ts";
import { type GaussianDensity, gaussianDensity, planDensity } from "./gaussianDensity.ts";
import { type GridSlices, makeGridStack, sliceAngles } from "./gridSlices.ts";
import { makeStack, type SliceOf, type TemplateDescriptor, type TemplateOptions } from "./makeStack.ts";
import { atomsOf, gaussian, hardSphere, type ScaledAtoms, scaleAtoms } from "./scaledAtoms.ts";

/** How templates of atoms are made. */
export interface AtomTemplateOptions extends TemplateOptions {
  /**
   * `direct` sums over all atoms at every point; `grid` draws them into a density and transforms that, which takes a hundredth of the time of
   * large structures. Default: whichever is faster.
   */
  readonly method?: "direct" | "grid";
}

/** Sums of an atom at a point for which drawing a density is not worth its while. */
const FEW_SUMS = 3e8;

/**
 * Templates of atoms, not normalised. Gaussians: Σ exp(-2π² σ² k² + l) exp(-2πi q·r), l = -1.5 ln 2π - 3 ln σ - ln n, less the mean over
 * the box; hard spheres: Σ (sin κ - κ cos κ) k⁻³ 3 / (8π² n) exp(-2πi q·r), κ = 2πkσ.
 *
 * @param model       as `atomicModel` has it
 * @param descriptor  `atomShape`: Gaussians or hard spheres
 * @returns           [viewing angles, shells, inplanes]
 * @throws {VitrineError} range: boxes that are not square, radii that are not above 0; aborted
 *
 * Accuracy: 1e-7 (single precision) and 1e-12 of the largest value, of both methods.
 * Source: CryoLike 0.0.1.
 */
export async function templatesFromAtoms(
  model: AtomicModel,
  descriptor: TemplateDescriptor & { readonly atomShape: AtomShape },
  options: AtomTemplateOptions = {},
): Promise<PolarStack> {
  requireKnownOptions("templatesFromAtoms", options, {
    method: true,
    backend: true,
    signal: true,
    onProgress: true,
  });
  const atoms = scaleAtoms(model, descriptor);
  const isGaussian = descriptor.atomShape === "gaussian";
  const offsets = isGaussian ? meanOffsets(atoms, descriptor) : undefined;
  if ((options.method ?? fasterMethod(atoms, descriptor)) === "direct") {
    const sliceOf = directSlices(atoms, descriptor, { isGaussian, offsets });
    return makeStack(descriptor, options, { isReal: true, sliceOf });
  }
  const [first, ...others] = densitySlices(atoms, descriptor, isGaussian);
  const part = (index: number): TemplateOptions => ({
    ...options,
    ...shareOf(options, index, others.length + 1),
  });
  const stack = await makeGridStack(descriptor, part(0), { ...first(), ...(offsets && { offsets }) });
  // one after the other: each has a grid of its own, which may be large
  for (const [i, make] of others.entries()) {
    const { data } = await makeGridStack(descriptor, part(i + 1), make());
    for (let k = 0; k < data.length; k++) stack.data[k] += data[k];
  }
  return stack;
}

/** Progress of a part of several that take as long as each other. */
function shareOf({ onProgress }: TemplateOptions, index: number, parts: number): TemplateOptions {
  if (onProgress === undefined || parts === 1) return {};
  const shared = (done: number, total: number) => Math.floor((index * total + done) / parts);
  return {
    onProgress: ({ done, total, unit, rate }) =>
      onProgress({ done: shared(done, total), total, unit, rate: rate / parts }),
  };
}

function fasterMethod(atoms: ScaledAtoms, descriptor: TemplateDescriptor): "direct" | "grid" {
  const { viewingAngles, polarGrid } = descriptor;
  const sums = (viewingAngles.count * polarGrid.nShells * polarGrid.nInplanes * atoms.count) / 2;
  return sums < FEW_SUMS ? "direct" : "grid";
}

/** What the mean over the box is, (shells, angles of a slice). */
function meanOffsets({ amplitudes }: ScaledAtoms, descriptor: TemplateDescriptor): Float64Array {
  const centre = amplitudes.reduce((sum, amplitude) => sum + amplitude, 0);
  return boxOffset(descriptor.polarGrid, sliceAngles(descriptor)).map((offset) => centre * offset);
}

/** Sums over all atoms. */
function directSlices(
  atoms: ScaledAtoms,
  { polarGrid }: TemplateDescriptor,
  { isGaussian, offsets }: { readonly isGaussian: boolean; readonly offsets: Float64Array | undefined },
): SliceOf {
  const { radii, nShells } = polarGrid;
  const factors = new Float64Array(atoms.count * nShells);
  for (let a = 0; a < atoms.count; a++)
    for (let n = 0; n < nShells; n++)
      factors[a * nShells + n] = isGaussian ? gaussian(atoms, a, radii[n]) : hardSphere(atoms, a, radii[n]);
  return ({ x, y, z }, values) => {
    values.fill(0);
    const { positions } = atoms;
    for (let j = 0; j < x.length; j++)
      for (let a = 0; a < atoms.count; a++) {
        const along = x[j] * positions[3 * a] + y[j] * positions[3 * a + 1] + z[j] * positions[3 * a + 2];
        addAtom(values, {
          along: -2 * Math.PI * along,
          radii,
          factors,
          from: a * nShells,
          first: 2 * j,
          step: 2 * x.length,
        });
      }
    offsets?.forEach((offset, i) => {
      values[2 * i] -= offset;
    });
  };
}

interface AtomSum {
  readonly along: number;
  readonly radii: Float64Array;
  readonly factors: Float64Array;
  readonly from: number;
  readonly first: number;
  readonly step: number;
}

function addAtom(values: Float64Array, { along, radii, factors, from, first, step }: AtomSum): void {
  for (let n = 0, to = first; n < radii.length; n++, to += step) {
    values[to] += factors[from + n] * Math.cos(along * radii[n]);
    values[to + 1] += factors[from + n] * Math.sin(along * radii[n]);
  }
}

/** Gaussians that a grid resolves are drawn as they are, all at once; others, and spheres, radius by radius. */
function densitySlices(
  atoms: ScaledAtoms,
  descriptor: TemplateDescriptor,
  isGaussian: boolean,
): (() => GridSlices)[] {
  const { polarGrid, precision } = descriptor;
  const plan = planDensity(atoms, { radiusMax: polarGrid.radiusMax, digits: digitsOf(precision) });
  if (isGaussian && plan.fits) return [() => slicesOf(gaussianDensity(atoms, plan), descriptor)];
  const factor = isGaussian ? gaussian : hardSphere;
  return [...new Set(atoms.sigmas)].map(
    (sigma) => () => groupSlices(atomsOf(atoms, sigma), descriptor, factor),
  );
}

/** Decimal digits, as a natural logarithm. */
function digitsOf(precision: TemplateDescriptor["precision"]): number {
  return Math.log(isDouble(precision) ? 1e14 : 1e9);
}

function slicesOf(density: GaussianDensity, { precision }: TemplateDescriptor): GridSlices {
  const grid = createFineGrid(density.shape, { eps: isDouble(precision) ? 1e-13 : 1e-7, sign: -1 });
  return { grid, data: density.data, scale: 2 * Math.PI * density.step };
}

/** What is left, at the largest frequency, of the Gaussian that stands for an atom. */
const LEAST_LEFT = { single: 1e-2, double: 1e-1 } as const;

/**
 * Atoms of one radius: drawn as Gaussians that suit the grid, whose transform is divided by theirs and multiplied by that of an atom.
 */
function groupSlices(
  group: ScaledAtoms,
  descriptor: TemplateDescriptor,
  factor: (atoms: ScaledAtoms, a: number, k: number) => number,
): GridSlices {
  const { polarGrid, precision } = descriptor;
  const { radii, radiusMax } = polarGrid;
  const left = LEAST_LEFT[isDouble(precision) ? "double" : "single"];
  const sigma = Math.sqrt(-Math.log(left) / 2) / (Math.PI * radiusMax);
  const drawn = { ...group, sigmas: group.sigmas.map(() => sigma), amplitudes: group.sigmas.map(() => 1) };
  const plan = planDensity(drawn, { radiusMax, digits: digitsOf(precision) - Math.log(left) });
  const gains = radii.map((k) => factor(group, 0, k) * Math.exp(2 * (Math.PI * sigma * k) ** 2));
  return { ...slicesOf(gaussianDensity(drawn, plan), descriptor), gains };
}
