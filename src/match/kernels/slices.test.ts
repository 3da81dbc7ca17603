import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { irfft2 } from "../../../test/support/dft.ts";
import { goldenMrc, goldenNpy, relativeError } from "../../../test/support/npy.ts";
import { createThreadPool, type ThreadPool } from "../../../test/support/pool.ts";
import { magnifySlice, prepareVolume, referenceSlice } from "../../../test/support/slice.ts";
import { WasmFft } from "../../compute/kernels/index.ts";
import { type EulerZyz, matrixFromZyz, seededRandom } from "../../core/index.ts";
import { magnifiedFrequency } from "../../optics/index.ts";
import { matchPhasesJob } from "./correlationJob.ts";

let pool: ThreadPool;
beforeAll(async () => {
  pool = await createThreadPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const MAGNIFICATION = [1.01, 0.005, -0.003, 0.99] as const;

/** A volume in the pool and what the kernels make of it; a slice's rows are as an FFT gives them, (n, n/2 + 1). */
class Slicer {
  readonly #n: number;
  readonly #plan: WasmFft;
  readonly #stride: number;
  readonly #slices: readonly [number, number];

  private constructor(n: number, plan: WasmFft) {
    this.#n = n;
    this.#plan = plan;
    this.#stride = 4 * Math.ceil((Math.floor(n / 2) + 1) / 4);
    const bytes = 8 * n * this.#stride;
    this.#slices = [pool.allocate(bytes).address, pool.allocate(bytes).address];
  }

  /** The transform that slices are taken from. */
  get volume(): WasmFft {
    return this.#plan;
  }

  static async create(volume: Float32Array, n: number): Promise<Slicer> {
    const plan = new WasmFft(pool, { kind: "real3d", shape: [n, n, n] });
    const moved = (i: number) => (i + Math.floor(n / 2)) % n;
    const rolled = volume.map((_, i) => {
      const [z, y, x] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n].map(moved);
      return volume[(z * n + y) * n + x];
    });
    plan.set("real", rolled);
    await plan.run("forward");
    return new Slicer(n, plan);
  }

  /** `volume` has another side than the slice where it was padded. */
  async slice(
    matrix: ArrayLike<number>,
    exact: boolean,
    { rowsAtOnce = 5, volume = this.#plan, side = this.#n } = {},
  ): Promise<Float32Array> {
    const { address, rowBytes } = volume;
    const columns = [0, 3, 6, 1, 4, 7].map((i) => matrix[i]);
    const args = [address, side, rowBytes, this.#slices[0], this.#n, this.#stride, ...columns, exact ? 1 : 0];
    await this.#run("sliceRows", args, rowsAtOnce);
    return this.#read(this.#slices[0]);
  }

  /** The last slice, magnified. */
  async magnify(matrix: readonly [number, number, number, number], exact: boolean): Promise<Float32Array> {
    const [[yy, xy], [yx, xx]] = [magnifiedFrequency(matrix, 1, 0), magnifiedFrequency(matrix, 0, 1)];
    const [from, to] = this.#slices;
    await this.#run("magnifyRows", [from, this.#n, this.#stride, to, yy, yx, xy, xx, exact ? 1 : 0], 5);
    return this.#read(to);
  }

  async #run(kernel: string, args: number[], step: number): Promise<void> {
    await pool.run(matchPhasesJob, [{ kernel, args, count: this.#n, step }]);
  }

  #read(address: number): Float32Array {
    const width = 2 * (Math.floor(this.#n / 2) + 1);
    const all = pool.f32(address, 2 * this.#n * this.#stride);
    return Float32Array.from({ length: this.#n * width }, (_, i) => {
      return all[Math.floor(i / width) * 2 * this.#stride + (i % width)];
    });
  }
}

describe("the golden slices", () => {
  const N = 48;
  const LENGTH = 2 * N * 25;
  const matrices = goldenNpy("unit/rot_matrix.npy").data;
  let slicer: Slicer;
  beforeAll(async () => {
    slicer = await Slicer.create(goldenMrc("template.mrc").data, N);
  });

  /** Golden slice i, its rows shifted back. */
  function golden(path: string, i: number): Float32Array {
    const shifted = goldenNpy(path).data.slice(LENGTH * i, LENGTH * (i + 1));
    return Float32Array.from([...shifted.subarray(LENGTH / 2), ...shifted.subarray(0, LENGTH / 2)]);
  }

  // Transforms and weights are float32 on both sides: some 1e-6 of the largest value.
  test.each([0, 1, 2, 3, 4, 5])("%i is the peer's, magnified or not", async (i) => {
    const matrix = matrices.slice(9 * i, 9 * i + 9);
    const found = await slicer.slice(matrix, false);
    expect(relativeError(found, golden("unit/fourier_slices_fftshifted.npy", i))).toBeLessThan(1e-5);
    const magnified = await slicer.magnify(MAGNIFICATION, false);
    // The peer divides by the determinant, which a normalised template does not notice.
    const determinant = MAGNIFICATION[0] * MAGNIFICATION[3] - MAGNIFICATION[1] * MAGNIFICATION[2];
    const scaled = magnified.map((value) => value / determinant);
    expect(relativeError(scaled, golden("unit/fourier_slices_mag_matrix.npy", i))).toBeLessThan(1e-5);
  });

  test("come from the peer's transform of the volume", async () => {
    const half = new Float32Array(2 * N * N * 25);
    slicer.volume.read("spectrum", half);
    const corner: number[] = [];
    // The peer's rows and planes are shifted by half: 16 there is -8 here.
    for (let z = 40; z < 48; z++) {
      for (let y = 40; y < 48; y++) corner.push(...half.subarray(50 * (N * z + y), 50 * (N * z + y) + 16));
    }
    const wanted = goldenNpy("unit/volume_rfft_fftshifted_corner8.npy").data;
    expect(relativeError(corner, wanted)).toBeLessThan(1e-5);
  });

  test.each([0, 1, 2, 3, 4, 5])("%i, transformed back, is the peer's projection", async (i) => {
    const slice = await slicer.slice(matrices.slice(9 * i, 9 * i + 9), false);
    const image = irfft2(slice, [N, N]);
    const moved = (k: number) => (k + N / 2) % N;
    const projection = image.map((_, k) => image[N * moved(Math.floor(k / N)) + moved(k % N)]);
    const wanted = goldenNpy("unit/projections.npy").data.slice(N * N * i, N * N * (i + 1));
    expect(relativeError(projection, wanted)).toBeLessThan(1e-5);
  });

  test("do not depend on how the rows are divided", async () => {
    const matrix = matrices.slice(9, 18);
    expect(await slicer.slice(matrix, false, { rowsAtOnce: 1 })).toEqual(
      await slicer.slice(matrix, false, { rowsAtOnce: N }),
    );
  });
});

const angle = (max: number) => fc.double({ min: 0, max, noNaN: true });
const euler = fc.record({ phiDeg: angle(360), thetaDeg: angle(180), psiDeg: angle(360) });

/** Rotations that put frequencies on the grid, on x = 0 and on the border of the cube. */
const ON_AXES: EulerZyz[] = [
  { phiDeg: 0, thetaDeg: 0, psiDeg: 0 },
  { phiDeg: 0, thetaDeg: 90, psiDeg: 0 },
  { phiDeg: 90, thetaDeg: 90, psiDeg: 0 },
  { phiDeg: 0, thetaDeg: 90, psiDeg: 135 },
  { phiDeg: 180, thetaDeg: 0, psiDeg: 45 },
  { phiDeg: 90, thetaDeg: 45, psiDeg: 90 },
];

describe.each([4, 6, 18, 22, 21, 25])("a cube of %i voxels", (n) => {
  const random = seededRandom(n);
  const volume = Float32Array.from({ length: n ** 3 }, () => random.normal());
  const prepared = prepareVolume(volume, n);
  let slicer: Slicer;
  beforeAll(async () => {
    slicer = await Slicer.create(volume, n);
  });

  /** As the kernel gets it; what is next to 0 is 0, as in `rotationMatrices`. */
  const matrixOf = (angles: EulerZyz) =>
    Float32Array.from(matrixFromZyz(angles), (value) => (Math.abs(value) < 1e-8 ? 0 : value));

  test("gives the slices that the definition gives in float64", async () => {
    await fc.assert(
      fc.asyncProperty(euler, async (angles) => {
        const matrix = matrixOf(angles);
        const found = await slicer.slice(matrix, true);
        const expected = referenceSlice(prepared, n, matrix);
        expect(wrong(found, expected, n, matrix)).toBe(0);
      }),
      { seed: 5, numRuns: 25, examples: ON_AXES.map((angles) => [angles]) },
    );
  });

  test("gives magnified slices whose first column is Hermitian, where exact", async () => {
    const matrix = matrixOf({ phiDeg: 33, thetaDeg: 50, psiDeg: 71 });
    await slicer.slice(matrix, true);
    const found = await slicer.magnify(MAGNIFICATION, true);
    const expected = magnifySlice(referenceSlice(prepared, n, matrix), n, {
      matrix: MAGNIFICATION,
      redundantHalf: "conjugate",
    });
    const determinant = MAGNIFICATION[0] * MAGNIFICATION[3] - MAGNIFICATION[1] * MAGNIFICATION[2];
    const scaled = found.map((value) => value / determinant);
    expect(relativeError(scaled, expected)).toBeLessThan(1e-5);
  });
});

/** Number of samples that differ by more than 1e-5 of the largest, but for those that rounding decides. */
function wrong(found: Float32Array, expected: Float64Array, n: number, matrix: Float32Array): number {
  const half = Math.floor(n / 2);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  let count = 0;
  for (let i = 0; i < n * (half + 1); i++) {
    const [row, kx] = [Math.floor(i / (half + 1)), i % (half + 1)];
    const ky = row < n - half ? row : row - n;
    const q = [0, 3, 6].map((r) => matrix[r] * kx + matrix[r + 1] * ky);
    if (isUndecided(q, n)) continue;
    for (const at of [2 * i, 2 * i + 1]) if (!(Math.abs(found[at] - expected[at]) <= 1e-5 * largest)) count++;
  }
  return count;
}

/**
 * Within rounding of the cube's border float32 may decide otherwise between inside and outside; within rounding of x = 0,
 * between a frequency and its opposite, of which only one is stored beyond n - 1 - half.
 */
function isUndecided(q: readonly number[], n: number): boolean {
  const half = Math.floor(n / 2);
  const last = n - 1 - half;
  const atBorder = [-half, last, half].some((border) =>
    q.some((v) => Math.abs(Math.abs(v) - Math.abs(border)) < 1e-4),
  );
  const nearZero = q[0] !== 0 && Math.abs(q[0]) < 1e-5;
  return atBorder || (nearZero && q.some((v) => Math.abs(v) > last));
}

test("a slice of a padded template is every other sample of the padded volume's own slice", async () => {
  const [n, side] = [16, 32];
  const random = seededRandom(5);
  const padded = await Slicer.create(
    Float32Array.from({ length: side ** 3 }, () => random.normal()),
    side,
  );
  const small = await Slicer.create(new Float32Array(n ** 3).fill(1), n);
  const matrix = matrixFromZyz({ phiDeg: 20, thetaDeg: 70, psiDeg: 130 });
  const fine = await padded.slice(matrix, true);
  const coarse = await small.slice(matrix, true, { volume: padded.volume, side });
  const widths = [2 * (n / 2 + 1), 2 * (side / 2 + 1)];
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= n / 2; column++) {
      const ky = row < n / 2 ? row : row - n;
      const at = ((2 * ky + side) % side) * widths[1] + 4 * column;
      // a factor of 2 is exact in float32: the same samples with the same weights
      expect(Math.abs(coarse[row * widths[0] + 2 * column] - fine[at])).toBe(0);
      expect(Math.abs(coarse[row * widths[0] + 2 * column + 1] - fine[at + 1])).toBe(0);
    }
  }
});
