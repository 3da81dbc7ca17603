import { fftLayout } from "../../../src/compute/fftLayout.ts";
import type { Plan, PlanArray, RunOptions } from "../../../src/compute/index.ts";
import { checkRows } from "../../../src/compute/planArrays.ts";
import type { ResampleSize, ResampleTypes } from "../../../src/compute/resample.ts";
import { elementCount } from "../../../src/core/index.ts";
import { transformAxis } from "./fourier.ts";
import { type Planes, planes } from "./line.ts";
import { runSteps } from "./steps.ts";

/** The original and the result, float64. */
export function resampleBytes({ from, to }: ResampleSize): number {
  return 8 * [from, to].reduce((sum, { shape, batch = 1 }) => sum + batch * elementCount(shape), 0);
}

/** Resamples axis after axis, by cutting or padding the spectrum along it. */
export class ReferenceResample implements Plan<ResampleTypes> {
  readonly bytes: number;
  readonly #size: ResampleSize;
  readonly #original: Float64Array;
  #resampled: Float64Array = new Float64Array(0);

  constructor(size: ResampleSize) {
    this.bytes = resampleBytes(size);
    this.#size = size;
    const { rows, inputFloats } = fftLayout(size.from, 1);
    this.#original = new Float64Array(rows * inputFloats);
  }

  set(_: "original", data: PlanArray, at = 0): void {
    const { rows, inputFloats } = fftLayout(this.#size.from, 1);
    checkRows("resample original", { type: "f32", rows, rowLength: inputFloats }, { data, at });
    this.#original.set(data, at * inputFloats);
  }

  async run(_: undefined, options: RunOptions = {}): Promise<undefined> {
    this.#resampled = await runSteps("resample", this.#axes(), options);
  }

  *#axes(): Generator<number, Float64Array> {
    const { from, to } = this.#size;
    let values: Planes = { re: this.#original, im: new Float64Array(this.#original.length) };
    const shape: number[] = [...from.shape];
    for (const [axis, length] of to.shape.entries()) {
      const inner = elementCount(shape.slice(axis + 1));
      values = resampleAxis(values, { length: shape[axis], inner }, length);
      shape[axis] = length;
      yield 1;
    }
    return values.re;
  }

  read(_: "resampled", into: PlanArray, at = 0): void {
    const { rows, inputFloats } = fftLayout(this.#size.to, 1);
    checkRows("resample resampled", { type: "f32", rows, rowLength: inputFloats }, { data: into, at });
    into.set(this.#resampled.subarray(at * inputFloats, at * inputFloats + into.length));
  }

  dispose(): void {
    this.#resampled = new Float64Array(0);
  }
}

/** An array (outer, from, inner) becomes (outer, to, inner). */
function resampleAxis(
  { re, im }: Planes,
  { length: from, inner }: { length: number; inner: number },
  to: number,
): Planes {
  const outer = re.length / (from * inner);
  const spectrum = { re: re.slice(), im: im.slice() };
  transformAxis(spectrum, { outer, length: from, inner });
  const out = planes(outer * to * inner);
  const shorter = Math.min(from, to);
  const highest = Math.floor(shorter / 2);
  for (let f = -highest; f <= highest; f++) {
    // where the old grid has one highest frequency and the new one two, each gets half of it
    const weight = (2 * Math.abs(f) === shorter && to >= from ? 0.5 : 1) / from;
    for (let o = 0; o < outer; o++) {
      const source = (o * from + ((f + from) % from)) * inner;
      const target = (o * to + ((f + to) % to)) * inner;
      for (let i = 0; i < inner; i++) {
        out.re[target + i] += weight * spectrum.re[source + i];
        out.im[target + i] += weight * spectrum.im[source + i];
      }
    }
  }
  transformAxis(out, { outer, length: to, inner }, true);
  return out;
}
