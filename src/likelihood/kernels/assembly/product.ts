// Products of panels: 6 rows of A with the lanes of B, K deep.
//
// A panel of A is [K][6][re, im]: at each depth 6 complex numbers of the row's own (images, or vectors of a basis). B is [K] elements.
// A tile is 6 rows of re and im: 12 sums, one element of B and one number of A fill the 15 vector registers of x86-64 engines.
import { ELEMENT, lanesOf, madd, nmadd, splatAt } from "./lanes";

/** Rows of a panel of A. */
export const ROWS: i32 = 6;

// @ts-ignore: decorator
@inline function put(p: usize, re: v128, im: v128): void {
  v128.store(p, re);
  v128.store(p, im, 16);
}

/**
 * conj(A) B: element of row i at dst + i x `row`, for `rows` of the 6; all depths 1 or more. Each sum is in the order of depth.
 */
export function product<T>(a: usize, b: usize, depth: i32, dst: usize, row: usize, rows: i32): void {
  const n: usize = sizeof<T>(), pair: usize = 2 * n;
  const zero = v128.splat<T>(0);
  let r0 = zero, i0 = zero, r1 = zero, i1 = zero, r2 = zero, i2 = zero;
  let r3 = zero, i3 = zero, r4 = zero, i4 = zero, r5 = zero, i5 = zero;
  for (const end = b + (<usize>depth << 5); b < end; b += ELEMENT, a += 6 * pair) {
    const u = v128.load(b), v = v128.load(b, 16);
    let x = splatAt<T>(a);
    r0 = madd<T>(x, u, r0);
    i0 = madd<T>(x, v, i0);
    x = splatAt<T>(a + n);
    r0 = madd<T>(x, v, r0);
    i0 = nmadd<T>(x, u, i0);
    x = splatAt<T>(a + pair);
    r1 = madd<T>(x, u, r1);
    i1 = madd<T>(x, v, i1);
    x = splatAt<T>(a + pair + n);
    r1 = madd<T>(x, v, r1);
    i1 = nmadd<T>(x, u, i1);
    x = splatAt<T>(a + 2 * pair);
    r2 = madd<T>(x, u, r2);
    i2 = madd<T>(x, v, i2);
    x = splatAt<T>(a + 2 * pair + n);
    r2 = madd<T>(x, v, r2);
    i2 = nmadd<T>(x, u, i2);
    x = splatAt<T>(a + 3 * pair);
    r3 = madd<T>(x, u, r3);
    i3 = madd<T>(x, v, i3);
    x = splatAt<T>(a + 3 * pair + n);
    r3 = madd<T>(x, v, r3);
    i3 = nmadd<T>(x, u, i3);
    x = splatAt<T>(a + 4 * pair);
    r4 = madd<T>(x, u, r4);
    i4 = madd<T>(x, v, i4);
    x = splatAt<T>(a + 4 * pair + n);
    r4 = madd<T>(x, v, r4);
    i4 = nmadd<T>(x, u, i4);
    x = splatAt<T>(a + 5 * pair);
    r5 = madd<T>(x, u, r5);
    i5 = madd<T>(x, v, i5);
    x = splatAt<T>(a + 5 * pair + n);
    r5 = madd<T>(x, v, r5);
    i5 = nmadd<T>(x, u, i5);
  }
  put(dst, r0, i0);
  if (rows > 1) put(dst + row, r1, i1);
  if (rows > 2) put(dst + 2 * row, r2, i2);
  if (rows > 3) put(dst + 3 * row, r3, i3);
  if (rows > 4) put(dst + 4 * row, r4, i4);
  if (rows > 5) put(dst + 5 * row, r5, i5);
}

/**
 * Elements to a panel of A: lane (first + i) of all `depth` elements becomes row i of the panel, for `rows` rows; the others are zeros.
 * Groups of lanes lie `group` bytes apart.
 */
// @ts-ignore: decorator
@inline function pack<T>(src: usize, group: usize, first: i32, rows: i32, depth: i32, dst: usize): void {
  const lanes = lanesOf<T>(), pair = 2 * sizeof<T>();
  for (let i = 0; i < ROWS; i++) {
    const lane = first + i;
    let p = src + <usize>(lane / lanes) * group + <usize>(lane % lanes) * sizeof<T>();
    for (let k = 0, to = dst + <usize>i * pair; k < depth; k++, p += ELEMENT, to += <usize>ROWS * pair) {
      store<T>(to, i < rows ? load<T>(p) : <T>0);
      store<T>(to + sizeof<T>(), i < rows ? load<T>(p, 16) : <T>0);
    }
  }
}

