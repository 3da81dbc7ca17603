import { type Backend, createFft } from "../../compute/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { fastLength, phaseSign, transferAt } from "../kernels/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { type CtfCorrection, transferOf } from "./filter.ts";
import { pixelsOf, requireSeen, type TiltImages } from "./images.ts";
import { createProjector } from "./projector.ts";
import { axesInTilt, type BoxOfImages } from "./reconstruct.ts";
import type { TiltSeries } from "./tiltSeries.ts";

/** How molecules are compared with each tilt's image. */
export interface ScoreOnTiltOptions {
  /** Bright where the molecule is, and what is compared of it; at `scale`. */
  readonly template: PipeImage;
  readonly mask: PipeImage | undefined;
  /** Low pass of both, cycles/voxel; none: none. */
  readonly cutoff: number | undefined;
  /** Whether means count for nothing (ZNCC). */
  readonly isCentred: boolean;
  /** Whether projections are seen through each molecule's contrast transfer function. */
  readonly withCtf: boolean;
  /** What is done about it in the images. */
  readonly ctf: CtfCorrection;
  /** nm/voxel of template and mask, nm/pixel of the images. */
  readonly scale: number;
  readonly imageScale: number;
  readonly invert: boolean;
  readonly tomogramHand: 1 | -1;
  readonly backend: Backend;
  readonly signal?: AbortSignal | undefined;
  /** Counts molecules. */
  readonly onMolecule?: ((done: number) => void) | undefined;
}

/**
 * How well projections of a template fit each image at each molecule's place, without a search: coefficients of the square that the template's
 * projection fills.
 *
 * @returns  (molecules, tilts)
 * @throws {VitrineError} range: a molecule that no image shows; and what reading images throws
 * Source: acryo 0.9.1's `score_on_tilt`, there by central slices of the template's transform; here by sums of the turned template.
 */
export async function scoreBoxesOnTilt(
  series: TiltSeries,
  images: TiltImages,
  { boxes, ...options }: ScoreOnTiltOptions & { readonly boxes: readonly BoxOfImages[] },
): Promise<Float32Array> {
  const { template, mask, backend, scale, imageScale, onMolecule, signal } = options;
  const scores = new Float32Array(boxes.length * series.count);
  const size = Math.max(...template.shape);
  const { box, native } = patchGeometry(size, scale / imageScale);
  const geometry = { size, box, native, spacing: (imageScale * native) / box };
  const count = series.count;
  using observed = createFft(backend, { kind: "real2d", shape: [native, native], batch: count });
  using pairs = createFft(backend, { kind: "real2d", shape: [box, box], batch: 2 * count });
  using projector = createProjector(backend, withoutFaces(template), count);
  using maskProjector = mask === undefined ? undefined : createProjector(backend, mask, count);
  const run = signal === undefined ? {} : { signal };
  for (const [i, one] of boxes.entries()) {
    const { patches, origins, depths } = await patchesOf(series, images, { ...options, one, native });
    observed.set("real", patches);
    await observed.run("forward", run);
    const spectra = new Float32Array(2 * count * native * (Math.floor(native / 2) + 1));
    observed.read("spectrum", spectra);
    const turns = series.tilts.map((tilt) =>
      axesInTilt(series, tilt, { ...options, rotation: one.rotation }),
    );
    const projections = await projector.project(turns, run);
    const masks = await maskProjector?.project(turns, run);
    pairs.set("real", padded(projections, { count, size, box }));
    await pairs.run("forward", run);
    const filtered = new Float32Array(4 * count * box * (Math.floor(box / 2) + 1));
    pairs.read("spectrum", filtered);
    series.tilts.forEach((_, t) => {
      const transfer = transferOf(series, t, { imageScale: geometry.spacing, depthNm: depths[t] });
      filterPair(
        { spectra, filtered },
        { ...options, geometry, count, tilt: t, origin: origins[t], transfer },
      );
    });
    pairs.set("spectrum", filtered);
    await pairs.run("inverse", run);
    const values = new Float32Array(2 * count * box * box);
    pairs.read("real", values);
    for (let t = 0; t < count; t++)
      scores[i * count + t] = coefficient(values, { ...options, count, tilt: t, size, box, masks });
    onMolecule?.(i + 1);
  }
  return scores;
}

/** Twice as large as the template against what filters carry around the ends; sides whose ratio is nearest to that of the scales. */
function patchGeometry(size: number, ratio: number) {
  let best = { box: 0, native: 0, off: Number.POSITIVE_INFINITY };
  for (let box = 2 * size; box < 2 * size + SIDES_TRIED; box += 2) {
    const native = 2 * Math.round((box * ratio) / 2);
    const off = Math.abs(native / box - ratio) / ratio;
    if (fastLength(box) === box && off < best.off - 1e-12) best = { box, native, off };
  }
  return best;
}

const SIDES_TRIED = 40;

/** Less the mean of its faces, so that it ends in 0. */
function withoutFaces({ data, shape }: PipeImage): PipeImage {
  const [depth, height, width] = shape;
  let [sum, count] = [0, 0];
  const isFace = (i: number, n: number) => i === 0 || i === n - 1;
  for (let z = 0, at = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++)
        if (isFace(z, depth) || isFace(y, height) || isFace(x, width)) {
          sum += data[at];
          count++;
        }
  return { data: data.map((value) => value - sum / count), shape };
}

