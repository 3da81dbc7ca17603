/** Rotation matrices to the last bit as Leopard-EM has them: roma's formulas in float32, with torch's sine and cosine. */

const f = Math.fround;
/** float32 a b + c, rounded once (the product of two float32 is exact in float64). */
const fma = (a: number, b: number, c: number) => f(a * b + c);

/** A float32 number with its rounding error. */
interface Double32 {
  readonly high: number;
  readonly low: number;
}

const PI_PARTS = [3.1414794921875, 0.00011315941810607910156, 1.9841872589410058936e-9].map(f);
const SERIES = [2.6083159809786593541503e-6, -0.0001981069071916863322258, 0.00833307858556509017944336].map(
  f,
);
const CUBIC = f(-0.166666597127914428710938);

/** x + y and its error, for any x and y. */
function sum(x: number, y: number): Double32 {
  const high = f(x + y);
  const v = f(high - x);
  return { high, low: f(f(x - f(high - v)) + f(y - v)) };
}

/** x + y where |x| is the larger. */
function add(x: Double32, y: Double32): Double32 {
  const high = f(x.high + y.high);
  return { high, low: f(f(f(f(x.high - high) + y.high) + x.low) + y.low) };
}

const exact = (high: number): Double32 => ({ high, low: 0 });

/** The odd series that SLEEF's sine and cosine share, of a reduced argument. */
function series(t: Double32): number {
  const square = f(t.high * t.high);
  const s = { high: square, low: fma(f(t.high + t.high), t.low, fma(t.high, t.high, -square)) };
  const u = fma(fma(SERIES[0], s.high, SERIES[1]), s.high, SERIES[2]);
  const a = add(exact(CUBIC), exact(f(u * s.high)));
  const product = f(a.high * s.high);
  const low = fma(a.high, s.low, fma(a.low, s.high, fma(a.high, s.high, -product)));
  const x = add(exact(1), { high: product, low });
  return fma(t.high, x.high, fma(t.low, x.high, f(t.high * x.low)));
}

const roundHalfEven = (x: number) => {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/**
 * float32 sine as SLEEF's vectorised `sinf_u10` gives it (|x| below 125), which is what torch calls.
 *
 * Source: Shibata & Petrogalli 2020, IEEE TPDS 31:1316 (SLEEF).
 */
export function peerSin(x: number): number {
  const q = roundHalfEven(f(x * f(1 / Math.PI)));
  const s = sum(fma(q, -PI_PARTS[0], x), f(q * -PI_PARTS[1]));
  const value = series(add(s, exact(f(q * -PI_PARTS[2]))));
  return q % 2 !== 0 ? -value : value;
}

/** float32 cosine as SLEEF's vectorised `cosf_u10` gives it; see {@link peerSin}. */
export function peerCos(x: number): number {
  const q = 2 * roundHalfEven(fma(x, f(1 / Math.PI), -0.5)) + 1;
  let s = sum(x, f(q * f(-PI_PARTS[0] * 0.5)));
  for (const part of PI_PARTS.slice(1)) {
    const next = sum(s.high, f(q * f(-part * 0.5)));
    s = { high: next.high, low: f(next.low + s.low) };
  }
  const value = series(s);
  return (q & 2) === 0 ? -value : value;
}

/** Below this, roma takes a Taylor series for sin(x) / x in float32. */
const SINC_THRESHOLD = f(0.14030775603867165);

/** Half-angle sine and cosine of one Euler angle in degrees, the way of a rotation vector. */
function halfAngle(angleDeg: number): { s: number; c: number } {
  const angle = f(f(angleDeg) * f(Math.PI / 180));
  const half = f(Math.sqrt(f(angle * angle)) / 2);
  const squared = f(half * half);
  const small = f(f(1 - f(squared / 6)) + f(f(squared * squared) / 120));
  const sinc = half < SINC_THRESHOLD ? small : f(peerSin(half) / half);
  return { s: f(f(sinc / 2) * angle), c: peerCos(half) };
}

/** Writes the row-major matrix of one orientation. */
function writeMatrix(phiDeg: number, thetaDeg: number, psiDeg: number, into: Float32Array): void {
  const [phi, theta, psi] = [halfAngle(phiDeg), halfAngle(thetaDeg), halfAngle(psiDeg)];
  const [px, py] = [-f(phi.s * theta.s), f(phi.c * theta.s)];
  const [pz, pw] = [f(theta.c * phi.s), f(phi.c * theta.c)];
  const raw = [
    f(f(psi.c * px) + f(py * psi.s)),
    f(f(psi.c * py) - f(px * psi.s)),
    f(f(pw * psi.s) + f(psi.c * pz)),
    f(f(pw * psi.c) - f(pz * psi.s)),
  ];
  const squares = raw.map((v) => f(v * v));
  const norm = f(Math.sqrt(f(f(f(squares[0] + squares[1]) + squares[2]) + squares[3])));
  const [x, y, z, w] = raw.map((v) => f(v / norm));
  const [x2, y2, z2, w2] = [f(x * x), f(y * y), f(z * z), f(w * w)];
  const [xy, zw, xz] = [f(x * y), f(z * w), f(x * z)];
  const [yw, yz, xw] = [f(y * w), f(y * z), f(x * w)];
  into.set([
    f(f(f(x2 - y2) - z2) + w2),
    2 * f(xy - zw),
    2 * f(xz + yw),
    2 * f(xy + zw),
    f(f(f(-x2 + y2) - z2) + w2),
    2 * f(yz - xw),
    2 * f(xz - yw),
    2 * f(yz + xw),
    f(f(f(-x2 - y2) + z2) + w2),
  ]);
}

/**
 * Rotation matrices exactly as Leopard-EM 1.2 computes them on a CPU: ZYZ angles in float32 through quaternions, entries
 * below 1e-8 set to 0. Where an x frequency should be 0 its float32 rounding decides which samples the peer drops, so
 * its maps can only be reproduced from the same bits.
 *
 * @param eulerDeg (n, 3) phi, theta, psi in degrees; read as float32
 * @returns        (n, 9) row-major matrices acting on xyz columns
 * Source: roma 1.8 (`euler_to_rotmat`), torch-fourier-slice 0.6 (the threshold).
 */
export function peerRotationMatrices(eulerDeg: Float32Array | Float64Array): Float32Array {
  const matrices = new Float32Array(3 * eulerDeg.length);
  for (let i = 0; i < eulerDeg.length; i += 3) {
    const matrix = matrices.subarray(3 * i, 3 * i + 9);
    writeMatrix(eulerDeg[i], eulerDeg[i + 1], eulerDeg[i + 2], matrix);
    for (let k = 0; k < 9; k++) if (Math.abs(matrix[k]) < 1e-8) matrix[k] = 0;
  }
  return matrices;
}
