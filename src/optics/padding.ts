import { VitrineError, type Volume } from "../core/index.ts";
import { requireLength, requireNumber, requireShape } from "./frequencies.ts";

/**
 * Surrounds a volume with zeros, so that its transform is sampled more finely and slices interpolate better.
 *
 * Each axis grows from n to n' = n + 2 round(n (factor - 1) / 2), which keeps it even or odd; the centre, voxel
 * floor(n/2), becomes voxel floor(n'/2). The transform at frequency f (cycles/voxel) does not change.
 *
 * @param volume zyx; not changed
 * @param factor 1 (a copy) or more; 2 is usual
 * @throws {VitrineError} range: a factor below 1; shape: data that do not fit the shape
 */
export function padVolume(volume: Volume, factor: number): Volume {
  requireVolume(volume, "padVolume");
  requireNumber(factor, factor >= 1, { at: "padVolume factor", expected: "1 or more" });
  const [depth, height, width] = volume.shape;
  const padded = [
    paddedLength(depth, factor),
    paddedLength(height, factor),
    paddedLength(width, factor),
  ] as const;
  const data = new Float32Array(padded[0] * padded[1] * padded[2]);
  const [z0, y0, x0] = volume.shape.map((n, axis) => Math.floor(padded[axis] / 2) - Math.floor(n / 2));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = (z * height + y) * width;
      const to = ((z + z0) * padded[1] + y + y0) * padded[2] + x0;
      data.set(volume.data.subarray(from, from + width), to);
    }
  }
  return { data, shape: padded, voxelSizeA: volume.voxelSizeA };
}

/**
 * Divides a volume by the fall-off that trilinear interpolation in Fourier space multiplies it with.
 *
 * Interpolating a transform of n' = padFactor n samples a side with triangles of width one sample multiplies the
 * volume by sinc²(x/n') sinc²(y/n') sinc²(z/n'), sinc t = sin(pi t)/(pi t), x, y, z in voxels from the centre
 * floor(n/2). The product holds along the volume's own axes, whatever way the slice lies. Copies of the volume,
 * n' apart, remain; only padding makes them fainter.
 *
 * @param volume    zyx, before it is padded; not changed
 * @param padFactor the factor that `padVolume` will be given; 1 without padding
 * @throws {VitrineError} range: a factor below 1; shape: data that do not fit the shape
 * Source: Jackson et al. 1991, IEEE Trans Med Imaging 10:473 (deapodisation of a gridding kernel).
 */
export function sincCorrection(volume: Volume, padFactor: number): Volume {
  requireVolume(volume, "sincCorrection");
  requireNumber(padFactor, padFactor >= 1, { at: "sincCorrection padFactor", expected: "1 or more" });
  const [depth, height, width] = volume.shape;
  const [gainZ, gainY, gainX] = volume.shape.map((n) => axisGain(n, paddedLength(n, padFactor)));
  const data = new Float32Array(volume.data.length);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = (z * height + y) * width;
      const gain = gainZ[z] * gainY[y];
      for (let x = 0; x < width; x++) data[row + x] = volume.data[row + x] * gain * gainX[x];
    }
  }
  return { data, shape: volume.shape, voxelSizeA: volume.voxelSizeA };
}

function paddedLength(n: number, factor: number): number {
  return n + 2 * Math.round((n * (factor - 1)) / 2);
}

/** 1 / sinc²((i - floor(n/2)) / padded) for each voxel of an axis. */
function axisGain(n: number, padded: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const angle = (Math.PI * (i - Math.floor(n / 2))) / padded;
    return angle === 0 ? 1 : (angle / Math.sin(angle)) ** 2;
  });
}

function requireVolume({ data, shape }: Volume, at: string): void {
  requireShape(shape, `${at} shape`);
  if (shape.length !== 3) {
    throw new VitrineError({ code: "shape", at, expected: "three axes", found: `${shape.length}` });
  }
  requireLength(data, shape[0] * shape[1] * shape[2], `${at} volume`);
}