export function pack32(src: usize, group: usize, first: i32, rows: i32, depth: i32, dst: usize): void {
  pack<f32>(src, group, first, rows, depth, dst);
}
export function pack64(src: usize, group: usize, first: i32, rows: i32, depth: i32, dst: usize): void {
  pack<f64>(src, group, first, rows, depth, dst);
}

/** The same of a real A, its panels [K][6]; elements of the result lie one after the other. */
function realProduct(a: usize, b: usize, depth: i32, dst: usize, rows: i32): void {
  const zero = f32x4.splat(0);
  let r0 = zero, i0 = zero, r1 = zero, i1 = zero, r2 = zero, i2 = zero;
  let r3 = zero, i3 = zero, r4 = zero, i4 = zero, r5 = zero, i5 = zero;
  for (const end = b + (<usize>depth << 5); b < end; b += ELEMENT, a += <usize>ROWS << 2) {
    const u = v128.load(b), v = v128.load(b, 16);
    let x = v128.load32_splat(a);
    r0 = madd<f32>(x, u, r0);
    i0 = madd<f32>(x, v, i0);
    x = v128.load32_splat(a + 4);
    r1 = madd<f32>(x, u, r1);
    i1 = madd<f32>(x, v, i1);
    x = v128.load32_splat(a + 8);
    r2 = madd<f32>(x, u, r2);
    i2 = madd<f32>(x, v, i2);
    x = v128.load32_splat(a + 12);
    r3 = madd<f32>(x, u, r3);
    i3 = madd<f32>(x, v, i3);
    x = v128.load32_splat(a + 16);
    r4 = madd<f32>(x, u, r4);
    i4 = madd<f32>(x, v, i4);
    x = v128.load32_splat(a + 20);
    r5 = madd<f32>(x, u, r5);
    i5 = madd<f32>(x, v, i5);
  }
  put(dst, r0, i0);
  if (rows > 1) put(dst + ELEMENT, r1, i1);
  if (rows > 2) put(dst + 2 * ELEMENT, r2, i2);
  if (rows > 3) put(dst + 3 * ELEMENT, r3, i3);
  if (rows > 4) put(dst + 4 * ELEMENT, r4, i4);
  if (rows > 5) put(dst + 5 * ELEMENT, r5, i5);
}

/**
 * Coefficients of one element's spectrum in a real basis: for each frequency V^T T.
 *
 * frequencies: 4 words each: frequency, rank, address of its panels of V ([ceil(rank / 6)][shells][6]), first coefficient;
 * spectrum: [frequency][shell] elements.
 */
export function project32(frequencies: usize, count: i32, shells: i32, spectrum: usize, dst: usize): void {
  const panel = <usize>(shells * ROWS) << 2, line = <usize>shells << 5;
  for (let f = 0; f < count; f++, frequencies += 16) {
    const rank = load<i32>(frequencies, 4);
    const b = spectrum + <usize>load<i32>(frequencies) * line;
    let a = <usize>load<u32>(frequencies, 8), to = dst + (<usize>load<i32>(frequencies, 12) << 5);
    for (let r = 0; r < rank; r += ROWS, a += panel, to += <usize>ROWS << 5) realProduct(a, b, shells, to, min(ROWS, rank - r));
  }
}

/**
 * Subtracts from a spectrum what its coefficients make of it, then adds squared moduli to the vector at `sums`; twice those of frequencies that
 * have a negative partner.
 *
 * frequencies: 4 words for every one of `count`: rank, address of V as panels [ceil(shells / 6)][rank][6], first coefficient, weight.
 */
export function residual32(
  frequencies: usize, count: i32, shells: i32, spectrum: usize, coefficients: usize, tile: usize, sums: usize,
): void {
  let total = v128.load(sums);
  for (let f = 0; f < count; f++, frequencies += 16) {
    const rank = load<i32>(frequencies);
    const panel = <usize>(rank * ROWS) << 2;
    let a = <usize>load<u32>(frequencies, 4);
    const b = coefficients + (<usize>load<i32>(frequencies, 8) << 5);
    let sum = f32x4.splat(0);
    for (let shell = 0; shell < shells; shell += ROWS, a += panel) {
      const rows = min(ROWS, shells - shell);
      if (rank > 0) realProduct(a, b, rank, tile, rows);
      for (let i = 0; i < rows; i++, spectrum += ELEMENT) {
        let re = v128.load(spectrum), im = v128.load(spectrum, 16);
        if (rank > 0) {
          re = f32x4.sub(re, v128.load(tile + (<usize>i << 5)));
          im = f32x4.sub(im, v128.load(tile + (<usize>i << 5), 16));
        }
        sum = madd<f32>(re, re, madd<f32>(im, im, sum));
      }
    }
    total = madd<f32>(sum, f32x4.splat(<f32>load<i32>(frequencies, 12)), total);
  }
  v128.store(sums, total);
}
