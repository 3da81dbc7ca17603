/** The unevaluated sum of two doubles, about 32 decimal digits: what single doubles would round away. */
export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

/** The exact sum of two doubles. Source: Knuth, The Art of Computer Programming vol. 2, 4.2.2. */
export function exactSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  const part = hi - a;
  return { hi, lo: a - (hi - part) + (b - part) };
}

/** The exact product of two doubles. Source: Dekker 1971, Numer. Math. 18:224. */
export function exactProduct(a: number, b: number): DoubleDouble {
  const hi = a * b;
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return { hi, lo: aLow * bLow - (hi - aHigh * bHigh - aLow * bHigh - aHigh * bLow) };
}

/** The upper and the lower 26 bits. Source: Veltkamp, in Dekker 1971. */
function split(value: number): readonly [number, number] {
  const scaled = 134217729 * value; // 2^27 + 1
  const high = scaled - (scaled - value);
  return [high, value - high];
}

export function add(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const high = exactSum(a.hi, b.hi);
  const low = exactSum(a.lo, b.lo);
  const sum = exactSum(high.hi, high.lo + low.hi);
  return exactSum(sum.hi, sum.lo + low.lo);
}

export function subtract(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  return add(a, negative(b));
}

export function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const product = exactProduct(a.hi, b.hi);
  return exactSum(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

export function divide(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const first = a.hi / b.hi;
  const rest = subtract(a, multiply({ hi: first, lo: 0 }, b));
  const second = rest.hi / b.hi;
  const last = subtract(rest, multiply({ hi: second, lo: 0 }, b)).hi / b.hi;
  return add(exactSum(first, second), { hi: last, lo: 0 });
}

/** `a * b + c`, rounded once, as processors and numpy's matrix products do it. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const sum = add(exactProduct(a, b), { hi: c, lo: 0 });
  return sum.hi + sum.lo;
}

const HALF_PI: DoubleDouble = { hi: 1.5707963267948966, lo: 6.123233995736766e-17 };

/**
 * Cosine and sine of an angle in radians, below 1e6, each rounded once: the digits of numpy and of the C library, from which
 * those of `Math.cos` sometimes differ in the last place.
 */
export function cosSin(angle: number): readonly [cos: number, sin: number] {
  const [cos, sin] = exactCosSin(angle);
  return [cos.hi, sin.hi];
}

/** The angle of a vector in radians, rounded once: `Math.atan2` and a step of Newton's. */
export function angleOf(x: number, y: number): number {
  const guess = Math.atan2(y, x);
  const [cos, sin] = exactCosSin(guess);
  const [dx, dy] = [x, y].map((value) => ({ hi: value, lo: 0 }));
  const across = subtract(multiply(dy, cos), multiply(dx, sin));
  return guess + across.hi / Math.hypot(x, y);
}

function exactCosSin(angle: number): readonly [cos: DoubleDouble, sin: DoubleDouble] {
  const quarter = Math.round(angle / HALF_PI.hi);
  const rest = subtract({ hi: angle, lo: 0 }, multiply({ hi: quarter, lo: 0 }, HALF_PI));
  const cos = series(rest, 0);
  const sin = series(rest, 1);
  const turned = [
    [cos, sin],
    [negative(sin), cos],
    [negative(cos), negative(sin)],
    [sin, negative(cos)],
  ] as const;
  return turned[((quarter % 4) + 4) % 4];
}

/** The Taylor series of cosine (first power 0) or sine (1), for angles of at most π / 4. */
function series(angle: DoubleDouble, firstPower: number): DoubleDouble {
  const square = multiply(angle, angle);
  let term: DoubleDouble = firstPower === 0 ? { hi: 1, lo: 0 } : angle;
  let sum = term;
  for (let n = firstPower + 1; Math.abs(term.hi) > 1e-34; n += 2) {
    term = negative(divide(multiply(term, square), { hi: n * (n + 1), lo: 0 }));
    sum = add(sum, term);
  }
  return sum;
}

function negative({ hi, lo }: DoubleDouble): DoubleDouble {
  return { hi: -hi, lo: -lo };
}
