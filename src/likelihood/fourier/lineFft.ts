import { VitrineError } from "../../core/index.ts";

/** Complex transforms of one length in float64, many lines beside each other. Makes no allocation when it runs. */
export interface LineFft {
  readonly length: number;
  /**
   * Transforms `count` lines in place: element k of line i is the complex number at `offset + k * stride + i * apart`.
   * Sums are of exp(sign · 2πi jk / length), not scaled.
   */
  run(data: Float64Array, lines: Lines): void;
}

/** Lines of an array of complex numbers, all counted in these. */
export interface Lines {
  readonly offset: number;
  /** From element to element. */
  readonly stride: number;
  readonly count: number;
  /** From line to line. */
  readonly apart: number;
}

/** Lines that are transformed at a time: their buffers stay in cache. */
const BLOCK = 16;

/** The smallest even number from `least` on that has no prime factor above 5. */
export function smoothLength(least: number): number {
  for (let n = Math.max(2, least + (least % 2)); ; n += 2) {
    let rest = n;
    for (const prime of [2, 3, 5]) while (rest % prime === 0) rest /= prime;
    if (rest === 1) return n;
  }
}

/**
 * Plans transforms of a length without prime factors above 5.
 *
 * @param sign  of the exponent
 * @throws {VitrineError} range: another length
 *
 * Source: the self-sorting algorithm of Stockham, in radix 4, 2, 3 and 5 (Van Loan 1992, Computational Frameworks for the FFT, 1.7).
 */
export function createLineFft(length: number, sign: 1 | -1): LineFft {
  const radices = radicesOf(length);
  const twiddles = twiddlesOf(length, sign);
  const [a, b] = [new Float64Array(2 * length * BLOCK), new Float64Array(2 * length * BLOCK)];
  return {
    length,
    run(data, { offset, stride, count, apart }) {
      for (let first = 0; first < count; first += BLOCK) {
        const lines = Math.min(BLOCK, count - first);
        const place = { at: 2 * (offset + first * apart), step: 2 * stride, apart: 2 * apart, lines };
        gather(data, a, length, place);
        scatter(data, stages({ from: a, to: b }, { length, lines, radices, twiddles, sign }), length, place);
      }
    },
  };
}

function radicesOf(length: number): number[] {
  const radices: number[] = [];
  let rest = length;
  for (const radix of [4, 2, 3, 5])
    while (rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  if (rest === 1 && Number.isInteger(length) && length > 0) return radices;
  const expected = "a length without prime factors above 5";
  throw new VitrineError({ code: "range", at: "createLineFft length", expected, found: `${length}` });
}

function twiddlesOf(length: number, sign: number): Float64Array {
  const twiddles = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    twiddles[2 * k] = Math.cos((2 * Math.PI * k) / length);
    twiddles[2 * k + 1] = sign * Math.sin((2 * Math.PI * k) / length);
  }
  return twiddles;
}

/** As {@link Lines}, counted in numbers. */
interface Place {
  readonly at: number;
  readonly step: number;
  readonly apart: number;
  readonly lines: number;
}

function gather(
  data: Float64Array,
  into: Float64Array,
  length: number,
  { at, step, apart, lines }: Place,
): void {
  for (let k = 0; k < length; k++)
    for (let i = 0; i < lines; i++) {
      const from = at + k * step + i * apart;
      const to = 2 * (k * lines + i);
      into[to] = data[from];
      into[to + 1] = data[from + 1];
    }
}

function scatter(
  data: Float64Array,
  from: Float64Array,
  length: number,
  { at, step, apart, lines }: Place,
): void {
  for (let k = 0; k < length; k++)
    for (let i = 0; i < lines; i++) {
      const to = at + k * step + i * apart;
      const place = 2 * (k * lines + i);
      data[to] = from[place];
      data[to + 1] = from[place + 1];
    }
}

interface Stages {
  readonly length: number;
  readonly lines: number;
  readonly radices: readonly number[];
  readonly twiddles: Float64Array;
  readonly sign: number;
}

/** The array in which the result lies. */
function stages(
  { from, to }: { readonly from: Float64Array; readonly to: Float64Array },
  { length, lines, radices, twiddles, sign }: Stages,
): Float64Array {
  let [x, y] = [from, to];
  let [rest, stride] = [length, lines];
  for (const radix of radices) {
    rest /= radix;
    const stage = { groups: rest, stride, twiddles, step: length / (rest * radix) };
    if (radix === 4) radix4(x, y, stage, sign);
    else if (radix === 2) radix2(x, y, stage);
    else anyRadix(x, y, stage, { radix, sign });
    stride *= radix;
    [x, y] = [y, x];
  }
  return x;
}

