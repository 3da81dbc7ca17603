import { type Backend, createFft, type FftPlan } from "../compute/index.ts";
import { type OptionKeys, requireKnownOptions, type Shape2, VitrineError } from "../core/index.ts";
import { damageRate, doseAfter, type FrameExposure, requireExposure } from "./dose.ts";
import {
  forEachFrequency,
  requireLength,
  requireNumber,
  requireShape,
  rfftWidth,
  signedFrequency,
} from "./frequencies.ts";

const FRAME_SUM_KEYS: OptionKeys<FrameSumOptions> = {
  shape: true,
  pixelSizeA: true,
  batch: true,
  exposure: true,
  shiftsPx: true,
  turnsNyquist: true,
  signal: true,
};

/** What is done to the frames of a movie before they are added. */
export interface FrameSumOptions {
  /** [H, W] of a frame. */
  readonly shape: Shape2;
  /** Of all images, or of each of the batch. */
  readonly pixelSizeA: number | readonly number[];
  /** Images in each frame, for instance the boxes of that many particles; 1 where absent. */
  readonly batch?: number;
  /** Weights by exposure; where absent, frames are added as they are. */
  readonly exposure?: FrameExposure;
  /** How far the images of a frame are moved, (batch, 2) y and x in pixels; where absent, they stay. */
  readonly shiftsPx?: (frame: number) => ArrayLike<number>;
  /** Turn the Nyquist frequency like any other and drop what is not real in the end, as torch-fourier-shift does. */
  readonly turnsNyquist?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The sum of a movie's frames, each moved by a Fourier shift and weighted by its exposure. One frame is in memory at a time.
 *
 * A shift is periodic: what leaves at one edge enters at the other. At the Nyquist frequency of an even side it multiplies with
 * cos(π shift), the only choice that keeps the image real; see `turnsNyquist`.
 *
 * @param frames (batch, H, W) each, from the first to the last; not changed
 * @returns      (batch, H, W)
 * @throws {VitrineError} shape: a frame or shifts of another length; range: no frames, a pixel size or exposure out of range
 * Source: Grant & Grigorieff 2015, eLife 4:e06980, eq. 9 (weights).
 */
export async function sumFrames(
  backend: Backend,
  frames: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  options: FrameSumOptions,
): Promise<Float32Array<ArrayBuffer>> {
  requireKnownOptions("sumFrames", options, FRAME_SUM_KEYS);
  const { shape, pixelSizeA, batch = 1, exposure, signal } = options;
  requireShape(shape, "sumFrames shape");
  requirePixelSizes(pixelSizeA, batch);
  if (exposure !== undefined) requireExposure(exposure);
  const fft = createFft(backend, { kind: "real2d", shape, batch });
  try {
    const sum = new FrameSum(options);
    for await (const frame of frames) {
      signal?.throwIfAborted();
      await sum.add(fft, frame);
    }
    return await sum.finish(fft);
  } finally {
    fft.dispose();
  }
}

function requirePixelSizes(pixelSizeA: FrameSumOptions["pixelSizeA"], batch: number): void {
  const at = "sumFrames pixelSizeA";
  if (typeof pixelSizeA !== "number") requireLength(pixelSizeA, batch, at);
  for (const size of typeof pixelSizeA === "number" ? [pixelSizeA] : pixelSizeA)
    requireNumber(size, size > 0, { at, expected: "Å above 0" });
}

class FrameSum {
  readonly #options: FrameSumOptions;
  readonly #batch: number;
  /** Coefficients of one image. */
  readonly #count: number;
  /** By pixel size: of each coefficient, Å² per electron. Empty without weights. */
  readonly #rates = new Map<number, Float64Array>();
  readonly #spectrum: Float32Array;
  readonly #sum: Float32Array;
  #frames = 0;

