// Orthonormal vectors that span the columns of a small matrix, the column that is left with most first (Gram-Schmidt with pivots).
//
// A column is `width` doubles: shells rounded up to 2, zeros beyond them.

// @ts-ignore: decorator
@inline function energy(p: usize, bytes: usize): f64 {
  let sum = f64x2.splat(0);
  for (const end = p + bytes; p < end; p += 16) {
    const x = v128.load(p);
    sum = f64x2.add(sum, f64x2.mul(x, x));
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** y -= (v·y) v; the energy that is left. */
// @ts-ignore: decorator
@inline function remove(v: usize, y: usize, bytes: usize): f64 {
  let sum = f64x2.splat(0), left = sum;
  for (let k: usize = 0; k < bytes; k += 16) sum = f64x2.add(sum, f64x2.mul(v128.load(v + k), v128.load(y + k)));
  const c = f64x2.splat(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  for (let k: usize = 0; k < bytes; k += 16) {
    const x = f64x2.sub(v128.load(y + k), f64x2.mul(v128.load(v + k), c));
    v128.store(y + k, x);
    left = f64x2.add(left, f64x2.mul(x, x));
  }
  return f64x2.extract_lane(left, 0) + f64x2.extract_lane(left, 1);
}

/**
 * Takes vectors until no more than `limit` is left of the squares of all columns, or there are `most`; returns their number.
 *
 * columns: `count` columns, which are used up; vectors: room for `most` columns; energies: room for `count` doubles.
 */
export function orthogonalize(columns: usize, count: i32, width: i32, limit: f64, most: i32, vectors: usize, energies: usize): i32 {
  const bytes = <usize>width << 3;
  for (let j = 0; j < count; j++) store<f64>(energies + (<usize>j << 3), energy(columns + <usize>j * bytes, bytes));
  for (let rank = 0; rank < most; rank++) {
    let total: f64 = 0, largest: f64 = 0, pivot = 0;
    for (let j = 0; j < count; j++) {
      const left = load<f64>(energies + (<usize>j << 3));
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
    for (let r = 0; r < rank; r++) remove(vectors + <usize>r * bytes, v, bytes);
    const scale = f64x2.splat(1 / sqrt(energy(v, bytes)));
    for (let k: usize = 0; k < bytes; k += 16) v128.store(v + k, f64x2.mul(v128.load(v + k), scale));
    for (let j = 0; j < count; j++) store<f64>(energies + (<usize>j << 3), remove(v, columns + <usize>j * bytes, bytes));
  }
  return most;
}