async function patchesOf(
  series: TiltSeries,
  images: TiltImages,
  {
    one,
    native,
    imageScale,
    tomogramHand,
    signal,
  }: ScoreOnTiltOptions & { readonly one: BoxOfImages; readonly native: number },
) {
  const place: Zyx = [tomogramHand * one.place[0], one.place[1], one.place[2]];
  const [points] = series.project([place]);
  const places = pixelsOf(points, images, imageScale);
  requireSeen(places, images, one.at);
  const patches = new Float32Array(series.count * native * native);
  const origins: (readonly [number, number])[] = [];
  for (const [tilt, [y, x]] of places.entries()) {
    const [startY, startX] = [Math.floor(y) - native / 2, Math.floor(x) - native / 2];
    patches.set(await images.read({ tilt, startY, startX, side: native }, signal), tilt * native * native);
    origins.push([y - startY, x - startX]);
  }
  return { patches, origins, depths: points.map(({ depth }) => depth) };
}

/** Projections in the corners of squares; the other half of the batch stays empty. */
function padded(
  projections: Float32Array,
  { count, size, box }: { readonly count: number; readonly size: number; readonly box: number },
): Float32Array {
  const out = new Float32Array(2 * count * box * box);
  for (let t = 0; t < count; t++)
    for (let y = 0; y < size; y++) {
      const from = (t * size + y) * size;
      out.set(projections.subarray(from, from + size), (t * box + y) * box);
    }
  return out;
}

interface PairFilter extends ScoreOnTiltOptions {
  readonly geometry: {
    readonly size: number;
    readonly box: number;
    readonly native: number;
    readonly spacing: number;
  };
  readonly count: number;
  readonly tilt: number;
  /** Where the molecule is in the patch, pixels. */
  readonly origin: readonly [number, number];
  readonly transfer: ReturnType<typeof transferOf>;
}

/** Added to the square of a transfer function, as where boxes are made. */
const WIENER = 0.1;

/** Filters the projection in place, and puts the patch, at the projection's pixels and place, into the second half of the batch. */
function filterPair(
  { spectra, filtered }: { readonly spectra: Float32Array; readonly filtered: Float32Array },
  { geometry, count, tilt, origin, transfer, cutoff, ctf, withCtf, invert, scale }: PairFilter,
): void {
  const { size, box, native, spacing } = geometry;
  const [columns, nativeColumns] = [Math.floor(box / 2) + 1, Math.floor(native / 2) + 1];
  const corner = (cutoff ?? 0) * (spacing / scale);
  const sign = invert ? -1 : 1;
  for (let row = 0; row < box; row++) {
    const ky = 2 * row < box ? row : row - box;
    for (let kx = 0; kx < columns; kx++) {
      const to = 2 * ((tilt * box + row) * columns + kx);
      const other = to + 2 * count * box * columns;
      const [fy, fx] = [ky / box, kx / box];
      const isKept = Math.max(Math.abs(ky), kx) < Math.min(box, native) / 2;
      const low = corner > 0 ? 1 / (1 + ((fy * fy + fx * fx) / (corner * corner)) ** 2) : 1;
      const c = transfer === undefined ? 1 : transferAt(transfer, fy, fx);
      const gain =
        transfer === undefined || ctf === "none" ? 1 : ctf === "flip" ? phaseSign(c) : c / (c * c + WIENER);
      const seen = isKept ? low * (withCtf ? c * gain : 1) : 0;
      filtered[to] *= seen;
      filtered[to + 1] *= seen;
      if (!isKept) continue;
      const from = 2 * ((tilt * native + (ky < 0 ? ky + native : ky)) * nativeColumns + kx);
      // From where the molecule is in the patch to the middle of the projection.
      const shift = (k: number, at: number) => k * (at / native - (size - 1) / 2 / box);
      const angle = 2 * Math.PI * (shift(ky, origin[0]) + shift(kx, origin[1]));
      const [cos, sin, scaled] = [Math.cos(angle), Math.sin(angle), sign * low * gain];
      filtered[other] = (spectra[from] * cos - spectra[from + 1] * sin) * scaled;
      filtered[other + 1] = (spectra[from] * sin + spectra[from + 1] * cos) * scaled;
    }
  }
}

/** Of a projection and a patch, under the projected mask. */
function coefficient(
  values: Float32Array,
  {
    count,
    tilt,
    size,
    box,
    masks,
    isCentred,
  }: {
    readonly count: number;
    readonly tilt: number;
    readonly size: number;
    readonly box: number;
    readonly masks: Float32Array | undefined;
    readonly isCentred: boolean;
  },
): number {
  const area = size * size;
  const mask = masks?.subarray(tilt * area, (tilt + 1) * area);
  const highest =
    mask === undefined
      ? 1
      : Math.max(
          1e-12,
          mask.reduce((most, value) => Math.max(most, value), 0),
        );
  const of = (image: number) =>
    Float64Array.from({ length: area }, (_, i) => {
      const value = values[(image * box + Math.floor(i / size)) * box + (i % size)];
      return mask === undefined ? value : value * Math.min(1, Math.max(0, mask[i] / highest));
    });
  const [a, b] = [of(tilt), of(count + tilt)];
  const mean = (list: Float64Array) => (isCentred ? list.reduce((sum, value) => sum + value, 0) / area : 0);
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < area; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.max(1e-12, Math.sqrt(aa * bb));
}
