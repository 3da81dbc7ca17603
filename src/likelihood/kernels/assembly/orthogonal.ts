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
  const spare = coefficients + <usize>most * row, energies = spare + 16;
  for (let j = 0; j < count; j++) store<f64>(energies + (<usize>j << 3), energy(columns + <usize>j * bytes, width));
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
    for (let r = 0; r < rank; r++) remove(vectors + <usize>r * bytes, v, width, spare);
    const scale = f64x2.splat(1 / sqrt(energy(v, width)));
    for (let k: usize = 0; k < bytes; k += 16) v128.store(v + k, f64x2.mul(v128.load(v + k), scale));
    for (let j = 0; j < count; j++) {
      const y = columns + <usize>j * bytes;
      remove(v, y, width, coefficients + <usize>rank * row + (<usize>j << 4));
      store<f64>(energies + (<usize>j << 3), energy(y, width));
    }
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

/** One rotation of rows and columns i and j of a Hermitian matrix, and of rows of its axes, that makes the element (i, j) zero. */
function rotate(matrix: usize, axes: usize, n: i32, i: i32, j: i32): void {
  const row = <usize>n << 4;
  const a = load<f64>(matrix + <usize>i * row + (<usize>i << 4)), b = load<f64>(matrix + <usize>j * row + (<usize>j << 4));
  const at = matrix + <usize>i * row + (<usize>j << 4);
  const re = load<f64>(at), im = load<f64>(at, 8), modulus = sqrt(re * re + im * im);
  const theta = (b - a) / (2 * modulus);
  const t = (theta >= 0 ? 1 : -1) / (abs(theta) + sqrt(theta * theta + 1));
  const c = 1 / sqrt(t * t + 1), s = t * c;
  // The element's phase, so that the rotation is that of a real one.
  const pr = re / modulus, pi = im / modulus;
  // Rows: x_i' = c x_i - s p x_j, x_j' = s conj(p) x_i + c x_j; rows of the axes as well.
  for (let k = 0; k < 2 * n; k++) {
    const base = k < n ? matrix : axes;
    const x = base + <usize>i * row + (<usize>(k % n) << 4), y = base + <usize>j * row + (<usize>(k % n) << 4);
    const xr = load<f64>(x), xi = load<f64>(x, 8), yr = load<f64>(y), yi = load<f64>(y, 8);
    store<f64>(x, c * xr - s * (pr * yr - pi * yi));
    store<f64>(x, c * xi - s * (pr * yi + pi * yr), 8);
    store<f64>(y, s * (pr * xr + pi * xi) + c * yr);
    store<f64>(y, s * (pr * xi - pi * xr) + c * yi, 8);
  }
  // Columns: conjugates.
  for (let k = 0; k < n; k++) {
    const x = matrix + <usize>k * row + (<usize>i << 4), y = matrix + <usize>k * row + (<usize>j << 4);
    const xr = load<f64>(x), xi = load<f64>(x, 8), yr = load<f64>(y), yi = load<f64>(y, 8);
    store<f64>(x, c * xr - s * (pr * yr + pi * yi));
    store<f64>(x, c * xi - s * (pr * yi - pi * yr), 8);
    store<f64>(y, s * (pr * xr - pi * xi) + c * yr);
    store<f64>(y, s * (pr * xi + pi * xr) + c * yi, 8);
  }
}

/**
 * Principal axes of a Hermitian matrix (n, n), which becomes diagonal: row k of `axes` is the conjugate of the eigenvector of element (k, k). Cyclic
 * Jacobi rotations until every other element is below 1e-12 of the largest.
 */
export function hermitianAxes(matrix: usize, axes: usize, n: i32): void {
  const row = <usize>n << 4;
  memory.fill(axes, 0, <usize>n * row);
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) {
    store<f64>(axes + <usize>i * row + (<usize>i << 4), 1);
    largest = max(largest, load<f64>(matrix + <usize>i * row + (<usize>i << 4)));
  }
  const least = 1e-12 * largest;
  for (let sweep = 0; sweep < 30; sweep++) {
    let turned = false;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const at = matrix + <usize>i * row + (<usize>j << 4);
        const re = load<f64>(at), im = load<f64>(at, 8);
        if (abs(re) + abs(im) <= least) continue;
        rotate(matrix, axes, n, i, j);
        turned = true;
      }
    }
    if (!turned) return;
  }
}

/** Vectors of the axes: for each, the sum of conj(axes[k]) times the old vectors (rank, width as above). */
export function turnVectors(axes: usize, vectors: usize, rank: i32, width: i32, to: usize): void {
  const bytes = <usize>width << 4, half = <usize>width << 3;
  memory.fill(to, 0, <usize>rank * bytes);
  for (let k = 0; k < rank; k++, to += bytes) {
    for (let r = 0; r < rank; r++) {
      const at = axes + (<usize>(k * rank + r) << 4), v = vectors + <usize>r * bytes;
      const c = f64x2.splat(load<f64>(at)), s = f64x2.splat(-load<f64>(at, 8));
      for (let i: usize = 0; i < half; i += 16) {
        const re = v128.load(v + i), im = v128.load(v + half + i);
        v128.store(to + i, f64x2.add(v128.load(to + i), f64x2.sub(f64x2.mul(c, re), f64x2.mul(s, im))));
        v128.store(to + half + i, f64x2.add(v128.load(to + half + i), f64x2.add(f64x2.mul(c, im), f64x2.mul(s, re))));
      }
    }
  }
}
