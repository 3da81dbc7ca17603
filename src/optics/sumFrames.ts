import { createFft, type FftPlan, type Pool } from "../compute/index.ts";
import { type Shape2, VitrineError } from "../core/index.ts";
import { damageRate, doseAfter, type FrameExposure, requireExposure } from "./dose.ts";
import {
  forEachFrequency,
  requireLength,
  requireNumber,
  requireShape,
  rfftWidth,
  signedFrequency,
} from "./frequencies.ts";

/** What is done to the frames of a movie before they are added. */
export interface FrameSumOptions {
  /** [H, W] of a frame. */
  readonly shape: Shape2;
  readonly pixelSizeA: number;
  /** Images in each frame, for instance the boxes of that many particles; 1 where absent. */
  readonly batch?: number;
  /** Weights by exposure; where absent, frames are added as they are. */
  readonly exposure?: FrameExposure;
  /** How far the images of a frame are moved, (batch, 2) y and x in pixels; where absent, they stay. */
  readonly shiftsPx?: (frame: number) => ArrayLike<number>;
  readonly signal?: AbortSignal;
}

/**
 * The sum of a movie's frames, each moved by a Fourier shift and weighted by its exposure. One frame is in memory at a time.
 *
 * A shift is periodic: what leaves at one edge enters at the other. At the Nyquist frequency of an even side it multiplies with
 * cos(π shift), the only choice that keeps the image real.
 *
 * @param frames (batch, H, W) each, from the first to the last; not changed
 * @returns      (batch, H, W)
 * @throws {VitrineError} shape: a frame or shifts of another length; range: no frames, a pixel size or exposure out of range
 * Source: Grant & Grigorieff 2015, eLife 4:e06980, eq. 9 (weights).
 */
export async function sumFrames(
  pool: Pool,
  frames: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  options: FrameSumOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const { shape, pixelSizeA, batch = 1, exposure, signal } = options;
  requireShape(shape, "sumFrames shape");
  requireNumber(pixelSizeA, pixelSizeA > 0, { at: "sumFrames pixelSizeA", expected: "Å above 0" });
  if (exposure !== undefined) requireExposure(exposure);
  const fft = createFft(pool, { kind: "real2d", shape, batch });
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

class FrameSum {
  readonly #options: FrameSumOptions;
  readonly #batch: number;
  /** Coefficients of one image. */
  readonly #count: number;
  /** Of each coefficient, Å² per electron; null without weights. */
  readonly #rates: Float64Array | null;
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
    this.#rates = exposure === undefined ? null : new Float64Array(this.#count);
    forEachFrequency(shape, (i, fy, fx) => {
      if (this.#rates !== null && exposure !== undefined)
        this.#rates[i] = damageRate(Math.hypot(fy, fx) / pixelSizeA, exposure);
    });
  }

  async add(fft: FftPlan, frame: Float32Array): Promise<void> {
    const { shape, shiftsPx, signal } = this.#options;
    requireLength(frame, this.#batch * shape[0] * shape[1], `sumFrames frame ${this.#frames}`);
    fft.set("real", frame);
    await fft.forward(signal === undefined ? {} : { signal });
    fft.read("spectrum", this.#spectrum);
    const shifts = shiftsPx?.(this.#frames);
    if (shifts !== undefined) requireLength(shifts, 2 * this.#batch, `sumFrames shiftsPx(${this.#frames})`);
    for (let image = 0; image < this.#batch; image++) {
      const shift = shifts === undefined ? [0, 0] : [shifts[2 * image], shifts[2 * image + 1]];
      this.#addImage(
        image,
        shiftFactors(shape[0], shift[0], shape[0]),
        shiftFactors(rfftWidth(shape[1]), shift[1], shape[1]),
      );
    }
    this.#frames++;
  }

  /** Adds spectrum times row factor times column factor times weight. */
  #addImage(image: number, rows: Float64Array, columns: Float64Array): void {
    const width = columns.length / 2;
    const first = image * this.#count;
    const dose = this.#options.exposure === undefined ? 0 : doseAfter(this.#frames, this.#options.exposure);
    for (let i = 0; i < this.#count; i++) {
      const [y, x] = [2 * Math.floor(i / width), 2 * (i % width)];
      const weight = this.#rates === null ? 1 : Math.exp(-dose * this.#rates[i]);
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
    if (this.#rates !== null && exposure !== undefined && exposure.restoresNoise !== false)
      this.#restore(this.#rates, exposure);
    fft.set("spectrum", this.#sum);
    await fft.inverse(signal === undefined ? {} : { signal });
    const images = new Float32Array(this.#batch * shape[0] * shape[1]);
    fft.read("real", images);
    return images;
  }

  #restore(rates: Float64Array, exposure: FrameExposure): void {
    const gains = rates.map((rate) => {
      let power = 0;
      for (let i = 0; i < this.#frames; i++) power += Math.exp(-2 * rate * doseAfter(i, exposure));
      return power > 0 ? 1 / Math.sqrt(power) : 0;
    });
    for (let at = 0; at < this.#sum.length; at++) this.#sum[at] *= gains[(at >> 1) % this.#count];
  }
}

/** exp(-2πi f shift) of `count` frequencies of a side of length n, interleaved. */
function shiftFactors(count: number, shift: number, n: number): Float64Array {
  const factors = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = -2 * Math.PI * signedFrequency(i, n) * shift;
    factors[2 * i] = Math.cos(angle);
    factors[2 * i + 1] = 2 * i === n ? 0 : Math.sin(angle);
  }
  return factors;
}

function noFrames(): VitrineError {
  return new VitrineError({ code: "range", at: "sumFrames frames", expected: "at least one", found: "none" });
}
