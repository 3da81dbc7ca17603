import type { PixelOffset, PixelSize } from "../geometry/levels.ts";

/**
 * How pixels are made where a site lies by a fraction of a pixel off the map's: `round` moves it to the nearest whole pixel and keeps its
 * values; `bilinear` takes the line between neighbours, which blurs; `lanczos` (3 pixels on either side) keeps detail and may overshoot beside
 * bright edges.
 */
export type Resampling = "round" | "bilinear" | "lanczos";

/** Pixels on either side that Lanczos' interpolation looks at. */
const REACH = 3;

/** Weights of the pixels from `first` on, counted from the one that is asked for. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * A part of an image that lies by a fraction of a pixel further down and to the right; its outermost pixels go on beyond its ends. Every value is the
 * same whatever part is asked for.
 *
 * @param fraction  from -0.5 to 0.5
 * @param part      rows and columns that are wanted
 * @param missing   a value that stands for no pixel: where it has part in a result, that is NaN
 * @returns         (height, width) of the part
 */
export function shiftedPart(
  image: PixelSize & { readonly data: ArrayLike<number> },
  part: PixelOffset & PixelSize,
  {
    fraction,
    resample,
    missing,
  }: {
    readonly fraction: PixelOffset;
    readonly resample: "bilinear" | "lanczos";
    readonly missing: number | undefined;
  },
): Float64Array {
  const [down, across] = [tapsOf(-fraction.y, resample), tapsOf(-fraction.x, resample)];
  const rows = part.height + down.weights.length - 1;
  const lines = new Float64Array(rows * part.width);
  for (let i = 0; i < rows; i++) {
    const row = Math.min(image.height - 1, Math.max(0, part.y + down.first + i));
    const line = lines.subarray(i * part.width, (i + 1) * part.width);
    shiftRow({ image, row, missing }, { first: part.x + across.first, weights: across.weights }, line);
  }
  return summedRows(lines, part, down.weights);
}

function shiftRow(
  {
    image,
    row,
    missing,
  }: {
    readonly image: { readonly data: ArrayLike<number>; readonly width: number };
    readonly row: number;
    readonly missing: number | undefined;
  },
  { first, weights }: Taps,
  into: Float64Array,
): void {
  const { data, width } = image;
  const from = row * width;
  for (let x = 0; x < into.length; x++) {
    let sum = 0;
    for (let j = 0; j < weights.length; j++) {
      const column = first + x + j;
      const value = data[from + (column < 0 ? 0 : column < width ? column : width - 1)];
      sum += weights[j] * (value === missing ? Number.NaN : value);
    }
    into[x] = sum;
  }
}

function summedRows(
  lines: Float64Array,
  { height, width }: PixelSize,
  weights: readonly number[],
): Float64Array {
  const result = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i];
      const from = (y + i) * width;
      for (let x = 0; x < width; x++) result[y * width + x] += weight * lines[from + x];
    }
  }
  return result;
}

/** @param place  of the value, in pixels from the one that is asked for */
function tapsOf(place: number, resample: "bilinear" | "lanczos"): Taps {
  const whole = Math.floor(place);
  const rest = place - whole;
  if (rest === 0) return { first: whole, weights: [1] };
  if (resample === "bilinear") return { first: whole, weights: [1 - rest, rest] };
  const sinc = (t: number) => Math.sin(Math.PI * t) / (Math.PI * t);
  const weights = Array.from({ length: 2 * REACH }, (_, i) => {
    const t = rest - (i - REACH + 1);
    return sinc(t) * sinc(t / REACH);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { first: whole - REACH + 1, weights: weights.map((weight) => weight / total) };
}
