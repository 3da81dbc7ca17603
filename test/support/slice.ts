import { type MagnificationMatrix, magnifiedFrequency } from "../../src/optics/index.ts";
import { type Complex64, rfft3 } from "./dft.ts";

/**
 * The transform of a cubic volume as central slices read it: the origin at voxel n/2 is moved to voxel 0, the half
 * transform is taken, and z and y are shifted so that frequency 0 lies at index n/2 there and at index 0 in x.
 *
 * @param volume (n, n, n) zyx; for odd n, n/2 is rounded down everywhere
 * @returns      (n, n, n/2 + 1) complex interleaved
 */
export function prepareVolume(volume: ArrayLike<number>, n: number): Complex64 {
  const centre = Math.floor(n / 2);
  const rolled = Float64Array.from({ length: n ** 3 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n].map((v) => (v + centre) % n);
    return volume[(z * n + y) * n + x];
  });
  const half = rfft3(rolled, [n, n, n]);
  const columns = centre + 1;
  return half.map((_, i) => {
    const [part, x] = [i % 2, (i >> 1) % columns];
    const row = Math.floor((i >> 1) / columns);
    const [z, y] = [Math.floor(row / n), row % n].map((v) => (v + n - centre) % n);
    return half[2 * ((z * n + y) * columns + x) + part];
  });
}

/** Below this, a frequency along x (cycles/pixel) counts as 0. */
const ZERO_FREQUENCY = 1e-8;

/**
 * One central slice, in float64: the specification that fast kernels are tested against.
 *
 * For every (kx, ky) with kx in 0..n/2 and ky in -n/2..n/2-1:
 * 1. q = R (kx, ky, 0) in xyz.
 * 2. The half that is not stored is the conjugate of its opposite. If q_x/n <= -1e-8, conjugate. If |q_x/n| < 1e-8,
 *    q_x counts as 0; conjugate where R_xx < 0, or, if |R_xx| <= 1e-7, where R_xy < 0. Where conjugated, q becomes -q.
 * 3. Trilinear interpolation of real and imaginary parts at index (q_z + n/2, q_y + n/2, q_x). An index below 0 or
 *    above the last one (n-1, n-1, n/2) gives 0: nothing wraps.
 * 4. Conjugate the sample where 2 says so.
 *
 * @param volume  from `prepareVolume`
 * @param matrix3 row-major rotation acting on xyz columns, float32 values
 * @returns       (n, n/2 + 1) complex interleaved; rows as an FFT gives them, ky = -n/2 at row n/2; DC kept, sign kept
 */
export function referenceSlice(
  volume: Complex64,
  n: number,
  matrix3: ArrayLike<number> & Iterable<number>,
): Complex64 {
  const centre = Math.floor(n / 2);
  const columns = centre + 1;
  const out = new Float64Array(2 * n * columns);
  for (let row = 0; row < n; row++) {
    const ky = row < n / 2 ? row : row - n;
    for (let kx = 0; kx < columns; kx++) {
      const q = [0, 3, 6].map((r) => matrix3[r] * kx + matrix3[r + 1] * ky);
      const conjugate = isConjugated(q[0] / n, matrix3);
      const [qx, qy, qz] = conjugate ? q.map((v) => -v) : q;
      const x = Math.abs(qx / n) < ZERO_FREQUENCY ? 0 : qx;
      const [re, im] = trilinear(volume, n, [qz + centre, qy + centre, x]);
      out[2 * (row * columns + kx)] = re;
      out[2 * (row * columns + kx) + 1] = conjugate ? -im : im;
    }
  }
  return out;
}

function isConjugated(frequencyX: number, [xx, xy]: ArrayLike<number> & Iterable<number>): boolean {
  if (Math.abs(frequencyX) >= ZERO_FREQUENCY) return frequencyX < 0;
  return Math.abs(xx) > 1e-7 ? xx < 0 : xy < 0;
}

function trilinear(volume: Complex64, n: number, index: readonly number[]): readonly [number, number] {
  const last = [n - 1, n - 1, Math.floor(n / 2)];
  if (index.some((v, axis) => v < 0 || v > last[axis])) return [0, 0];
  const low = index.map((v, axis) => Math.min(Math.floor(v), last[axis] - 1));
  const share = index.map((v, axis) => v - low[axis]);
  let [re, im] = [0, 0];
  for (let corner = 0; corner < 8; corner++) {
    const step = [corner >> 2, (corner >> 1) & 1, corner & 1];
    const weight = step.reduce((w, s, axis) => w * (s === 1 ? share[axis] : 1 - share[axis]), 1);
    const [z, y, x] = low.map((v, axis) => v + step[axis]);
    const at = 2 * ((z * n + y) * (last[2] + 1) + x);
    re += weight * volume[at];
    im += weight * volume[at + 1];
  }
  return [re, im];
}

/**
 * Applies a magnification matrix to a slice, bilinearly, and divides by |det A|: the transform of the image
 * p(A (y, x)) for an image p. The value at (ky, kx) is the slice's at (A⁻¹)ᵀ (ky, kx), 0 outside the stored rows
 * -n/2..n/2-1 and columns 0..n/2.
 *
 * Leopard-EM also puts 0 where the column falls below 0, which for a sheared matrix empties half of the column
 * kx = 0: `redundantHalf: "zero"` does that, "conjugate" takes the conjugate of the opposite frequency.
 *
 * @param slice from `referenceSlice`
 */
export function magnifySlice(
  slice: Complex64,
  n: number,
  { matrix, redundantHalf }: { matrix: MagnificationMatrix; redundantHalf: "zero" | "conjugate" },
): Complex64 {
  const columns = Math.floor(n / 2) + 1;
  const determinant = Math.abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]);
  const out = new Float64Array(slice.length);
  for (let row = 0; row < n; row++) {
    for (let kx = 0; kx < columns; kx++) {
      const [qy, qx] = magnifiedFrequency(matrix, row < n / 2 ? row : row - n, kx);
      const flip = qx < 0 && redundantHalf === "conjugate" ? -1 : 1;
      const [re, im] = bilinear(slice, n, [flip * qy, flip * qx]);
      out[2 * (row * columns + kx)] = re / determinant;
      out[2 * (row * columns + kx) + 1] = (flip * im) / determinant;
    }
  }
  return out;
}

function bilinear(
  slice: Complex64,
  n: number,
  [qy, qx]: readonly [number, number],
): readonly [number, number] {
  const half = Math.floor(n / 2);
  const last = n - 1 - half;
  if (qy < -half || qy > last || qx < 0 || qx > half) return [0, 0];
  const [y, x] = [Math.min(Math.floor(qy), last - 1), Math.min(Math.floor(qx), half - 1)];
  const at = (ky: number, kx: number) => 2 * (((ky + n) % n) * (half + 1) + kx);
  const [b, a] = [qy - y, qx - x];
  const corners = [at(y, x), at(y, x + 1), at(y + 1, x), at(y + 1, x + 1)];
  const weights = [(1 - b) * (1 - a), (1 - b) * a, b * (1 - a), b * a];
  const part = (offset: number) =>
    corners.reduce((sum, corner, i) => sum + weights[i] * slice[corner + offset], 0);
  return [part(0), part(1)];
}
