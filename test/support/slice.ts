import { type MagnificationMatrix, magnifiedFrequency } from "../../src/optics/index.ts";
import { type Complex64, rfft3 } from "./dft.ts";

/** A cube's half spectrum (side, side, side/2+1, 2) in natural order, the cube's centre moved to voxel 0. */
export interface SliceVolume {
  readonly data: Complex64;
  readonly side: number;
}

/** The spectrum that central slices are read from. @param volume (n, n, n) zyx; for odd n, n/2 is rounded down everywhere */
export function prepareVolume(volume: ArrayLike<number>, n: number): SliceVolume {
  const centre = Math.floor(n / 2);
  const rolled = Float64Array.from({ length: n ** 3 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n].map((v) => (v + centre) % n);
    return volume[(z * n + y) * n + x];
  });
  return { data: rfft3(rolled, [n, n, n]), side: n };
}

/** Below this, a frequency along x (cycles/pixel) counts as 0. */
const ZERO_FREQUENCY = 1e-8;

/** A rotation as slices take it: row-major, acting on xyz columns; float32 values. */
type Rotation = ArrayLike<number>;

/**
 * One central slice, in float64: the specification that fast kernels are tested against.
 *
 * For every (kx, ky) with kx in 0..n/2 and ky in -n/2..n/2-1:
 * 1. q = R (kx, ky, 0) in xyz, times side/n where the volume was padded.
 * 2. The half that is not stored is the conjugate of its opposite. If q_x/side <= -1e-8, conjugate. If |q_x/side| < 1e-8,
 *    q_x counts as 0; conjugate where R_xx < 0, or, if |R_xx| <= 1e-7, where R_xy < 0. Where conjugated, q becomes -q.
 * 3. Trilinear interpolation of real and imaginary parts at index (q_z + side/2, q_y + side/2, q_x), frequency 0 of y and z lying at
 *    side/2. An index below 0 or above the last one (side-1, side-1, side/2) gives 0: nothing wraps.
 * 4. Conjugate the sample where 2 says so.
 *
 * @param volume  from `prepareVolume`
 * @returns       (n, n/2 + 1) complex interleaved; rows as an FFT gives them, ky = -n/2 at row n/2; DC kept, sign kept
 */
export function referenceSlice(volume: SliceVolume, n: number, rotation: Rotation): Complex64 {
  const { side } = volume;
  const [centre, factor] = [Math.floor(side / 2), side / n];
  return sliceAt(volume, n, (kx, ky) => {
    const q = (row: number) => factor * (rotation[row] * kx + rotation[row + 1] * ky);
    const x = q(0);
    const isZero = Math.abs(x / side) < ZERO_FREQUENCY;
    const flips = isZero ? flipsAtZero(rotation) : x < 0;
    const sign = flips ? -1 : 1;
    return { x: isZero ? 0 : sign * x, y: sign * q(3) + centre, z: sign * q(6) + centre, flips };
  });
}

/**
 * The slice as Leopard-EM takes it: places are computed in float32, in the peer's steps. Where rounding puts an x frequency just below
 * 0 the sample lies outside and is 0.
 */
export function peerSlice(volume: SliceVolume, n: number, rotation: Rotation): Complex64 {
  const { side } = volume;
  const [f, centre] = [Math.fround, Math.floor(side / 2)];
  const [spacing, sample, tiny] = [f(1 / n), f(1 / side), f(ZERO_FREQUENCY)];
  const interval = f(1 - sample);
  // side/2 without rounding down: for an odd side frequency 0 lies at index (side - 1)/2
  const middle = side % 2 === 0 ? 0.5 : f(centre * sample);
  const index = (q: number) => f(f(f(q + middle) / interval) * (side - 1));
  const zeroRule = flipsAtZero(rotation);
  return sliceAt(volume, n, (kx, ky) => {
    const u = f(kx * spacing);
    const v = f(ky * spacing);
    const q = (row: number) => f(f(u * rotation[row]) + f(rotation[row + 1] * v));
    const x = q(0);
    const flips = x < -tiny || (Math.abs(x) < tiny && zeroRule);
    const sign = flips ? -1 : 1;
    return { x: f(sign * x * 2 * (side / 2)), y: index(sign * q(3)), z: index(sign * q(6)), flips };
  });
}

