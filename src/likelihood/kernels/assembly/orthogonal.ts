// Orthonormal vectors that span the columns of a small complex matrix, the column that is left with most first (Gram-Schmidt with pivots).
//
// A column is [re x width][im x width] doubles, width = shells rounded up to 2, zeros beyond them.

// @ts-ignore: decorator
@inline function energy(p: usize, width: i32): f64 {
  let sum = f64x2.splat(0);
  for (const end = p + (<usize>width << 4); p < end; p += 16) {
    const x = v128.load(p);
    sum = f64x2.add(sum, f64x2.mul(x, x));
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** y -= (v^H y) v; the coefficient goes to `to`. */
// @ts-ignore: decorator
@inline function remove(v: usize, y: usize, width: i32, to: usize): void {
  const half = <usize>width << 3;
  let a = f64x2.splat(0), b = a;
  for (let k: usize = 0; k < half; k += 16) {
    const vr = v128.load(v + k), vi = v128.load(v + half + k), yr = v128.load(y + k), yi = v128.load(y + half + k);
    a = f64x2.add(a, f64x2.add(f64x2.mul(vr, yr), f64x2.mul(vi, yi)));
    b = f64x2.add(b, f64x2.sub(f64x2.mul(vr, yi), f64x2.mul(vi, yr)));
  }
  const re = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1), im = f64x2.extract_lane(b, 0) + f64x2.extract_lane(b, 1);
  const cr = f64x2.splat(re), ci = f64x2.splat(im);
  for (let k: usize = 0; k < half; k += 16) {
    const vr = v128.load(v + k), vi = v128.load(v + half + k);
    v128.store(y + k, f64x2.sub(v128.load(y + k), f64x2.sub(f64x2.mul(vr, cr), f64x2.mul(vi, ci))));
    v128.store(y + half + k, f64x2.sub(v128.load(y + half + k), f64x2.add(f64x2.mul(vr, ci), f64x2.mul(vi, cr))));
  }
  store<f64>(to, re);
  store<f64>(to, im, 8);
}

/**
 * Takes vectors until no more than `limit` is left of the squares of all columns, or there are `most`; returns their number.
 *
 * columns: `count` columns, which are used up; vectors: room for `most` columns; coefficients: (most, count) complex.
 */
export function orthogonalize(columns: usize, count: i32, width: i32, limit: f64, most: i32, vectors: usize, coefficients: usize): i32 {
  const bytes = <usize>width << 4, row = <usize>count << 4;
  const spare = coefficients + <usize>most * row;
  for (let rank = 0; rank < most; rank++) {
    let total: f64 = 0, largest: f64 = 0, pivot = 0;
    for (let j = 0; j < count; j++) {
      const left = energy(columns + <usize>j * bytes, width);
      total += left;
      if (left > largest) {
        largest = left;
        pivot = j;
      }
    }
    if (total <= limit || largest == 0) return rank;
    const v = vectors + <usize>rank * bytes;
    memory.copy(v, columns + <usize>pivot * bytes, bytes);
    // Once more, since what is left is small and its rounding is not.
    for (let r = 0; r < rank; r++) remove(vectors + <usize>r * bytes, v, width, spare);
    const scale = f64x2.splat(1 / sqrt(energy(v, width)));
    for (let k: usize = 0; k < bytes; k += 16) v128.store(v + k, f64x2.mul(v128.load(v + k), scale));
    for (let j = 0; j < count; j++) remove(v, columns + <usize>j * bytes, width, coefficients + <usize>rank * row + (<usize>j << 4));
  }
  return most;
}

/** Products of all pairs of rows of coefficients, (rank, rank) complex: R R^H. */
export function rowProducts(coefficients: usize, rank: i32, count: i32, to: usize): void {
  const row = <usize>count << 4;
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j <= i; j++) {
      let re: f64 = 0, im: f64 = 0;
      for (let k: usize = 0, p = coefficients + <usize>i * row, q = coefficients + <usize>j * row; k < row; k += 16) {
        const a = load<f64>(p + k), b = load<f64>(p + k, 8), c = load<f64>(q + k), d = load<f64>(q + k, 8);
        re += a * c + b * d;
        im += b * c - a * d;
      }
      const p = to + (<usize>(i * rank + j) << 4), q = to + (<usize>(j * rank + i) << 4);
      store<f64>(p, re);
      store<f64>(p, im, 8);
      store<f64>(q, re);
      store<f64>(q, -im, 8);
    }
  }
}
