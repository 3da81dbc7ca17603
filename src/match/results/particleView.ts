/** A particle beside what its template looks like in the same pose. */
import type { Backend } from "../../compute/index.ts";
import { type EulerZyz, matrixFromZyz, type Volume } from "../../core/index.ts";
import type { OpticsParameters } from "../../optics/index.ts";
import { openTemplate } from "../search/searchInputs.ts";
import { MapProjector } from "../simulate/projectMap.ts";

/** Longest side of a template that is projected, voxels: larger ones are binned, or a picture would take seconds. */
const MOST_VOXELS = 128;

/** A template that can be seen from anywhere. Whoever opened it disposes of it. */
export interface TemplateView {
  /** Side of its pictures, pixels: those of {@link binnedBox} of the same `binning`. */
  readonly size: number;
  /** So many voxels along each side are one pixel. */
  readonly binning: number;
  readonly pixelSizeA: number;
  /**
   * Sums along the beam, (size, size).
   *
   * @param lens  with it minus the CTF is applied, as the micrograph shows the particle: what scatters more is darker
   */
  project(pose: EulerZyz, lens?: ParticleLens): Promise<Float32Array>;
  dispose(): void;
}

/** The microscope as it saw one particle. */
export interface ParticleLens {
  readonly optics: OpticsParameters;
  /** Added to both defocus values, Å. */
  readonly relativeDefocusA: number;
}

/**
 * Opens a template for pictures.
 *
 * @param pixelSizeA  of the search, which templates are taken to have
 * @throws {VitrineError} as `openTemplate`; range: NaN, infinity or only zeros in it
 */
export async function openTemplateView(
  backend: Backend,
  path: string,
  pixelSizeA: number,
): Promise<TemplateView> {
  const source = await openTemplate(path);
  try {
    const { binning, size, first } = binningOf(source.size);
    const volume = new Float32Array(size ** 3);
    for (let z = 0; z < size; z++) {
      const sections = await source.readSections(first + z * binning, binning);
      addBinned(
        sections,
        { side: source.size, binning, size, first },
        volume.subarray(z * size * size, (z + 1) * size * size),
      );
    }
    const map: Volume = { data: volume, shape: [size, size, size], voxelSizeA: pixelSizeA * binning };
    const projector = new MapProjector(backend, map, size);
    return {
      ...{ size, binning, pixelSizeA: map.voxelSizeA },
      project: (pose, lens) => projector.project({ ...pose, ...binnedCentre(pose, binning) }, lens),
      dispose: () => projector.dispose(),
    };
  } finally {
    await source.close();
  }
}

/** How a template of a side is binned, its central voxel to the central pixel; sides of pictures are even. */
export function binningOf(side: number): {
  readonly binning: number;
  readonly size: number;
  readonly first: number;
} {
  const binning = Math.max(1, Math.ceil(side / MOST_VOXELS));
  const size = 2 * Math.floor(side / (2 * binning));
  return { binning, size, first: Math.floor(side / 2) - (size / 2) * binning };
}

/**
 * The micrograph about a particle, pixels binned as its template's. Outside of the micrograph is its mean within.
 *
 * @param read  reads rows and columns of the micrograph that lie within it
 * @param at    the particle's centre, pixels
 */
export async function binnedBox(
  read: (y: readonly [number, number], x: readonly [number, number]) => Promise<ArrayLike<number>>,
  at: { readonly y: number; readonly x: number; readonly shape: readonly [number, number] },
  { binning, size }: Pick<TemplateView, "binning" | "size">,
): Promise<Float32Array> {
  const [height, width] = at.shape;
  const top = Math.round(at.y) - (size / 2) * binning;
  const left = Math.round(at.x) - (size / 2) * binning;
  const within = (from: number, length: number) =>
    [Math.min(length, Math.max(0, from)), Math.max(0, Math.min(length, from + size * binning))] as const;
  const [y, x] = [within(top, height), within(left, width)];
  const box = new Float32Array(size * size);
  if (y[1] <= y[0] || x[1] <= x[0]) return box;
  const data = await read(y, x);
  const counts = new Float32Array(size * size);
  const columns = x[1] - x[0];
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor((y[0] + Math.floor(i / columns) - top) / binning);
    const to = row * size + Math.floor((x[0] + (i % columns) - left) / binning);
    box[to] += data[i];
    counts[to]++;
  }
  return filled(box, counts);
}

/** Sums as means; where there is nothing, the mean of all. */
function filled(sums: Float32Array, counts: Float32Array): Float32Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = sums.reduce((sum, value) => sum + value, 0) / total;
  return sums.map((sum, i) => (counts[i] === 0 ? mean : sum / counts[i]));
}

/** Adds the means of cubes of voxels of some sections to one of the binned volume. */
function addBinned(
  sections: Float32Array,
  { side, binning, size, first }: { readonly side: number } & ReturnType<typeof binningOf>,
  into: Float32Array,
): void {
  const weight = binning ** -3;
  const last = first + size * binning;
  for (let z = 0; z < binning; z++)
    for (let y = first; y < last; y++) {
      const row = Math.floor((y - first) / binning) * size;
      const from = (z * side + y) * side;
      for (let x = first; x < last; x++)
        into[row + Math.floor((x - first) / binning)] += weight * sections[from + x];
    }
}

/** Binning moves the centre by part of a voxel: the rotation is about where it was. */
function binnedCentre(pose: EulerZyz, binning: number): { readonly shiftX: number; readonly shiftY: number } {
  const moved = (binning - 1) / (2 * binning);
  const m = matrixFromZyz(pose);
  return {
    shiftX: moved * (m[0] + m[3] + m[6] - 1),
    shiftY: moved * (m[1] + m[4] + m[7] - 1),
  };
}
