import { type Backend, createFft, type FftPlan } from "../../compute/index.ts";
import { firstNotFinite, matrixFromZyz, VitrineError, type Volume } from "../../core/index.ts";
import type { OpticsParameters } from "../../optics/index.ts";
import { type HalfPlane, multiplyByMinusCtf, type StampPose } from "./drawMolecule.ts";

/** What happens to a projection on its way to the image. */
export interface ProjectionOptics {
  readonly optics: OpticsParameters;
  /** Added to both defocus values, Å. */
  readonly relativeDefocusA: number;
}

/** Voxels below this share of the largest are passed over: rounding of the map's own making. */
const NEGLIGIBLE = 1e-6;

/** Points are spread on a grid this many times finer, by Gaussians that end after REACH of its pixels. */
const FOLD = 2;
const REACH = 4;

/** Of the Gaussian, so that what is cut off weighs as much as what the finer grid folds back: exp(-8.9) at Nyquist. */
const SIGMA = Math.sqrt(REACH / (Math.PI * Math.SQRT2));

/**
 * Projects a map in any orientation: every voxel is a point that the rotation moves, and the image is the sum of the
 * band-limited points (a non-uniform Fourier transform). Nothing is interpolated, and nothing of a search's slices is
 * used, so that a pose found is an independent check.
 *
 * Frequencies beyond 0.5 cycles/pixel are left out in every direction. Outside the map there is nothing.
 *
 * Accuracy: 2e-4 of the image's peak beside atoms that are drawn one by one (projectMap.test.ts).
 * Source: Dutt & Rokhlin 1993, SIAM J Sci Comput 14:1368; Greengard & Lee 2004, SIAM Review 46:443 (Gaussian gridding).
 */
export class MapProjector {
  readonly #map: Volume;
  readonly #size: number;
  readonly #fine: FftPlan;
  readonly #image: FftPlan;
  readonly #gain: Float64Array;
  readonly #threshold: number;

  /**
   * @param map   (n, n, n) zyx, voxelSizeA in Å; its centre is voxel floor(n / 2)
   * @param size  of the images, pixels as large as voxels; even
   * @throws {VitrineError} shape: a map that is no cube; range: NaN, infinity or only zeros in it, or an odd size
   */
  constructor(backend: Backend, map: Volume, size: number) {
    requireProjectable(map, "MapProjector(map)");
    requireEven(size);
    this.#map = map;
    this.#size = size;
    this.#gain = spreadingGain(size);
    this.#threshold = NEGLIGIBLE * map.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.#image = createFft(backend, { kind: "real2d", shape: [size, size] });
    this.#fine = createFft(backend, { kind: "real2d", shape: [FOLD * size, FOLD * size] });
  }

