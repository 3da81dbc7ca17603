import { expect, test } from "vitest";
import { type Complex64, irfft2 } from "./dft.ts";
import { goldenMrc, goldenNpy, relativeError } from "./npy.ts";
import { magnifySlice, prepareVolume, referenceSlice } from "./slice.ts";

const N = 48;
const COLUMNS = 25;
const MAG = [1.01, 0.005, -0.003, 0.99] as const;
const volume = prepareVolume(goldenMrc("template.mrc").data, N);
const matrices = goldenNpy("unit/rot_matrix.npy").data;
const slices = Array.from({ length: 6 }, (_, i) =>
  referenceSlice(volume, N, matrices.slice(9 * i, 9 * i + 9)),
);

/** The same rows with ky = -n/2 first. */
function shiftRows(slice: Complex64): Complex64 {
  const half = N * COLUMNS;
  return Float64Array.from([...slice.subarray(half), ...slice.subarray(0, half)]);
}

/** Moves voxel 0 to the centre, or back. */
function shiftImage(image: Float64Array): Float64Array {
  const at = (i: number) => ((Math.floor(i / N) + N / 2) % N) * N + ((i + N / 2) % N);
  return image.map((_, i) => image[at(i)]);
}

test("the prepared volume is the peer's", () => {
  const golden = goldenNpy("unit/volume_rfft_fftshifted_corner8.npy").data;
  const corner: number[] = [];
  // The peer's rows and planes are shifted by half: 16 there is -8 here.
  for (let z = 40; z < 48; z++) {
    for (let y = 40; y < 48; y++) {
      const start = 2 * (z * N + y) * COLUMNS;
      corner.push(...volume.data.subarray(start, start + 16));
    }
  }
  // The peer works in float32.
  expect(relativeError(corner, golden)).toBeLessThan(1e-6);
});

test.each([0, 1, 2, 3, 4, 5])("slice %i, its projection and its magnified form are the peer's", (i) => {
  const part = (path: string, length: number) => goldenNpy(path).data.slice(length * i, length * (i + 1));
  const length = 2 * N * COLUMNS;
  const magnified = magnifySlice(slices[i], N, { matrix: MAG, redundantHalf: "zero" });
  // The peer interpolates in float32: 1e-6 of the largest value.
  expect(
    relativeError(shiftRows(slices[i]), part("unit/fourier_slices_fftshifted.npy", length)),
  ).toBeLessThan(5e-6);
  expect(
    relativeError(shiftRows(magnified), part("unit/fourier_slices_mag_matrix.npy", length)),
  ).toBeLessThan(5e-6);
  const projection = shiftImage(irfft2(slices[i], [N, N]));
  expect(relativeError(projection, part("unit/projections.npy", N * N))).toBeLessThan(5e-6);
});

test("the unrotated slice is the sum along z", () => {
  const { data } = goldenMrc("template.mrc");
  const sum = Float64Array.from({ length: N * N }, (_, i) => {
    let total = 0;
    for (let z = 0; z < N; z++) total += data[z * N * N + i];
    return total;
  });
  // The rounding of float64 sums alone: on the grid nothing is interpolated.
  expect(relativeError(shiftImage(irfft2(slices[0], [N, N])), sum)).toBeLessThan(1e-12);
});

test("with conjugates, the column kx = 0 of a magnified slice is Hermitian; the peer's has lost half", () => {
  const [whole, peers] = (["conjugate", "zero"] as const).map((redundantHalf) =>
    magnifySlice(slices[3], N, { matrix: MAG, redundantHalf }),
  );
  for (let ky = 1; ky < N / 2 - 1; ky++) {
    const [up, down] = [2 * ky * COLUMNS, 2 * (N - ky) * COLUMNS];
    expect(whole[up]).toBeCloseTo(whole[down], 9);
    expect(whole[up + 1]).toBeCloseTo(-whole[down + 1], 9);
    expect([peers[up], peers[down]]).toEqual([0, whole[down]]);
  }
});
