/** Complex numbers in float64, real and imaginary parts apart. */
export interface Planes {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Complex zeros. */
export function planes(length: number): Planes {
  return { re: new Float64Array(length), im: new Float64Array(length) };
}

/**
 * Transforms along the first axis of an array (length, inner), unnormalised: Stockham's algorithm, which needs no permutation and works on
 * runs of neighbours. Factors of 4 and 5 cost little, another prime factor p of the length p products a value. The
 * inverse is the transform with both planes exchanged.
 *
 * Source: Van Loan 1992, Computational Frameworks for the Fast Fourier Transform, section 1.7.
 */
export class Line {
  readonly length: number;
  readonly #radices: readonly number[];
  /** exp(-2πi k / length) */
  readonly #roots: Planes;

  constructor(length: number) {
    this.length = length;
    this.#radices = radicesOf(length);
    const angles = Float64Array.from({ length }, (_, k) => (-2 * Math.PI * k) / length);
    this.#roots = { re: angles.map(Math.cos), im: angles.map(Math.sin) };
  }

  /** `data` and `spare` are both overwritten; gives the one that holds the result. */
  transform(data: Planes, spare: Planes, { inner = 1, inverse = false } = {}): Planes {
    let [from, to] = inverse ? [exchanged(data), exchanged(spare)] : [data, spare];
    let run = inner;
    let rest = this.length;
    for (const radix of this.#radices) {
      const pass = { radix, run, count: rest / radix, roots: this.#roots, step: this.length / rest };
      if (radix === 4) passOfFour(from, to, pass);
      else if (radix === 5) passOfFive(from, to, pass);
      else passOfAny(from, to, pass);
      [from, to] = [to, from];
      run *= radix;
      rest /= radix;
    }
    return inverse ? exchanged(from) : from;
  }
}

/** One pass: x (radix, count, run) becomes y (count, radix, run). */
interface Pass {
  readonly radix: number;
  readonly count: number;
  readonly run: number;
  readonly roots: Planes;
  /** Which of the roots belongs to a line of radix x count. */
  readonly step: number;
}

function exchanged({ re, im }: Planes): Planes {
  return { re: im, im: re };
}

function radicesOf(length: number): number[] {
  const radices: number[] = [];
  let rest = length;
  for (const radix of [4, 5, 3, 2]) for (; rest % radix === 0; rest /= radix) radices.push(radix);
  for (let radix = 7; rest > 1; radix += 2) for (; rest % radix === 0; rest /= radix) radices.push(radix);
  return radices;
}

/** y[p, k] = w^(k p) (sum over j of x[j, p] exp(-2πi j k / radix)), w being the root of the line: both factors are one root. */
function passOfAny(x: Planes, y: Planes, { radix, count, run, roots, step }: Pass): void {
  const all = roots.re.length;
  for (let p = 0; p < count; p++) {
    for (let k = 0; k < radix; k++) {
      const to = (p * radix + k) * run;
      y.re.fill(0, to, to + run);
      y.im.fill(0, to, to + run);
      for (let j = 0; j < radix; j++) {
        const root = (k * step * (p + count * j)) % all;
        addProduct(x, y, { from: (p + count * j) * run, to, run, re: roots.re[root], im: roots.im[root] });
      }
    }
  }
}

function addProduct(
  x: Planes,
  y: Planes,
  { from, to, run, re, im }: { from: number; to: number; run: number; re: number; im: number },
): void {
  const [xr, xi, yr, yi] = [x.re, x.im, y.re, y.im];
  for (let q = 0; q < run; q++) {
    const a = xr[from + q];
    const b = xi[from + q];
    yr[to + q] += a * re - b * im;
    yi[to + q] += a * im + b * re;
  }
}

function passOfFour(x: Planes, y: Planes, { count, run, roots, step }: Pass): void {
  const { re: xr, im: xi } = x;
  const { re: yr, im: yi } = y;
  const quarter = count * run;
  for (let p = 0; p < count; p++) {
    const c1 = roots.re[step * p];
    const s1 = roots.im[step * p];
    const c2 = roots.re[2 * step * p];
    const s2 = roots.im[2 * step * p];
    const c3 = roots.re[3 * step * p];
    const s3 = roots.im[3 * step * p];
    const to = 4 * p * run;
    for (let i = p * run, o = to; o < to + run; i++, o++) {
      const ar = xr[i] + xr[i + 2 * quarter];
      const ai = xi[i] + xi[i + 2 * quarter];
      const br = xr[i] - xr[i + 2 * quarter];
      const bi = xi[i] - xi[i + 2 * quarter];
      const cr = xr[i + quarter] + xr[i + 3 * quarter];
      const ci = xi[i + quarter] + xi[i + 3 * quarter];
      // -i times the difference
      const dr = xi[i + quarter] - xi[i + 3 * quarter];
      const di = xr[i + 3 * quarter] - xr[i + quarter];
      yr[o] = ar + cr;
      yi[o] = ai + ci;
      yr[o + run] = (br + dr) * c1 - (bi + di) * s1;
      yi[o + run] = (br + dr) * s1 + (bi + di) * c1;
      yr[o + 2 * run] = (ar - cr) * c2 - (ai - ci) * s2;
      yi[o + 2 * run] = (ar - cr) * s2 + (ai - ci) * c2;
      yr[o + 3 * run] = (br - dr) * c3 - (bi - di) * s3;
      yi[o + 3 * run] = (br - dr) * s3 + (bi - di) * c3;
    }
  }
}

const [COS_1, SIN_1] = [Math.cos((2 * Math.PI) / 5), Math.sin((2 * Math.PI) / 5)];
const [COS_2, SIN_2] = [Math.cos((4 * Math.PI) / 5), Math.sin((4 * Math.PI) / 5)];

function passOfFive(x: Planes, y: Planes, { count, run, roots, step }: Pass): void {
  const { re: xr, im: xi } = x;
  const { re: yr, im: yi } = y;
  const fifth = count * run;
  for (let p = 0; p < count; p++) {
    const to = 5 * p * run;
    for (let i = p * run, o = to; o < to + run; i++, o++) {
      // sums and differences of what lies opposite
      const ar = xr[i + fifth] + xr[i + 4 * fifth];
      const ai = xi[i + fifth] + xi[i + 4 * fifth];
      const br = xr[i + 2 * fifth] + xr[i + 3 * fifth];
      const bi = xi[i + 2 * fifth] + xi[i + 3 * fifth];
      const cr = xr[i + fifth] - xr[i + 4 * fifth];
      const ci = xi[i + fifth] - xi[i + 4 * fifth];
      const dr = xr[i + 2 * fifth] - xr[i + 3 * fifth];
      const di = xi[i + 2 * fifth] - xi[i + 3 * fifth];
      const er = xr[i] + COS_1 * ar + COS_2 * br;
      const ei = xi[i] + COS_1 * ai + COS_2 * bi;
      const fr = xr[i] + COS_2 * ar + COS_1 * br;
      const fi = xi[i] + COS_2 * ai + COS_1 * bi;
      // -i times the sines' part
      const gr = SIN_1 * ci + SIN_2 * di;
      const gi = -SIN_1 * cr - SIN_2 * dr;
      const hr = SIN_2 * ci - SIN_1 * di;
      const hi = -SIN_2 * cr + SIN_1 * dr;
      yr[o] = xr[i] + ar + br;
      yi[o] = xi[i] + ai + bi;
      yr[o + run] = er + gr;
      yi[o + run] = ei + gi;
      yr[o + 2 * run] = fr + hr;
      yi[o + 2 * run] = fi + hi;
      yr[o + 3 * run] = fr - hr;
      yi[o + 3 * run] = fi - hi;
      yr[o + 4 * run] = er - gr;
      yi[o + 4 * run] = ei - gi;
    }
    for (let k = 1; k < 5; k++) turn(y, { at: to + k * run, run, root: k * step * p, roots });
  }
}

/** Multiplies a run by one root. */
function turn(
  { re, im }: Planes,
  { at, run, root, roots }: { at: number; run: number; root: number; roots: Planes },
): void {
  const c = roots.re[root];
  const s = roots.im[root];
  for (let q = at; q < at + run; q++) {
    const a = re[q];
    re[q] = a * c - im[q] * s;
    im[q] = a * s + im[q] * c;
  }
}
