import { VitrineError } from "../../core/index.ts";
import { type ImageSource, openImage } from "../../io/index.ts";
import { centreOfSide, type DetectorCentre, type Tilt } from "./tilt.ts";
import type { ProjectedPoint } from "./tiltSeries.ts";

/** A square of an image, where its first pixel is. */
export interface Patch {
  readonly tilt: number;
  readonly startY: number;
  readonly startX: number;
  readonly side: number;
}

/** Mean and deviation of an image. */
export interface ImageLevels {
  readonly mean: number;
  readonly deviation: number;
}

/** The images of a tilt series, which stay in their files: squares are read when they are asked for. */
export interface TiltImages extends AsyncDisposable {
  /** Pixel (y, x) of each image at which shifts of 0 lie. */
  centre(tilt: number): readonly [y: number, x: number];
  /** Height and width of each. */
  shape(tilt: number): readonly [number, number];
  /** Values, 0 outside of the image; less the mean and by the deviation where `levels` are told. */
  read(patch: Patch, signal?: AbortSignal): Promise<Float32Array>;
}

/**
 * Opens the files of all tilts, each once.
 *
 * @param levels  of images that are known: an image is read as a whole for its mean when it is first needed. None: values stay as they are
 * @throws {VitrineError} missing: a tilt without a file; range: a file that has fewer images; shape: one that is no stack of images
 */
