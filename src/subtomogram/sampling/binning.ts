import { type Shape3, VitrineError } from "../../core/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { arrayTomogram, type Tomogram } from "./tomogram.ts";

/** Voxels of the full resolution that are read at a time, along x whole rows. */
const READ_VOXELS = 8 * 2 ** 20;

/** @throws {VitrineError} range: not a whole number from 1, or larger than a side */
export function requireBinSize(binSize: number, shape: Shape3): void {
  if (Number.isInteger(binSize) && binSize >= 1 && shape.every((side) => side >= binSize)) return;
  const expected = `a whole number from 1 to ${Math.min(...shape)}`;
  throw new VitrineError({ code: "range", at: "binning", expected, found: `${binSize}` });
}

/**
 * A tomogram of sums over cubes of `binSize`³ voxels; what is left at the ends is dropped. Nothing is read before it is asked for.
 *
 * @throws {VitrineError} range: see {@link requireBinSize}
 */
export function binTomogram(tomogram: Tomogram, binSize: number): Tomogram {
  requireBinSize(binSize, tomogram.shape);
  if (binSize === 1) return tomogram;
  const [depth, height, width] = tomogram.shape.map((side) => Math.floor(side / binSize));
  const { scale } = tomogram;
  return {
    name: `${tomogram.name} binned by ${binSize}`,
    shape: [depth, height, width],
    ...(scale !== undefined && { scale: scale * binSize }),
    async read(from, to, signal) {
      const shape: Shape3 = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
      const sums = new Float32Array(shape[0] * shape[1] * shape[2]);
      const area = shape[1] * shape[2];
      const planes = Math.max(1, Math.floor(READ_VOXELS / (area * binSize ** 3)));
      for (let z = 0; z < shape[0]; z += planes) {
        const count = Math.min(planes, shape[0] - z);
        const corner: Zyx = [binSize * (from[0] + z), binSize * from[1], binSize * from[2]];
        const end: Zyx = [corner[0] + binSize * count, binSize * to[1], binSize * to[2]];
        const values = await tomogram.read(corner, end, signal);
        sumCubes(values, sums.subarray(z * area, (z + count) * area), {
          shape: [count, shape[1], shape[2]],
          binSize,
        });
      }
      return sums;
    },
  };
}

/** A binned tomogram in memory: for loaders that read its parts many times. */
export async function computeBinned(
  tomogram: Tomogram,
  binSize: number,
  signal?: AbortSignal,
): Promise<Tomogram> {
  const binned = binTomogram(tomogram, binSize);
  const { shape, name, scale } = binned;
  const data = await binned.read([0, 0, 0], shape, signal);
  return arrayTomogram({ data, shape }, { name, scale });
}

function sumCubes(
  values: Float32Array,
  sums: Float32Array,
  { shape, binSize }: { readonly shape: Shape3; readonly binSize: number },
): void {
  const [depth, height, width] = shape;
  const rowSums = new Float64Array(width);
  const [fullHeight, fullWidth] = [height * binSize, width * binSize];
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      rowSums.fill(0);
      for (let k = 0; k < binSize * binSize; k++) {
        const plane = z * binSize + Math.floor(k / binSize);
        const row = (plane * fullHeight + y * binSize + (k % binSize)) * fullWidth;
        for (let x = 0; x < fullWidth; x++) rowSums[Math.floor(x / binSize)] += values[row + x];
      }
      sums.set(rowSums, (z * height + y) * width);
    }
}