interface Stage {
  readonly groups: number;
  /** Complex numbers that are treated alike. */
  readonly stride: number;
  readonly twiddles: Float64Array;
  /** Of the twiddles, from group to group. */
  readonly step: number;
}

function radix2(x: Float64Array, y: Float64Array, { groups, stride, twiddles, step }: Stage): void {
  const half = 2 * stride * groups;
  for (let p = 0; p < groups; p++) {
    const wr = twiddles[2 * p * step];
    const wi = twiddles[2 * p * step + 1];
    const from = 2 * stride * p;
    const to = 2 * from;
    for (let q = 0; q < 2 * stride; q += 2) {
      const ar = x[from + q];
      const ai = x[from + q + 1];
      const br = x[from + half + q];
      const bi = x[from + half + q + 1];
      const dr = ar - br;
      const di = ai - bi;
      y[to + q] = ar + br;
      y[to + q + 1] = ai + bi;
      y[to + 2 * stride + q] = dr * wr - di * wi;
      y[to + 2 * stride + q + 1] = dr * wi + di * wr;
    }
  }
}

function radix4(
  x: Float64Array,
  y: Float64Array,
  { groups, stride, twiddles, step }: Stage,
  sign: number,
): void {
  const part = 2 * stride * groups;
  const s = 2 * stride;
  for (let p = 0; p < groups; p++) {
    const w = 2 * p * step;
    const [w1r, w1i] = [twiddles[w], twiddles[w + 1]];
    const [w2r, w2i] = [twiddles[2 * w], twiddles[2 * w + 1]];
    const [w3r, w3i] = [twiddles[3 * w], twiddles[3 * w + 1]];
    const from = s * p;
    const to = 4 * from;
    for (let q = 0; q < s; q += 2) {
      const i = from + q;
      const sumR = x[i] + x[i + 2 * part];
      const sumI = x[i + 1] + x[i + 2 * part + 1];
      const difR = x[i] - x[i + 2 * part];
      const difI = x[i + 1] - x[i + 2 * part + 1];
      const oddR = x[i + part] + x[i + 3 * part];
      const oddI = x[i + part + 1] + x[i + 3 * part + 1];
      // sign · i times the difference of the odd ones
      const turnR = -sign * (x[i + part + 1] - x[i + 3 * part + 1]);
      const turnI = sign * (x[i + part] - x[i + 3 * part]);
      const j = to + q;
      y[j] = sumR + oddR;
      y[j + 1] = sumI + oddI;
      const bR = difR + turnR;
      const bI = difI + turnI;
      const cR = sumR - oddR;
      const cI = sumI - oddI;
      const dR = difR - turnR;
      const dI = difI - turnI;
      y[j + s] = bR * w1r - bI * w1i;
      y[j + s + 1] = bR * w1i + bI * w1r;
      y[j + 2 * s] = cR * w2r - cI * w2i;
      y[j + 2 * s + 1] = cR * w2i + cI * w2r;
      y[j + 3 * s] = dR * w3r - dI * w3i;
      y[j + 3 * s + 1] = dR * w3i + dI * w3r;
    }
  }
}

/** Radix 3 and 5, by the sum itself. */
function anyRadix(
  x: Float64Array,
  y: Float64Array,
  { groups, stride, twiddles, step }: Stage,
  { radix, sign }: { readonly radix: number; readonly sign: number },
): void {
  const root = twiddlesOf(radix, sign);
  const part = 2 * stride * groups;
  const s = 2 * stride;
  for (let p = 0; p < groups; p++)
    for (let k = 0; k < radix; k++) {
      const w = 2 * p * k * step;
      const wr = twiddles[w];
      const wi = twiddles[w + 1];
      for (let q = 0; q < s; q += 2) {
        let sumR = 0;
        let sumI = 0;
        for (let j = 0; j < radix; j++) {
          const i = s * p + part * j + q;
          const r = 2 * ((j * k) % radix);
          sumR += x[i] * root[r] - x[i + 1] * root[r + 1];
          sumI += x[i] * root[r + 1] + x[i + 1] * root[r];
        }
        const to = s * (radix * p + k) + q;
        y[to] = sumR * wr - sumI * wi;
        y[to + 1] = sumR * wi + sumI * wr;
      }
    }
}