export async function openTiltImages(
  tilts: readonly Tilt[],
  { centre, levels }: { readonly centre: DetectorCentre; readonly levels?: Map<string, ImageLevels> },
): Promise<TiltImages> {
  const sources = new Map<string, ImageSource>();
  const close = async () => {
    for (const source of sources.values()) await source.close();
  };
  try {
    for (const [i, tilt] of tilts.entries()) {
      const path = requirePath(tilt, i);
      if (!sources.has(path)) sources.set(path, await openImage(path));
      requireImage(sources.get(path), tilt);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const sourceOf = (tilt: number): ImageSource => {
    const source = sources.get(requirePath(tilts[tilt], tilt));
    if (source === undefined) throw new Error("the sources are of the tilts");
    return source;
  };
  const shape = (tilt: number): readonly [number, number] => {
    const sides = sourceOf(tilt).levels[0].shape;
    return [sides[sides.length - 2], sides[sides.length - 1]];
  };
  return {
    shape,
    centre(tilt) {
      const [height, width] = shape(tilt);
      return [centreOfSide(height, centre), centreOfSide(width, centre)];
    },
    async read(patch, signal) {
      const { imagePath, imageIndex } = tilts[patch.tilt];
      const key = `${imageIndex}@${imagePath}`;
      const source = sourceOf(patch.tilt);
      if (levels !== undefined && !levels.has(key))
        levels.set(key, await levelsOf(source, imageIndex, signal));
      return readPatch(source, imageIndex, { ...patch, level: levels?.get(key), signal });
    },
    [Symbol.asyncDispose]: close,
  };
}

/** A place in an image, pixels. */
export type Pixel = readonly [y: number, x: number];

/** Where points of a tilt series are in each of its images. @param imageScale  nm/pixel */
export function pixelsOf(
  points: readonly ProjectedPoint[],
  images: TiltImages,
  imageScale: number,
): readonly Pixel[] {
  return points.map(({ y, x }, t) => {
    const [cy, cx] = images.centre(t);
    return [cy + y / imageScale, cx + x / imageScale];
  });
}

/** Whether at least one image shows it. @param places  in each image */
export function isSeen(places: readonly Pixel[], images: TiltImages): boolean {
  return places.some(([y, x], t) => {
    const [height, width] = images.shape(t);
    return y >= 0 && x >= 0 && y <= height - 1 && x <= width - 1;
  });
}

/** @throws {VitrineError} range: a place that no image shows */
export function requireSeen(places: readonly Pixel[], images: TiltImages, at: string): void {
  if (isSeen(places, images)) return;
  const [y, x] = places[0];
  throw new VitrineError({
    code: "range",
    at,
    expected: "a place that at least one image shows",
    found: `one at y ${y.toFixed(1)}, x ${x.toFixed(1)} pixels of the first`,
    hint: "Is the tomogram's centre right (tomogramCenter)? inside() leaves such molecules out",
  });
}

function requirePath({ imagePath }: Tilt, i: number): string {
  if (imagePath !== undefined) return imagePath;
  throw new VitrineError({
    code: "missing",
    at: `tilt ${i}`,
    expected: "the file of its image",
    found: "none",
  });
}

function requireImage(source: ImageSource | undefined, { imageIndex }: Tilt): void {
  if (source === undefined) return;
  const { name, axes, levels } = source;
  const { shape } = levels[0];
  if (axes[axes.length - 1].name !== "x" || axes[axes.length - 2].name !== "y" || shape.length > 3)
    throw new VitrineError({
      code: "shape",
      at: name,
      expected: "a stack of images",
      found: `axes ${axes.map((axis) => axis.name).join(", ")}`,
    });
  const count = shape.length === 3 ? shape[0] : 1;
  if (imageIndex < count) return;
  throw new VitrineError({
    code: "range",
    at: name,
    expected: `at least ${imageIndex + 1} images`,
    found: `${count}`,
  });
}

type Box = readonly [y: readonly [number, number], x: readonly [number, number]];

async function readBox(source: ImageSource, index: number, [y, x]: Box, signal?: AbortSignal) {
  const { axes } = source;
  const outer = axes.length === 3 ? { [axes[0].name]: [index, index + 1] as const } : {};
  const { data } = await source.read({ region: { ...outer, y, x }, ...(signal && { signal }) });
  return data;
}

/** Rows that are read at a time. */
const ROWS = 256;

async function levelsOf(source: ImageSource, index: number, signal?: AbortSignal): Promise<ImageLevels> {
  const sides = source.levels[0].shape;
  const [height, width] = [sides[sides.length - 2], sides[sides.length - 1]];
  let [sum, squares] = [0, 0];
  for (let y = 0; y < height; y += ROWS) {
    const data = await readBox(
      source,
      index,
      [
        [y, Math.min(height, y + ROWS)],
        [0, width],
      ],
      signal,
    );
    for (let i = 0; i < data.length; i++) {
      const value = Number(data[i]);
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / (height * width);
  if (!Number.isFinite(squares))
    throw new VitrineError({
      code: "range",
      at: `${source.name} image ${index}`,
      expected: "finite numbers",
      found: "others",
    });
  const deviation = Math.sqrt(Math.max(0, squares / (height * width) - mean * mean));
  return { mean, deviation: deviation || 1 };
}

async function readPatch(
  source: ImageSource,
  index: number,
  {
    startY,
    startX,
    side,
    level,
    signal,
  }: Patch & { readonly level: ImageLevels | undefined; readonly signal: AbortSignal | undefined },
): Promise<Float32Array> {
  const patch = new Float32Array(side * side);
  const sides = source.levels[0].shape;
  const [height, width] = [sides[sides.length - 2], sides[sides.length - 1]];
  const [y0, y1] = [Math.max(0, startY), Math.min(height, startY + side)];
  const [x0, x1] = [Math.max(0, startX), Math.min(width, startX + side)];
  if (y0 >= y1 || x0 >= x1) return patch;
  const data = await readBox(
    source,
    index,
    [
      [y0, y1],
      [x0, x1],
    ],
    signal,
  );
  const { mean, deviation } = level ?? { mean: 0, deviation: 1 };
  for (let y = y0; y < y1; y++) {
    const [from, to] = [(y - y0) * (x1 - x0), (y - startY) * side + x0 - startX];
    for (let x = 0; x < x1 - x0; x++) patch[to + x] = (Number(data[from + x]) - mean) / deviation;
  }
  return patch;
}
