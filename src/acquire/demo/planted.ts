import { VitrineError } from "../../core/index.ts";
import { windowOf } from "./cells.ts";
import { type FocalSurface, focusOf, type RenderRequest, type Specimen } from "./specimen.ts";

/** An image that lies in the specimen. */
export interface PlantedImage {
  /** Stage position of its middle, µm. */
  readonly xUm: number;
  readonly yUm: number;
  /** Of its own pixels, µm. */
  readonly pixelSizeUm: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** (heightPx, widthPx): photoelectrons per ms in a pixel, added to the background. */
  readonly data: Float32Array;
}

/** What describes images planted on an even background, the same in all channels. */
export interface PlantedDescription {
  /** Photoelectrons per ms in a pixel. */
  readonly background: number;
  readonly images: readonly PlantedImage[];
  readonly focus: FocalSurface;
}

/** Deviation of the blur, in pixels of the planted image, per µm out of focus; such images may be of any scale. */
const BLUR_PX_PER_UM = 0.5;

/** More blur than this cannot be told apart. */
const LARGEST_BLUR_PX = 48;

/**
 * Images at stage positions, on a background, such as the projections of molecules in a micrograph.
 *
 * @throws {VitrineError} shape: an image whose data have another length than its sides say
 */
export function createPlanted({ background, images, focus }: PlantedDescription): Specimen {
  for (const [i, image] of images.entries()) checkImage(image, `specimen images[${i}]`);
  const rasters = new Map<PlantedImage, Raster>();
  const rasterAt = (image: PlantedImage, sigmaPx: number): Raster => {
    const known = rasters.get(image);
    if (known?.sigmaPx === sigmaPx) return known;
    const raster = blurImage(image, sigmaPx);
    rasters.set(image, raster);
    return raster;
  };
  return {
    focusUm: (xUm, yUm) => focusOf(focus, xUm, yUm),
    render(request, out) {
      out.fill(background);
      for (const image of images) {
        const defocus = Math.abs(request.zUm - focusOf(focus, image.xUm, image.yUm));
        // in steps, so that a stage that is almost still needs no new raster
        const sigmaPx = Math.min(LARGEST_BLUR_PX, Math.round(16 * BLUR_PX_PER_UM * defocus) / 16);
        if (isNear(image, request, 3 * sigmaPx + 1)) addRaster(rasterAt(image, sigmaPx), request, out);
      }
    },
  };
}

function checkImage({ data, widthPx, heightPx }: PlantedImage, at: string): void {
  if (data.length === widthPx * heightPx) return;
  const expected = `${heightPx} x ${widthPx} values`;
  throw new VitrineError({ code: "shape", at, expected, found: `${data.length}` });
}

/** An image with its blur and a margin of zeros. */
interface Raster {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly sigmaPx: number;
  /** Place of the middle of its first pixel, µm. */
  readonly leftUm: number;
  readonly topUm: number;
  readonly pixelSizeUm: number;
}

function isNear(image: PlantedImage, request: RenderRequest, marginPx: number): boolean {
  const reachX =
    (image.widthPx / 2 + marginPx) * image.pixelSizeUm + (request.widthPx / 2) * request.pixelSizeUm;
  const reachY =
    (image.heightPx / 2 + marginPx) * image.pixelSizeUm + (request.heightPx / 2) * request.pixelSizeUm;
  return Math.abs(image.xUm - request.xUm) < reachX && Math.abs(image.yUm - request.yUm) < reachY;
}

function addRaster(raster: Raster, request: RenderRequest, out: Float32Array): void {
  const { widthPx, heightPx } = request;
  const { leftUm, topUm, pixelSizeUm } = windowOf(request);
  const scale = raster.pixelSizeUm / pixelSizeUm;
  const columns = overlap((raster.leftUm - leftUm) / pixelSizeUm, raster.width * scale, widthPx);
  const rows = overlap((raster.topUm - topUm) / pixelSizeUm, raster.height * scale, heightPx);
  for (let row = rows.first; row <= rows.last; row++) {
    const y = (topUm + row * pixelSizeUm - raster.topUm) / raster.pixelSizeUm;
    for (let column = columns.first; column <= columns.last; column++) {
      const x = (leftUm + column * pixelSizeUm - raster.leftUm) / raster.pixelSizeUm;
      out[row * widthPx + column] += interpolate(raster, x, y);
    }
  }
}

/** The pixels of a line of `count` that lie in a stretch. */
function overlap(start: number, length: number, count: number): { first: number; last: number } {
  return { first: Math.max(0, Math.floor(start)), last: Math.min(count - 1, Math.ceil(start + length)) };
}

/** The value between four pixels; 0 outside. */
function interpolate({ data, width, height }: Raster, x: number, y: number): number {
  // a place on a pixel's middle takes that pixel alone, whatever the last bits say
  const column = Math.floor(x + 1e-6);
  const row = Math.floor(y + 1e-6);
  if (column < 0 || row < 0 || column >= width - 1 || row >= height - 1) return 0;
  const u = Math.max(0, x - column);
  const v = Math.max(0, y - row);
  const at = row * width + column;
  const top = data[at] + u * (data[at + 1] - data[at]);
  const bottom = data[at + width] + u * (data[at + width + 1] - data[at + width]);
  return top + v * (bottom - top);
}

function blurImage(image: PlantedImage, sigmaPx: number): Raster {
  const { data, widthPx, heightPx, pixelSizeUm } = image;
  const margin = Math.ceil(3 * sigmaPx) + 1;
  const width = widthPx + 2 * margin;
  const height = heightPx + 2 * margin;
  const padded = new Float32Array(width * height);
  for (let row = 0; row < heightPx; row++)
    padded.set(data.subarray(row * widthPx, (row + 1) * widthPx), (row + margin) * width + margin);
  const leftUm = image.xUm - ((width - 1) / 2) * pixelSizeUm;
  const topUm = image.yUm - ((height - 1) / 2) * pixelSizeUm;
  const common = { width, height, sigmaPx, leftUm, topUm, pixelSizeUm };
  if (sigmaPx === 0) return { ...common, data: padded };
  const weights = gaussianWeights(sigmaPx);
  const blurred = blurLines(blurLines(padded, weights, [height, width]), weights, [width, height]);
  return { ...common, data: blurred };
}

function gaussianWeights(sigma: number): Float32Array {
  const half = Math.ceil(3 * sigma);
  const weights = Float32Array.from({ length: 2 * half + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - half) / sigma) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Blurs each of the lines and gives them as columns. */
function blurLines(source: Float32Array, weights: Float32Array, [lines, length]: readonly [number, number]) {
  const result = new Float32Array(source.length);
  const half = (weights.length - 1) / 2;
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      const first = Math.max(0, half - i);
      const last = Math.min(weights.length - 1, length - 1 - i + half);
      let sum = 0;
      for (let k = first; k <= last; k++) sum += weights[k] * source[line * length + i + k - half];
      result[i * lines + line] = sum;
    }
  }
  return result;
}
