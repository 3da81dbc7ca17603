import { type EulerZyz, matrixFromZyz } from "../../core/index.ts";
import { computeCtf, type OpticsParameters } from "../../optics/index.ts";
import { opticsOfCtf } from "../config/opticsOfCtf.ts";
import { gaussianProfile, type Molecule } from "./simulateMolecule.ts";

/** Half-plane of a real (size, size) image, (size, size / 2 + 1), rows not shifted. */
export interface HalfPlane {
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
 * Draws one molecule: every atom as a Gaussian blob where the rotation puts it, then minus the CTF by direct Fourier
 * sums (three passes of size^3: cheap for one particle, and plain enough to be trusted).
 *
 * @param grid  optics: with relativeDefocusA added to both its defocus values; without optics the plain projection
 *   (line sums) is drawn
 * @returns     (size, size), row by row; with optics the image is periodic and its mean is 0
 */
export function drawMolecule(
  molecule: Molecule,
  pose: StampPose,
  grid: StampGrid & { readonly optics?: OpticsParameters; readonly relativeDefocusA?: number },
): Float64Array {
  const image = projectAtoms(molecule, pose, grid);
  if (grid.optics === undefined) return image;
  const half = forwardTransform(image, grid.size);
  multiplyByMinusCtf(half, { ...grid, optics: grid.optics });
  return inverseTransform(half, grid.size);
}

function projectAtoms(
  { positionsA, weights, sigmaA }: Molecule,
  pose: StampPose,
  { size, pixelSizeA }: StampGrid,
): Float64Array {
  const m = matrixFromZyz(pose);
  const image = new Float64Array(size * size);
  const [alongX, alongY] = [new Float64Array(size), new Float64Array(size)];
  for (let atom = 0; atom < weights.length; atom++) {
    const [x, y, z] = positionsA.subarray(3 * atom, 3 * atom + 3);
    const seenX = size / 2 + pose.shiftX + (m[0] * x + m[3] * y + m[6] * z) / pixelSizeA;
    const seenY = size / 2 + pose.shiftY + (m[1] * x + m[4] * y + m[7] * z) / pixelSizeA;
    const spanX = gaussianProfile(alongX, seenX, sigmaA / pixelSizeA);
    const spanY = gaussianProfile(alongY, seenY, sigmaA / pixelSizeA);
    for (let py = spanY[0]; py < spanY[1]; py++) {
      for (let px = spanX[0]; px < spanX[1]; px++)
        image[py * size + px] += weights[atom] * alongY[py] * alongX[px];
    }
  }
  return image;
}

/** Multiplies by minus the CTF: what scatters more is darker under focus. The mean is the ice's, so it goes. */
export function multiplyByMinusCtf(
  { re, im }: HalfPlane,
  {
    size,
    pixelSizeA,
    optics,
    relativeDefocusA = 0,
  }: StampGrid & { readonly optics: OpticsParameters; readonly relativeDefocusA?: number },
): void {
  const ctf = computeCtf(opticsOfCtf(optics), {
    shape: [size, size],
    pixelSizeA,
    defocusOffsetsA: [relativeDefocusA],
  });
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

/** cos and sin of 2 pi i / size. */
function turns(size: number): { readonly cos: Float64Array; readonly sin: Float64Array } {
  const angle = (i: number) => (2 * Math.PI * i) / size;
  return {
    cos: Float64Array.from({ length: size }, (_, i) => Math.cos(angle(i))),
    sin: Float64Array.from({ length: size }, (_, i) => Math.sin(angle(i))),
  };
}

/** Half-plane of a real image: exp(-i) sums along x, then y. */
function forwardTransform(image: Float64Array, size: number): HalfPlane {
  const width = size / 2 + 1;
  const { cos, sin } = turns(size);
  const rows = { re: new Float64Array(size * width), im: new Float64Array(size * width) };
  for (let y = 0; y < size; y++) {
    for (let kx = 0; kx < width; kx++) {
      let re = 0;
      let im = 0;
      for (let x = 0; x < size; x++) {
        const turn = (kx * x) % size;
        re += image[y * size + x] * cos[turn];
        im -= image[y * size + x] * sin[turn];
      }
      rows.re[y * width + kx] = re;
      rows.im[y * width + kx] = im;
    }
  }
  return transformColumns(rows, size, -1);
}

/** The real image of a half-plane: exp(+i) sums along y, then x. */
function inverseTransform(half: HalfPlane, size: number): Float64Array {
  const width = size / 2 + 1;
  const { cos, sin } = turns(size);
  const columns = transformColumns(half, size, 1);
  const image = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let kx = 0; kx < width; kx++) {
      const weight = (kx === 0 || kx === size / 2 ? 1 : 2) / (size * size); // the other half-plane is the conjugate
      const re = weight * columns.re[y * width + kx];
      const im = weight * columns.im[y * width + kx];
      for (let x = 0; x < size; x++) {
        const turn = (kx * x) % size;
        image[y * size + x] += re * cos[turn] - im * sin[turn];
      }
    }
  }
  return image;
}

/** Complex sums along y of every column, exp(sign i). */
function transformColumns({ re, im }: HalfPlane, size: number, sign: 1 | -1): HalfPlane {
  const width = size / 2 + 1;
  const { cos, sin } = turns(size);
  const result = { re: new Float64Array(size * width), im: new Float64Array(size * width) };
  for (let to = 0; to < size; to++) {
    for (let from = 0; from < size; from++) {
      const turn = (to * from) % size;
      const c = cos[turn];
      const s = sign * sin[turn];
      for (let kx = 0; kx < width; kx++) {
        const a = re[from * width + kx];
        const b = im[from * width + kx];
        result.re[to * width + kx] += a * c - b * s;
        result.im[to * width + kx] += a * s + b * c;
      }
    }
  }
  return result;
}