  /**
   * One projection: a point at x of the map is seen at transpose(R) x from pixel size / 2, shifted.
   *
   * @param microscope  multiplies by minus the CTF (what scatters more is darker under focus) and takes the mean away;
   *   without it the plain projection
   * @returns           (size, size), row by row: sums of the map's values along the beam
   */
  async project(
    pose: StampPose,
    microscope?: ProjectionOptics,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Float32Array> {
    const size = this.#size;
    this.#fine.set("real", this.#spread(pose));
    await this.#fine.run("forward", options);
    const fine = new Float32Array(FOLD * size * (FOLD * size + 2));
    this.#fine.read("spectrum", fine);
    const half = cutSpectrum(fine, size, this.#gain);
    const grid = { size, pixelSizeA: this.#map.voxelSizeA };
    if (microscope !== undefined) multiplyByMinusCtf(half, { ...grid, ...microscope });
    this.#image.set("spectrum", interleave(half));
    await this.#image.run("inverse", options);
    const image = new Float32Array(size * size);
    this.#image.read("real", image);
    return image;
  }

  dispose(): void {
    this.#fine.dispose();
    this.#image.dispose();
  }

  /** Every voxel as a Gaussian on the finer grid, which is periodic. */
  #spread(pose: StampPose): Float32Array {
    const { data, shape } = this.#map;
    const n = shape[0];
    const m = matrixFromZyz(pose);
    const side = FOLD * this.#size;
    const image = new Float32Array(side * side);
    const centre = Math.floor(n / 2);
    const [alongX, alongY] = [new Float64Array(2 * REACH), new Float64Array(2 * REACH)];
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (Math.abs(value) <= this.#threshold) continue;
      const x = (i % n) - centre;
      const y = (Math.floor(i / n) % n) - centre;
      const z = Math.floor(i / (n * n)) - centre;
      const seenX = FOLD * (this.#size / 2 + pose.shiftX + m[0] * x + m[3] * y + m[6] * z);
      const seenY = FOLD * (this.#size / 2 + pose.shiftY + m[1] * x + m[4] * y + m[7] * z);
      const left = fillGaussian(alongX, seenX);
      const top = fillGaussian(alongY, seenY);
      for (let r = 0; r < 2 * REACH; r++) {
        const row = wrap(top + r, side) * side;
        const weight = value * alongY[r];
        for (let c = 0; c < 2 * REACH; c++) image[row + wrap(left + c, side)] += weight * alongX[c];
      }
    }
    return image;
  }
}

function wrap(index: number, length: number): number {
  if (index >= 0 && index < length) return index;
  return ((index % length) + length) % length;
}

/** exp(-(i - position)² / 2σ²) at the 2 REACH pixels around a position; returns the first of them. */
function fillGaussian(values: Float64Array, position: number): number {
  const first = Math.floor(position) - REACH + 1;
  for (let k = 0; k < values.length; k++) values[k] = Math.exp(-0.5 * ((first + k - position) / SIGMA) ** 2);
  return first;
}

/** One over the Gaussian's transform at the frequencies of an image's axis, which lie FOLD times lower on the finer grid. */
function spreadingGain(size: number): Float64Array {
  return Float64Array.from({ length: size / 2 + 1 }, (_, k) => {
    const frequency = k / (FOLD * size);
    return Math.exp(2 * (Math.PI * SIGMA * frequency) ** 2) / (SIGMA * Math.sqrt(2 * Math.PI));
  });
}

/** The part of the finer spectrum that the image holds, without the spreading. */
function cutSpectrum(fine: Float32Array, size: number, gain: Float64Array): HalfPlane {
  const width = size / 2 + 1;
  const fineWidth = (FOLD * size) / 2 + 1;
  const half = { re: new Float64Array(size * width), im: new Float64Array(size * width) };
  for (let row = 0; row < size; row++) {
    const ky = row < size / 2 ? row : row - size;
    const fineRow = (ky < 0 ? ky + FOLD * size : ky) * fineWidth;
    for (let kx = 0; kx < width; kx++) {
      if (kx * kx + ky * ky >= (size * size) / 4) continue;
      const factor = gain[kx] * gain[Math.abs(ky)];
      half.re[row * width + kx] = factor * fine[2 * (fineRow + kx)];
      half.im[row * width + kx] = factor * fine[2 * (fineRow + kx) + 1];
    }
  }
  return half;
}

/** Real and imaginary parts in turn. */
function interleave({ re, im }: HalfPlane): Float32Array {
  const values = new Float32Array(2 * re.length);
  for (let i = 0; i < re.length; i++) {
    values[2 * i] = re[i];
    values[2 * i + 1] = im[i];
  }
  return values;
}

/**
 * Refuses what cannot be projected.
 *
 * @param at  how messages call the map
 * @throws {VitrineError} shape: no cube; range: NaN or infinity, or nothing but zeros
 */
export function requireProjectable({ data, shape }: Volume, at: string): void {
  const fault = (code: "shape" | "range", expected: string, found: string) =>
    new VitrineError({ code, at, expected, found });
  if (shape[0] !== shape[1] || shape[1] !== shape[2] || data.length !== shape[0] ** 3)
    throw fault("shape", "a cubic map", shape.join(" x "));
  const bad = firstNotFinite(data);
  if (bad >= 0) throw fault("range", "finite values", `${data[bad]} in voxel ${bad}`);
  if (data.every((value) => value === 0)) throw fault("range", "values other than 0", "only zeros");
}

function requireEven(size: number): void {
  if (Number.isInteger(size) && size >= 2 && size % 2 === 0) return;
  const found = String(size);
  throw new VitrineError({ code: "range", at: "MapProjector(size)", expected: "an even number", found });
}
