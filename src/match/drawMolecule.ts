import { type EulerZyz, matrixFromZyz } from "../core/index.ts";
import { computeCtf, type OpticsParameters } from "../optics/index.ts";
import type { Molecule } from "./simulateMolecule.ts";

/** Half-plane of a real (size, size) image, (size, size / 2 + 1), rows not shifted. */
interface HalfPlane {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A square image whose centre, pixel size / 2, is the molecule's origin. */
export interface StampGrid {
  /** Even, pixels. */
  readonly size: number;
  readonly pixelSizeA: number;
}

/** How a molecule lies: its rotation (an atom at x is seen at transpose(R) x) and where its origin is. */
export interface StampPose extends EulerZyz {
  /** From the centre pixel, pixels. */
  readonly shiftX: number;
  readonly shiftY: number;
}

/**
 * Draws one molecule: the Fourier transform of its atoms, written down directly, times `minusCtf`, and back.
 *
 * @param optics  with the particle's defocus; without it the plain projection (line sums) is drawn
 * @returns       (size, size), row by row; the image is periodic
 */
export function drawMolecule(
  molecule: Molecule,
  pose: StampPose,
  grid: StampGrid & { readonly optics?: OpticsParameters; readonly relativeDefocusA?: number },
): Float64Array {
  const half = transformOfAtoms(molecule, pose, grid);
  if (grid.optics !== undefined) multiplyByMinusCtf(half, { ...grid, optics: grid.optics });
  return inverseTransform(half, grid.size);
}

/** Fourier transform of the projected atoms about pixel (0, 0): sum of weight exp(-2 pi^2 sigma^2 k^2 - 2 pi i k r). */
function transformOfAtoms(
  { positionsA, weights, sigmaA }: Molecule,
  pose: StampPose,
  { size, pixelSizeA }: StampGrid,
): HalfPlane {
  const width = size / 2 + 1;
  const re = new Float64Array(size * width);
  const im = new Float64Array(size * width);
  const matrix = matrixFromZyz(pose);
  const alongX = phases(size);
  const alongY = phases(size);
  for (let atom = 0; atom < weights.length; atom++) {
    const [x, y, z] = positionsA.subarray(3 * atom, 3 * atom + 3);
    fillPhases(
      alongX,
      pose.shiftX + (matrix[0] * x + matrix[3] * y + matrix[6] * z) / pixelSizeA,
      sigmaA / pixelSizeA,
    );
    fillPhases(
      alongY,
      pose.shiftY + (matrix[1] * x + matrix[4] * y + matrix[7] * z) / pixelSizeA,
      sigmaA / pixelSizeA,
    );
    for (let ky = 0; ky < size; ky++) {
      const yRe = weights[atom] * alongY.re[ky];
      const yIm = weights[atom] * alongY.im[ky];
      const row = ky * width;
      for (let kx = 0; kx < width; kx++) {
        re[row + kx] += yRe * alongX.re[kx] - yIm * alongX.im[kx];
        im[row + kx] += yRe * alongX.im[kx] + yIm * alongX.re[kx];
      }
    }
  }
  return { re, im };
}

function phases(size: number): HalfPlane {
  return { re: new Float64Array(size), im: new Float64Array(size) };
}

/** One axis of a blob's transform: exp(-2 pi^2 sigma^2 f^2 - 2 pi i f r) at the frequencies of a discrete transform. */
function fillPhases({ re, im }: HalfPlane, r: number, sigma: number): void {
  const size = re.length;
  for (let k = 0; k < size; k++) {
    const f = (k <= size / 2 ? k : k - size) / size;
    const envelope = Math.exp(-2 * (Math.PI * sigma * f) ** 2);
    re[k] = envelope * Math.cos(2 * Math.PI * f * r);
    im[k] = -envelope * Math.sin(2 * Math.PI * f * r);
  }
}

/** Multiplies by minus the CTF: what scatters more is darker under focus. The mean is the ice's, so it goes. */
function multiplyByMinusCtf(
  { re, im }: HalfPlane,
  {
    size,
    pixelSizeA,
    optics,
    relativeDefocusA = 0,
  }: StampGrid & { readonly optics: OpticsParameters; readonly relativeDefocusA?: number },
): void {
  const ctf = computeCtf(optics, { shape: [size, size], pixelSizeA, defocusOffsetsA: [relativeDefocusA] });
  for (let i = 0; i < re.length; i++) {
    const ctfRe = ctf.isComplex ? ctf.data[2 * i] : ctf.data[i];
    const ctfIm = ctf.isComplex ? ctf.data[2 * i + 1] : 0;
    const [a, b] = [re[i], im[i]];
    re[i] = ctfIm * b - ctfRe * a;
    im[i] = -ctfRe * b - ctfIm * a;
  }
  re[0] = 0;
  im[0] = 0;
}

/**
 * The real image of a half-plane by direct sums along y, then x (two passes of size^3: cheap for one particle, and
 * plain enough to be trusted). The origin moves to pixel (size / 2, size / 2).
 */
function inverseTransform({ re, im }: HalfPlane, size: number): Float64Array {
  const width = size / 2 + 1;
  const cos = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float64Array.from({ length: size }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  const columns = { re: new Float64Array(size * width), im: new Float64Array(size * width) };
  for (let y = 0; y < size; y++) {
    for (let ky = 0; ky < size; ky++) {
      const turn = (ky * (y + size / 2)) % size;
      for (let kx = 0; kx < width; kx++) {
        const i = ky * width + kx;
        columns.re[y * width + kx] += re[i] * cos[turn] - im[i] * sin[turn];
        columns.im[y * width + kx] += re[i] * sin[turn] + im[i] * cos[turn];
      }
    }
  }
  const image = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let kx = 0; kx < width; kx++) {
      const weight = (kx === 0 || kx === size / 2 ? 1 : 2) / (size * size); // the other half-plane is the conjugate
      const a = weight * columns.re[y * width + kx];
      const b = weight * columns.im[y * width + kx];
      for (let x = 0; x < size; x++) {
        const turn = (kx * (x + size / 2)) % size;
        image[y * size + x] += a * cos[turn] - b * sin[turn];
      }
    }
  }
  return image;
}
