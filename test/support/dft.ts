/** Complex numbers in float64, real and imaginary parts interleaved. */
export type Complex64 = Float64Array;

/** Which axis of an array a transform runs along: `outer` x `length` x `inner` numbers in C order. */
interface Axis {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** Number of frequencies kept, from 0 upwards; `length` where absent. */
  readonly keep?: number;
  /** -1 forward (default), +1 inverse; never normalised. */
  readonly sign?: 1 | -1;
}

/** A discrete Fourier transform along one axis, term by term: the slow truth that fast transforms are tested against. */
export function dftAxis(
  input: Complex64,
  { outer, length, inner, keep = length, sign = -1 }: Axis,
): Complex64 {
  const table = twiddles(length, sign);
  const out = new Float64Array(2 * outer * keep * inner);
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < keep; k++) {
      for (let j = 0; j < length; j++) {
        const t = 2 * ((j * k) % length);
        const [c, s] = [table[t], table[t + 1]];
        const [from, to] = [2 * (o * length + j) * inner, 2 * (o * keep + k) * inner];
        for (let i = 0; i < 2 * inner; i += 2) {
          out[to + i] += input[from + i] * c - input[from + i + 1] * s;
          out[to + i + 1] += input[from + i] * s + input[from + i + 1] * c;
        }
      }
    }
  }
  return out;
}

/** Half transform of a real image: (h, floor(w/2) + 1), unnormalised. */
export function rfft2(image: ArrayLike<number>, [height, width]: readonly [number, number]): Complex64 {
  const columns = Math.floor(width / 2) + 1;
  const rows = dftAxis(toComplex(image), { outer: height, length: width, inner: 1, keep: columns });
  return dftAxis(rows, { outer: 1, length: height, inner: columns });
}

/** Half transform of a real volume: (d, h, floor(w/2) + 1), unnormalised. */
export function rfft3(volume: ArrayLike<number>, [depth, height, width]: readonly [number, number, number]) {
  const columns = Math.floor(width / 2) + 1;
  const rows = dftAxis(toComplex(volume), { outer: depth * height, length: width, inner: 1, keep: columns });
  const planes = dftAxis(rows, { outer: depth, length: height, inner: columns });
  return dftAxis(planes, { outer: 1, length: depth, inner: height * columns });
}

/** Real image of a half transform, divided by h w; imaginary parts of the first and Nyquist columns are ignored. */
export function irfft2(half: ArrayLike<number>, [height, width]: readonly [number, number]): Float64Array {
  const columns = Math.floor(width / 2) + 1;
  const rows = dftAxis(Float64Array.from(half), { outer: 1, length: height, inner: columns, sign: 1 });
  const table = twiddles(width, 1);
  return Float64Array.from({ length: height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / width), at % width];
    let sum = 0;
    for (let k = 0; k < columns; k++) {
      const weight = k === 0 || 2 * k === width ? 1 : 2;
      const [i, t] = [2 * (y * columns + k), 2 * ((k * x) % width)];
      sum += weight * (rows[i] * table[t] - rows[i + 1] * table[t + 1]);
    }
    return sum / (height * width);
  });
}

function toComplex(real: ArrayLike<number>): Complex64 {
  const out = new Float64Array(2 * real.length);
  for (let i = 0; i < real.length; i++) out[2 * i] = real[i];
  return out;
}

function twiddles(length: number, sign: 1 | -1): Float64Array {
  return Float64Array.from({ length: 2 * length }, (_, i) => {
    const angle = (2 * Math.PI * (i >> 1)) / length;
    return i % 2 === 0 ? Math.cos(angle) : sign * Math.sin(angle);
  });
}
