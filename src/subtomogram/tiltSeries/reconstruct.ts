import { type Backend, createFft, type FftPlan } from "../../compute/index.ts";
import { elementCount, type Matrix3, type Shape3 } from "../../core/index.ts";
import { createInsertion, fastLength, halfSpectrumCount, type Slice } from "../kernels/index.ts";
import { type Quaternion, quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { cropBox } from "./cropBox.ts";
import { fadingRates, type TiltFilterOptions, tiltFilter } from "./filter.ts";
import { pixelsOf, requireSeen, type TiltImages } from "./images.ts";
import type { Tilt } from "./tilt.ts";
import type { TiltSeries } from "./tiltSeries.ts";

/** A box that is made of images: where its centre lies, nm (z, y, x) from the tomogram's centre, and how it is turned. */
export interface BoxOfImages {
  readonly place: Zyx;
  readonly rotation: Quaternion;
  readonly at: string;
}

/** How boxes are made of images. */
export interface ReconstructOptions extends TiltFilterOptions {
  readonly shape: Shape3;
  /** nm/voxel of the boxes. */
  readonly scale: number;
  /** nm/pixel of the images. */
  readonly imageScale: number;
  /** Side of the transform by that of the box. */
  readonly padding: number;
  /** What is dark in the images is bright in the boxes. */
  readonly invert: boolean;
  /** -1: the tomogram of the molecules is the images' one, mirrored along z. */
  readonly tomogramHand: 1 | -1;
  /** What a box is whose centre no image shows; default an error. */
  readonly unseen?: "error" | "zeros";
  readonly backend: Backend;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Boxes out of the images of a tilt series, in the order of the places: of each image a square about the place is transformed and added to the
 * transform of the box as the slice that it is, in the box's own axes; each coefficient is divided by the weight that it got.
 *
 * @returns  (z, y, x) values of each, an array of its own; neither workers nor other boxes show in it
 * @throws {VitrineError} range: a place that no image shows; and what reading images throws
 * Source: DeRosier & Klug 1968 (slices); the normalised insertion of acryo 0.9.1, there in the tomogram's axes.
 */
export async function* reconstructBoxes(
  series: TiltSeries,
  images: TiltImages,
  { boxes, ...options }: ReconstructOptions & { readonly boxes: readonly BoxOfImages[] },
): AsyncGenerator<Float32Array> {
  const { shape, scale, imageScale, padding, backend, signal } = options;
  const [depth, height, width] = shape.map((side) => fastLength(Math.ceil(padding * side)));
  const padded: Shape3 = [depth, height, width];
  const side = fastLength(Math.ceil((Math.max(...padded) * scale) / imageScale));
  const batch = batchOf(padded, { side, slices: series.count, boxes: boxes.length });
  const run = signal === undefined ? {} : { signal };
  using forward = createFft(backend, { kind: "real2d", shape: [side, side], batch: series.count });
  using back = createFft(backend, { kind: "real3d", shape: padded, batch: 1 });
  const insertion = createInsertion(backend, {
    shape: padded,
    sides: shape,
    side,
    slices: series.count,
    batch,
  });
  try {
    insertion.set("rates", fadingRates(series, side, imageScale));
    const spectra = new Float32Array(series.count * 2 * side * (Math.floor(side / 2) + 1));
    const spectrum = new Float32Array(2 * halfSpectrumCount(padded));
    const volume = new Float32Array(elementCount(padded));
    for (let first = 0; first < boxes.length; first += batch) {
      const slices: (readonly Slice[])[] = [];
      for (const [i, box] of boxes.slice(first, first + batch).entries()) {
        slices.push(await slicesOf(series, images, { ...options, box, side, forward }));
        forward.read("spectrum", spectra);
        insertion.set("spectra", spectra, i * series.count);
      }
      await insertion.run(slices, run);
      for (let i = 0; i < slices.length; i++) {
        insertion.read("values", spectrum, i);
        back.set("spectrum", spectrum);
        await back.run("inverse", run);
        back.read("real", volume);
        yield cropBox(volume, padded, shape);
      }
    }
  } finally {
    insertion.dispose();
  }
}

/** Boxes at a time: enough for all workers. What a box is does not depend on it. */
const BOXES_AT_A_TIME = 8;
const BYTES_AT_A_TIME = 1 << 28;

function batchOf(
  [depth, height, width]: Shape3,
  { side, slices, boxes }: { readonly side: number; readonly slices: number; readonly boxes: number },
): number {
  const bytes = 6 * depth * height * width + 4 * slices * side * side;
  return Math.max(1, Math.min(boxes, BOXES_AT_A_TIME, Math.floor(BYTES_AT_A_TIME / bytes)));
}

interface SliceContext extends ReconstructOptions {
  readonly box: BoxOfImages;
  readonly side: number;
  readonly forward: FftPlan;
}

async function slicesOf(
  series: TiltSeries,
  images: TiltImages,
  context: SliceContext,
): Promise<readonly Slice[]> {
  const { box, side, forward, imageScale, scale, invert, tomogramHand, signal } = context;
  const place: Zyx = [tomogramHand * box.place[0], box.place[1], box.place[2]];
  const [points] = series.project([place]);
  const places = pixelsOf(points, images, imageScale);
  if (context.unseen !== "zeros") requireSeen(places, images, box.at);
  const starts = places.map(([y, x]) => [Math.floor(y) - (side >> 1), Math.floor(x) - (side >> 1)] as const);
  for (const [t, [startY, startX]] of starts.entries())
    forward.set("real", await images.read({ tilt: t, startY, startX, side }, signal), t * side);
  await forward.run("forward", signal === undefined ? {} : { signal });
  const ratio = scale / imageScale;
  return series.tilts.map((tilt, t): Slice => {
    const axes = axesInTilt(series, tilt, { rotation: box.rotation, tomogramHand });
    const own = (column: number): Zyx => [
      ratio * axes[column],
      ratio * axes[3 + column],
      ratio * axes[6 + column],
    ];
    const [yy, yx, xy, xx] = tilt.stretch ?? [1, 0, 0, 1];
    const area = ratio * ratio * Math.abs(yy * xx - yx * xy);
    return {
      ...{ alongY: own(1), alongX: own(2) },
      origin: [places[t][0] - starts[t][0], places[t][1] - starts[t][1]],
      factor: (invert ? -1 : 1) / area,
      filter: tiltFilter(series, t, { ...context, depthNm: points[t].depth }),
    };
  });
}

/** What a place (beam, y, x) of a tilt's image is multiplied with to be one in a molecule's own axes, row-major. */
export function axesInTilt(
  series: TiltSeries,
  tilt: Tilt,
  { rotation, tomogramHand }: { readonly rotation: Quaternion; readonly tomogramHand: 1 | -1 },
): Matrix3 {
  const m = series.matrixOf(tilt);
  const turn = quaternionMatrix(rotation);
  const at = (axis: number, row: number) =>
    turn[axis] * m[row] * tomogramHand + turn[axis + 3] * m[row + 1] + turn[axis + 6] * m[row + 2];
  return [at(0, 0), at(0, 3), at(0, 6), at(1, 0), at(1, 3), at(1, 6), at(2, 0), at(2, 3), at(2, 6)];
}