  constructor(options: FrameSumOptions) {
    const { shape, pixelSizeA, batch = 1, exposure } = options;
    this.#options = options;
    this.#batch = batch;
    this.#count = shape[0] * rfftWidth(shape[1]);
    this.#spectrum = new Float32Array(2 * batch * this.#count);
    this.#sum = new Float32Array(this.#spectrum.length);
    if (exposure === undefined) return;
    for (const size of new Set(typeof pixelSizeA === "number" ? [pixelSizeA] : pixelSizeA)) {
      const rates = new Float64Array(this.#count);
      forEachFrequency(shape, (i, fy, fx) => {
        rates[i] = damageRate(Math.hypot(fy, fx) / size, exposure);
      });
      this.#rates.set(size, rates);
    }
  }

  async add(fft: FftPlan, frame: Float32Array): Promise<void> {
    const { shape, shiftsPx, turnsNyquist = false, signal } = this.#options;
    requireLength(frame, this.#batch * shape[0] * shape[1], `sumFrames frame ${this.#frames}`);
    fft.set("real", frame);
    await fft.run("forward", signal === undefined ? {} : { signal });
    fft.read("spectrum", this.#spectrum);
    const shifts = shiftsPx?.(this.#frames);
    if (shifts !== undefined) requireLength(shifts, 2 * this.#batch, `sumFrames shiftsPx(${this.#frames})`);
    const weights = this.#weights();
    const [height, width] = shape;
    // torch-fourier-shift's Nyquist frequencies: -1/2 of rows, +1/2 of columns
    const nyquist = turnsNyquist ? ([-0.5, 0.5] as const) : ([0, 0] as const);
    for (let image = 0; image < this.#batch; image++) {
      const shift = shifts === undefined ? [0, 0] : [shifts[2 * image], shifts[2 * image + 1]];
      const rows = shiftFactors(shift[0], { count: height, length: height, nyquist: nyquist[0] });
      const columns = shiftFactors(shift[1], { count: rfftWidth(width), length: width, nyquist: nyquist[1] });
      this.#addImage(image, { rows, columns, weights: weights.get(this.#pixelSize(image)) });
    }
    this.#frames++;
  }

  #pixelSize(image: number): number {
    const { pixelSizeA } = this.#options;
    return typeof pixelSizeA === "number" ? pixelSizeA : pixelSizeA[image];
  }

  /** Of each coefficient in the frame that comes next, by pixel size. */
  #weights(): ReadonlyMap<number, Float64Array> {
    const { exposure } = this.#options;
    const dose = exposure === undefined ? 0 : doseAfter(this.#frames, exposure);
    const pairs = [...this.#rates].map(([size, rates]) => {
      return [size, rates.map((rate) => Math.exp(-dose * rate))] as const;
    });
    return new Map(pairs);
  }

  /** Adds spectrum times row factor times column factor times weight. */
  #addImage(image: number, { rows, columns, weights }: ImageFactors): void {
    const width = columns.length / 2;
    const first = image * this.#count;
    for (let i = 0; i < this.#count; i++) {
      const [y, x] = [2 * Math.floor(i / width), 2 * (i % width)];
      const weight = weights === undefined ? 1 : weights[i];
      const re = weight * (rows[y] * columns[x] - rows[y + 1] * columns[x + 1]);
      const im = weight * (rows[y] * columns[x + 1] + rows[y + 1] * columns[x]);
      const at = 2 * (first + i);
      this.#sum[at] += this.#spectrum[at] * re - this.#spectrum[at + 1] * im;
      this.#sum[at + 1] += this.#spectrum[at] * im + this.#spectrum[at + 1] * re;
    }
  }

  async finish(fft: FftPlan): Promise<Float32Array<ArrayBuffer>> {
    if (this.#frames === 0) throw noFrames();
    const { shape, signal, exposure } = this.#options;
    if (exposure !== undefined && exposure.restoresNoise !== false) this.#restore(exposure);
    fft.set("spectrum", this.#sum);
    await fft.run("inverse", signal === undefined ? {} : { signal });
    const images = new Float32Array(this.#batch * shape[0] * shape[1]);
    fft.read("real", images);
    return images;
  }

  /** Divides by the root of the sum of the squared weights. */
  #restore(exposure: FrameExposure): void {
    const gains = new Map([...this.#rates].map(([size, rates]) => [size, this.#gains(rates, exposure)]));
    for (let image = 0; image < this.#batch; image++) {
      const gain = gains.get(this.#pixelSize(image));
      const first = 2 * image * this.#count;
      for (let i = 0; gain !== undefined && i < 2 * this.#count; i++) this.#sum[first + i] *= gain[i >> 1];
    }
  }

  #gains(rates: Float64Array, exposure: FrameExposure): Float64Array {
    return rates.map((rate) => {
      let power = 0;
      for (let i = 0; i < this.#frames; i++) power += Math.exp(-2 * rate * doseAfter(i, exposure));
      return power > 0 ? 1 / Math.sqrt(power) : 0;
    });
  }
}

/** What a frame's image is multiplied with. */
interface ImageFactors {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  /** Of each coefficient; undefined for 1. */
  readonly weights: Float64Array | undefined;
}

/** The coefficients of a side, and what its Nyquist frequency is taken for. */
interface Side {
  readonly count: number;
  readonly length: number;
  /** Cycles/pixel; 0 for a factor of cos(π shift). */
  readonly nyquist: number;
}

/** exp(-2πi f shift) of the frequencies of a side, interleaved. */
function shiftFactors(shift: number, { count, length, nyquist }: Side): Float64Array {
  const factors = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const isNyquist = 2 * i === length;
    const angle = -2 * Math.PI * shift * (isNyquist ? nyquist || 0.5 : signedFrequency(i, length));
    factors[2 * i] = Math.cos(angle);
    factors[2 * i + 1] = isNyquist && nyquist === 0 ? 0 : Math.sin(angle);
  }
  return factors;
}

function noFrames(): VitrineError {
  return new VitrineError({ code: "range", at: "sumFrames frames", expected: "at least one", found: "none" });
}
