import { VitrineError } from "../../core/index.ts";
import type { AtomShape } from "../descriptor/descriptor.ts";
import { createFineGrid, emptyGrid, modesToGrid } from "../fourier/fineGrid.ts";
import { interpolate, planPoints, roomForPoints } from "../fourier/points.ts";
import { isDouble } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";
import type { AtomicModel } from "./atomicModel.ts";
import { boxOffset } from "./fromVolume.ts";
import { gaussianDensity, planDensity } from "./gaussianDensity.ts";
import { makeStack, type SliceOf, type TemplateDescriptor, type TemplateOptions } from "./makeStack.ts";
import { type Directions, isHalved, slicePoints } from "./slices.ts";

/** How templates of atoms are made. */
export interface AtomTemplateOptions extends TemplateOptions {
  /**
   * `direct` sums over all atoms at every point; `grid` (Gaussians alone) draws them into a density and transforms that, which takes a
   * hundredth of the time of large structures. Default: whichever is faster.
   */
  readonly method?: "direct" | "grid";
}

/** Everything in half boxes. */
export interface ScaledAtoms {
  readonly count: number;
  /** [atoms, 3] */
  readonly positions: Float64Array;
  readonly sigmas: Float64Array;
  /** Of each atom's transform at frequency 0, of Gaussians. */
  readonly amplitudes: Float64Array;
}

/** Sums of an atom at a point for which drawing a density is not worth its while. */
const FEW_SUMS = 3e8;

/**
 * Templates of atoms, not normalised. Gaussians: Σ exp(-2π² σ² k² + l) exp(-2πi q·r), l = -1.5 ln 2π - 3 ln σ - ln n, less the mean over
 * the box; hard spheres: Σ (sin κ - κ cos κ) k⁻³ 3 / (8π² n) exp(-2πi q·r), κ = 2πkσ.
 *
 * @param model  as `atomicModel` has it
 * @param shape  default: hard spheres
 * @returns      [viewing angles, shells, inplanes]
 * @throws {VitrineError} range: boxes that are not square, radii that are not above 0; unsupported: hard spheres on a grid; aborted
 *
 * Accuracy: 1e-7 (single precision) and 1e-12 of the largest value, of both methods.
 * Source: CryoLike 0.0.1.
 */
export async function templatesFromAtoms(
  model: AtomicModel,
  descriptor: TemplateDescriptor & { readonly atomShape: AtomShape },
  options: AtomTemplateOptions = {},
): Promise<PolarStack> {
  const atoms = scaleAtoms(model, descriptor);
  const isGaussian = descriptor.atomShape === "gaussian";
  if (options.method === "grid" && !isGaussian)
    throw new VitrineError({
      code: "unsupported",
      at: "templatesFromAtoms method",
      expected: "direct sums of hard spheres",
      found: "grid",
    });
  const method = options.method ?? (isGaussian ? fasterMethod(atoms, descriptor) : "direct");
  const bare =
    method === "grid" ? gridSlices(atoms, descriptor) : directSlices(atoms, descriptor, isGaussian);
  const sliceOf = isGaussian ? lessMean(bare, atoms, descriptor) : bare;
  return makeStack(descriptor, options, { isReal: true, sliceOf });
}

function scaleAtoms(
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

function fasterMethod(atoms: ScaledAtoms, descriptor: TemplateDescriptor): "direct" | "grid" {
  const { viewingAngles, polarGrid, precision } = descriptor;
  const sums = (viewingAngles.count * polarGrid.nShells * polarGrid.nInplanes * atoms.count) / 2;
  return sums < FEW_SUMS || !planDensity(atoms, { radiusMax: polarGrid.radiusMax, precision }).fits
    ? "direct"
    : "grid";
}

function usedAngles({ polarGrid }: TemplateDescriptor): number {
  return isHalved(polarGrid) ? polarGrid.nInplanes / 2 : polarGrid.nInplanes;
}

function lessMean(slices: SliceOf, { amplitudes }: ScaledAtoms, descriptor: TemplateDescriptor): SliceOf {
  const offset = boxOffset(descriptor.polarGrid, usedAngles(descriptor));
  const centre = amplitudes.reduce((sum, amplitude) => sum + amplitude, 0);
  return (directions, values) => {
    slices(directions, values);
    for (let i = 0; i < offset.length; i++) values[2 * i] -= centre * offset[i];
  };
}

/** Sums over all atoms. */
function directSlices(atoms: ScaledAtoms, { polarGrid }: TemplateDescriptor, isGaussian: boolean): SliceOf {
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

function gaussian({ sigmas, amplitudes }: ScaledAtoms, a: number, k: number): number {
  return amplitudes[a] * Math.exp(-2 * (Math.PI * sigmas[a] * k) ** 2);
}

function hardSphere({ sigmas, count }: ScaledAtoms, a: number, k: number): number {
  const kappa = 2 * Math.PI * k * sigmas[a];
  return ((Math.sin(kappa) - kappa * Math.cos(kappa)) * 3) / (k ** 3 * 8 * Math.PI ** 2 * count);
}

/** The transform of the density of all atoms. */
function gridSlices(atoms: ScaledAtoms, descriptor: TemplateDescriptor): SliceOf {
  const { polarGrid, precision } = descriptor;
  const { radii, nShells, radiusMax } = polarGrid;
  const density = gaussianDensity(atoms, planDensity(atoms, { radiusMax, precision }));
  const grid = createFineGrid(density.shape, { eps: isDouble(precision) ? 1e-13 : 1e-7, sign: -1 });
  const cells = emptyGrid(grid);
  modesToGrid(grid, { data: density.data, isReal: true }, cells);
  const points = roomForPoints(nShells * usedAngles(descriptor), { axes: 3, width: grid.spreading.width });
  return (directions: Directions, values) => {
    planPoints(grid, slicePoints(directions, radii, 2 * Math.PI * density.step), points);
    interpolate(grid, cells, points, values);
  };
}
