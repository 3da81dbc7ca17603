// Log-likelihoods of all displacements and rotations of one image with one template, summed as they come: ln of the sum of exp(ll).
//
//   A = Ixx Iss - Isx^2   B = Ixy Iss - Isx Isy   D = Iyy Iss - Isy^2 - B^2 / A (Iss times the squared residual of the best scale and offset)
//   ll = -power ln D - half ln A, or with a known variance -rate D
//
// Numbers of the model (doubles, integrated/model.ts): 0 power   1 half   2 Iss   3 rate (0: none)   4 constant
// State of a sum (8 doubles): 0 Isx   1 largest ll   2 sum of exp(ll - largest)   3 Isx^2   4 Isx Isy   5 Iyy Iss - Isy^2   6 least ln A   7 the D above
// which a term is below e^-36 of the largest: 2 10^5 such terms change nothing that float64 can hold.
const WINDOW: f64 = 36;
const LN2: f64 = 0.6931471805599453;

/** Natural logarithm of a normal positive number, to 2 ulp; the module keeps no tables in the shared memory. */
// @ts-ignore: decorator
@inline export function ln(x: f64): f64 {
  const bits = reinterpret<u64>(x) - 0x3fe6a09e667f3bcd;
  const k = <f64>(<i64>bits >> 52);
  const m = reinterpret<f64>((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
  const s = (m - 1) / (m + 1), t = s * s;
  const series = 1.0 / 3 + t * (1.0 / 5 + t * (1.0 / 7 + t * (1.0 / 9 + t * (1.0 / 11 + t * (1.0 / 13 + t * (1.0 / 15 + t * (1.0 / 17 + t / 19)))))));
  return k * LN2 + 2 * (s + s * t * series);
}

/** e^x for x from -700 to 700. */
// @ts-ignore: decorator
@inline export function exp(x: f64): f64 {
  const k = nearest(x / LN2);
  const r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  let sum: f64 = 1 + r / 13;
  for (let n: f64 = 12; n > 0; n--) sum = 1 + (r * sum) / n;
  return sum * reinterpret<f64>((<u64>(<i64>k + 1023)) << 52);
}

/** Log-likelihood of a pose, less the constant. */
// @ts-ignore: decorator
@inline function likelihood(model: usize, a: f64, d: f64): f64 {
  const half = load<f64>(model, 8), rate = load<f64>(model, 24);
  if (rate > 0) return -rate * d;
  return -load<f64>(model) * ln(d) - (half > 0 ? half * ln(a) : 0);
}
// Isx is that of the template as it stands: a turned one that is all offset would leave less than nothing.
// @ts-ignore: decorator
@inline function determinant(ixx: f64, square: f64): f64 { return max(ixx - square, ixx * 1e-9); }
// @ts-ignore: decorator
@inline function residual(whole: f64, b: f64, a: f64): f64 { return max(whole - (b * b) / a, whole * 1e-15); }

/** Begins a sum whose Isx is set. `norm`: Ixx of all rotations, 16 bytes apart. */
export function startIntegral<T>(state: usize, numbers: usize, model: usize, norm: usize, count: i32): void {
  const isx = load<f64>(state) / <f64>count, isy = load<f64>(numbers), iyy = load<f64>(numbers, 8), iss = load<f64>(model, 16);
  let least = Infinity;
  for (let j = 0; j < count; j++, norm += 16) least = min(least, <f64>load<T>(norm));
  store<f64>(state, isx);
  store<f64>(state, -Infinity, 8);
  store<f64>(state, 0, 16);
  store<f64>(state, isx * isx, 24);
  store<f64>(state, isx * isy, 32);
  store<f64>(state, iyy * iss - isy * isy, 40);
  store<f64>(state, ln(max(least * iss - isx * isx, 1e-300)), 48);
  store<f64>(state, Infinity, 56);
}

/** Adds all rotations of a displacement: Ixy at `line` and Ixx at `norm`, 16 bytes apart. */
export function integrateRow<T>(state: usize, model: usize, line: usize, norm: usize, count: i32): void {
  const power = load<f64>(model), half = load<f64>(model, 8), iss = load<f64>(model, 16), rate = load<f64>(model, 24);
  const square = load<f64>(state, 24), cross = load<f64>(state, 32), whole = load<f64>(state, 40);
  let largest = load<f64>(state, 8), sum = load<f64>(state, 16), limit = load<f64>(state, 56);
  for (let j = 0; j < count; j++, line += 16, norm += 16) {
    const a = determinant(<f64>load<T>(norm) * iss, square), b = <f64>load<T>(line) * iss - cross;
    const d = residual(whole, b, a);
    if (d > limit) continue;
    const value = likelihood(model, a, d);
    if (value > largest) {
      sum = sum * (largest < value - 700 ? 0 : exp(largest - value)) + 1;
      largest = value;
      if (rate > 0) limit = (WINDOW - largest) / rate;
      else limit = exp(max<f64>(-700, min<f64>(700, (WINDOW - largest - half * load<f64>(state, 48)) / power)));
    } else if (value > largest - WINDOW) sum += exp(value - largest);
  }
  store<f64>(state, largest, 8);
  store<f64>(state, sum, 16);
  store<f64>(state, limit, 56);
}

/**
 * Writes the log-likelihood of every rotation of a displacement, less that of no structure at all: a number that single precision holds. A run of
 * numbers at `to`; Ixy at `line` and Ixx at `norm`, 16 bytes apart.
 */
export function writeRow<T>(state: usize, model: usize, line: usize, norm: usize, count: i32, to: usize): void {
  const iss = load<f64>(model, 16);
  const square = load<f64>(state, 24), cross = load<f64>(state, 32), whole = load<f64>(state, 40);
  const nothing = load<f64>(model, 24) > 0 ? -load<f64>(model, 24) * whole : -load<f64>(model) * ln(whole);
  for (let j = 0; j < count; j++, line += 16, norm += 16, to += sizeof<T>()) {
    const a = determinant(<f64>load<T>(norm) * iss, square), b = <f64>load<T>(line) * iss - cross;
    store<T>(to, <T>(likelihood(model, a, residual(whole, b, a)) - nothing));
  }
}

/** The sum's logarithm. */
export function integral(state: usize, model: usize): f64 {
  return load<f64>(state, 8) + ln(load<f64>(state, 16)) + load<f64>(model, 32);
}
