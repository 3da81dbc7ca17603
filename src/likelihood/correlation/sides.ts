import { VitrineError } from "../../core/index.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";
import { type Displacements, translationKernel } from "../grid/polarValues.ts";
import type { RealArray } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";

/** Templates, and how they are displaced. */
export interface TemplateSide {
  readonly templates: PolarStack;
  readonly grid: PolarGrid;
  /** Å. */
  readonly displacements: Displacements;
  /** Å, along x and y. */
  readonly boxSizeA: readonly [number, number];
}

/** Images, and what they are seen through. */
export interface ImageSide {
  readonly images: PolarStack;
  /** (images, shells, inplanes), or (images, shells, 1) where it is the same all around; without it 1. */
  readonly ctf?: {
    readonly shape: readonly [count: number, shells: number, inplanes: number];
    readonly data: RealArray;
  };
}

/** @throws {VitrineError} shape: a stack that is not on the grid; range: no images, an odd number of in-plane angles */
export function requireOnGrid(
  { shape: [count, shells, inplanes] }: PolarStack,
  grid: PolarGrid,
  at: string,
): void {
  if (grid.nInplanes % 2 !== 0 || grid.halfSpace) {
    const found = grid.halfSpace ? "half a circle" : `${grid.nInplanes}`;
    throw new VitrineError({
      code: "range",
      at: "polar grid",
      expected: "an even number of angles on whole circles",
      found,
    });
  }
  if (shells !== grid.nShells || inplanes !== grid.nInplanes) {
    const expected = `${grid.nShells} shells of ${grid.nInplanes} angles`;
    const hint = "Templates and images need the same parameters file";
    throw new VitrineError({ code: "shape", at, expected, found: `${shells} of ${inplanes}`, hint });
  }
  if (count >= 1) return;
  throw new VitrineError({ code: "range", at, expected: "at least one image", found: "none" });
}

/** ∫ |f|² of every image of a stack: what its correlations are divided by the root of. */
export function polarNorms(
  { shape: [count, shells, inplanes], data }: PolarStack,
  grid: PolarGrid,
): Float64Array {
  const norms = new Float64Array(count);
  for (let item = 0, at = 0; item < count; item++) {
    let sum = 0;
    for (let k = 0; k < shells; k++) {
      let row = 0;
      for (const end = at + 2 * inplanes; at < end; at++) row += data[at] * data[at];
      sum += row * grid.integrationWeights[k];
    }
    norms[item] = sum;
  }
  return norms;
}

/** @throws {VitrineError} range: an image that is nothing, or holds what is not a number */
export function requireNorms(norms: Float64Array, at: string): void {
  const bad = norms.findIndex((norm) => !(norm > 0 && norm < Number.POSITIVE_INFINITY));
  if (bad < 0) return;
  const found = Number.isFinite(norms[bad]) ? "nothing but zeros" : "values that are not finite";
  const hint = "Mend it, or leave it out";
  throw new VitrineError({ code: "range", at: `${at} ${bad}`, expected: "an image", found, hint });
}

/** Values in the numbers of a precision; the same array where it has them already. */
export function inPrecision(precision: "single" | "double", data: ArrayLike<number>): RealArray {
  if (precision === "single") return data instanceof Float32Array ? data : Float32Array.from(data);
  return data instanceof Float64Array ? data : Float64Array.from(data);
}

/** Kernels of all displacements: (displacements, shells, inplanes) complex. */
export function displacementTable({
  grid,
  displacements,
  boxSizeA,
}: Omit<TemplateSide, "templates">): Float64Array {
  return translationKernel(grid, displacements, boxSizeA);
}

/** A CTF on every point. @throws {VitrineError} shape: not one an image, or on another grid */
export function wholeCtf({ images, ctf }: ImageSide, precision: "single" | "double"): RealArray {
  const [count, shells, inplanes] = images.shape;
  const plane = shells * inplanes;
  if (ctf === undefined) return inPrecision(precision, new Float64Array(count * plane).fill(1));
  const [ctfs, ctfShells, angles] = ctf.shape;
  const isRight = ctfs === count && ctfShells === shells && (angles === 1 || angles === inplanes);
  if (!isRight || ctf.data.length !== ctfs * ctfShells * angles) {
    const expected = `(${count}, ${shells}, ${inplanes} or 1)`;
    throw new VitrineError({ code: "shape", at: "ctf", expected, found: `(${ctf.shape.join(", ")})` });
  }
  if (angles === inplanes) return inPrecision(precision, ctf.data);
  const whole = precision === "single" ? new Float32Array(count * plane) : new Float64Array(count * plane);
  ctf.data.forEach((value, i) => {
    whole.fill(value, i * inplanes, (i + 1) * inplanes);
  });
  return whole;
}
