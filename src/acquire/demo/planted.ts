import { VitrineError } from "../../core/index.ts";
import { windowOf } from "./cells.ts";
import { blurUm, type FocalSurface, focusOf, type RenderRequest, type Specimen } from "./specimen.ts";

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

/**
 * Images at stage positions, on a background, such as the projections of molecules in a micrograph.
 *
 * @throws {VitrineError} shape: an image whose data have another length than its sides say
 */
export function createPlanted({ background, images, focus }: PlantedDescription): Specimen {
  for (const [i, image] of images.entries()) checkImage(image, `specimen images[${i}]`);
  return {
    focusUm: (xUm, yUm) => focusOf(focus, xUm, yUm),
    render(request, out) {
      out.fill(background);
      const defocus = request.zUm - focusOf(focus, request.xUm, request.yUm);
      // in focus the planted images are as sharp as their pixels
      const blur = Math.sqrt(Math.max(0, blurUm(defocus) ** 2 - blurUm(0) ** 2));
      for (const image of images) addImage(image, request, { blur, out });
    },
  };
}

function checkImage({ data, widthPx, heightPx }: PlantedImage, at: string): void {
  if (data.length === widthPx * heightPx) return;
  const expected = `${heightPx} x ${widthPx} values`;
  throw new VitrineError({ code: "shape", at, expected, found: `${data.length}` });
}

function addImage(
  image: PlantedImage,
  request: RenderRequest,
  { blur, out }: { blur: number; out: Float32Array },
) {
  const { widthPx, heightPx } = request;
  const { leftUm, topUm, pixelSizeUm } = windowOf(request);
  const sigmaPx = blur / image.pixelSizeUm;
  const margin = Math.ceil(3 * sigmaPx) + 1;
  const left = image.xUm - ((image.widthPx - 1) / 2 + margin) * image.pixelSizeUm;
  const top = image.yUm - ((image.heightPx - 1) / 2 + margin) * image.pixelSizeUm;
  const width = image.widthPx + 2 * margin;
  const height = image.heightPx + 2 * margin;
  const columns = overlap((left - leftUm) / pixelSizeUm, (width * image.pixelSizeUm) / pixelSizeUm, widthPx);
  const rows = overlap((top - topUm) / pixelSizeUm, (height * image.pixelSizeUm) / pixelSizeUm, heightPx);
  if (columns.first > columns.last || rows.first > rows.last) return;
  const data = padAndBlur(image, margin, sigmaPx);
  for (let row = rows.first; row <= rows.last; row++) {
    const y = (topUm + row * pixelSizeUm - top) / image.pixelSizeUm;
    for (let column = columns.first; column <= columns.last; column++) {
      const x = (leftUm + column * pixelSizeUm - left) / image.pixelSizeUm;
      out[row * widthPx + column] += interpolate({ data, width, height }, x, y);
    }
  }
}

/** The pixels of a line of `count` that lie in a stretch. */
function overlap(start: number, length: number, count: number): { first: number; last: number } {
  return { first: Math.max(0, Math.floor(start)), last: Math.min(count - 1, Math.ceil(start + length)) };
}

interface Raster {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
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

function padAndBlur(
  { data, widthPx, heightPx }: PlantedImage,
  margin: number,
  sigmaPx: number,
): Float32Array {
  const width = widthPx + 2 * margin;
  const height = heightPx + 2 * margin;
  const padded = new Float32Array(width * height);
  for (let row = 0; row < heightPx; row++)
    padded.set(data.subarray(row * widthPx, (row + 1) * widthPx), (row + margin) * width + margin);
  if (sigmaPx < 0.05) return padded;
  const weights = gaussianWeights(sigmaPx);
  return blurLines(blurLines(padded, weights, [height, width]), weights, [width, height]);
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