function flipsAtZero(rotation: Rotation): boolean {
  return Math.abs(rotation[0]) > 1e-7 ? rotation[0] < 0 : rotation[1] < 0;
}

/** Index of a sample, y and z counted from -side/2, and whether its conjugate is meant. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly flips: boolean;
}

function sliceAt(volume: SliceVolume, n: number, place: (kx: number, ky: number) => Place): Complex64 {
  const columns = Math.floor(n / 2) + 1;
  const out = new Float64Array(2 * n * columns);
  for (let row = 0, i = 0; row < n; row++) {
    const ky = row < n / 2 ? row : row - n;
    for (let kx = 0; kx < columns; kx++, i += 2) {
      const at = place(kx, ky);
      trilinear(volume, at, out, i);
      if (at.flips) out[i + 1] = -out[i + 1];
    }
  }
  return out;
}

function trilinear({ data, side }: SliceVolume, { x, y, z }: Place, out: Complex64, to: number): void {
  const last = side - 1;
  const half = Math.floor(side / 2);
  if (!(x >= 0 && x <= half && y >= 0 && y <= last && z >= 0 && z <= last)) return;
  const x0 = Math.min(Math.floor(x), half - 1);
  const y0 = Math.min(Math.floor(y), last - 1);
  const z0 = Math.min(Math.floor(z), last - 1);
  for (let corner = 0; corner < 8; corner++) {
    const dz = corner >> 2;
    const dy = (corner >> 1) & 1;
    const dx = corner & 1;
    const weight = Math.abs(1 - dz - (z - z0)) * Math.abs(1 - dy - (y - y0)) * Math.abs(1 - dx - (x - x0));
    const row = naturalIndex(z0 + dz, side) * side + naturalIndex(y0 + dy, side);
    const at = 2 * (row * (half + 1) + x0 + dx);
    out[to] += weight * data[at];
    out[to + 1] += weight * data[at + 1];
  }
}

/** Where an FFT puts the frequency of an index that counts from -side/2. */
function naturalIndex(index: number, side: number): number {
  const frequency = index - Math.floor(side / 2);
  return frequency < 0 ? frequency + side : frequency;
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
  { matrix, redundantHalf }: { matrix: MagnificationMatrix; redundantHalf: RedundantHalf },
): Complex64 {
  const [yy, xy] = magnifiedFrequency(matrix, 1, 0);
  const [yx, xx] = magnifiedFrequency(matrix, 0, 1);
  const determinant = Math.abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]);
  return bentSlice(slice, n, { bend: [yy, yx, xy, xx], redundantHalf }).map((value) => value / determinant);
}

/** What stands where the column falls below 0. */
type RedundantHalf = "zero" | "conjugate";

/** The slice's bilinear samples at `bend` (ky, kx), row-major yy, yx, xy, xx: see {@link magnifySlice}. */
export function bentSlice(
  slice: Complex64,
  n: number,
  { bend: [yy, yx, xy, xx], redundantHalf }: { bend: MagnificationMatrix; redundantHalf: RedundantHalf },
): Complex64 {
  const columns = Math.floor(n / 2) + 1;
  const out = new Float64Array(slice.length);
  for (let row = 0; row < n; row++) {
    const ky = row < n / 2 ? row : row - n;
    for (let kx = 0; kx < columns; kx++) {
      const [qy, qx] = [yy * ky + yx * kx, xy * ky + xx * kx];
      const flip = qx < 0 && redundantHalf === "conjugate" ? -1 : 1;
      const [re, im] = bilinear(slice, n, [flip * qy, flip * qx]);
      out[2 * (row * columns + kx)] = re;
      out[2 * (row * columns + kx) + 1] = flip * im;
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
