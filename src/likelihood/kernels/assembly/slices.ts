// Values of a periodic grid of three axes, complex doubles, at points along rays through its origin: slices of the transform of a structure.
//
// A slices block is words that slicesPlan.ts writes (its only other description):
//   0 grid   1 2 3 cells of a period of each axis   4 5 complex numbers between cells of axes 0 and 1   6 width of the spreading function, even
//   7 its degree   8 its coefficients [degree + 1][width], highest power first   9 radii [shells], in turns of a period for a unit vector   10 shells
//   11 what a shell is multiplied with [shells]   12 what is taken off its real parts [shells][angles]   13 angles
// Working memory of a thread, doubles: values of three axes [3][width], their products along the first two [width][width].
import { madd, place, splatAt, word } from "./lanes";

/** Writes the spreading function at the cells of a place along one axis. Returns the first cell. */
// @ts-ignore: decorator
@inline function spreadAt(block: usize, turns: f64, cells: i32, into: usize): i32 {
  const width = word(block, 6), at = (turns - floor(turns)) * <f64>cells;
  const first = <i32>ceil(at - 0.5 * <f64>width);
  const t = f64x2.splat(2 * (<f64>first + 0.5 * <f64>width - at) - 1);
  const degree = word(block, 7), row = <usize>width << 3;
  for (let piece: usize = 0; piece < row; piece += 16) {
    let p = place(block, 8) + piece;
    let value = v128.load(p);
    for (let d = 0; d < degree; d++) {
      p += row;
      value = madd<f64>(value, t, v128.load(p));
    }
    v128.store(into + piece, value);
  }
  return first < 0 ? first + cells : first;
}

/** The sum over two axes of four neighbouring cells of the third, weighted along that, too. */
// @ts-ignore: decorator
@inline function four(from: usize, planeBytes: usize, rowBytes: usize, width: i32, shares: usize, along: usize): v128 {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (let i = 0; i < width; i++, from += planeBytes) {
    for (let j = 0, p = from; j < width; j++, p += rowBytes, shares += 8) {
      const share = splatAt<f64>(shares);
      a = madd<f64>(v128.load(p), share, a);
      b = madd<f64>(v128.load(p, 16), share, b);
      c = madd<f64>(v128.load(p, 32), share, c);
      d = madd<f64>(v128.load(p, 48), share, d);
    }
  }
  const left = madd<f64>(b, splatAt<f64>(along + 8), f64x2.mul(a, splatAt<f64>(along)));
  return f64x2.add(left, madd<f64>(d, splatAt<f64>(along + 24), f64x2.mul(c, splatAt<f64>(along + 16))));
}

/** The same of two. */
// @ts-ignore: decorator
@inline function two(from: usize, planeBytes: usize, rowBytes: usize, width: i32, shares: usize, along: usize): v128 {
  let a = f64x2.splat(0), b = a;
  for (let i = 0; i < width; i++, from += planeBytes) {
    for (let j = 0, p = from; j < width; j++, p += rowBytes, shares += 8) {
      const share = splatAt<f64>(shares);
      a = madd<f64>(v128.load(p), share, a);
      b = madd<f64>(v128.load(p, 16), share, b);
    }
  }
  return madd<f64>(b, splatAt<f64>(along + 8), f64x2.mul(a, splatAt<f64>(along)));
}

/** Rays `first` to `last` of a slice. `directions`: unit vectors, [3][angles]; `out`: complex [shells][angles]. */
export function sliceRays(block: usize, directions: usize, first: i32, last: i32, out: usize, work: usize): void {
  const width = word(block, 6), shells = word(block, 10), angles = word(block, 13);
  const planeBytes = <usize>word(block, 4) << 4, rowBytes = <usize>word(block, 5) << 4;
  const axis = <usize>width << 3, shares = work + 3 * axis, row = <usize>angles << 3;
  for (let j = first; j < last; j++) {
    const ray = directions + (<usize>j << 3);
    const x = load<f64>(ray), y = load<f64>(ray + row), z = load<f64>(ray + 2 * row);
    for (let n = 0; n < shells; n++) {
      const radius = load<f64>(place(block, 9) + (<usize>n << 3));
      const a = spreadAt(block, radius * x, word(block, 1), work);
      const b = spreadAt(block, radius * y, word(block, 2), work + axis);
      const c = spreadAt(block, radius * z, word(block, 3), work + 2 * axis);
      for (let i: usize = 0, to = shares; i < axis; i += 8) {
        const share = splatAt<f64>(work + i);
        for (let k: usize = 0; k < axis; k += 16, to += 16) v128.store(to, f64x2.mul(share, v128.load(work + axis + k)));
      }
      let from = place(block, 0) + <usize>a * planeBytes + <usize>b * rowBytes + (<usize>c << 4), along = work + 2 * axis;
      let sum = f64x2.splat(0), left = width;
      for (; left >= 4; left -= 4, from += 64, along += 32) sum = f64x2.add(sum, four(from, planeBytes, rowBytes, width, shares, along));
      if (left > 0) sum = f64x2.add(sum, two(from, planeBytes, rowBytes, width, shares, along));
      const at = <usize>(n * angles + j);
      const value = f64x2.mul(sum, splatAt<f64>(place(block, 11) + (<usize>n << 3)));
      v128.store(out + (at << 4), f64x2.sub(value, v128.load64_zero(place(block, 12) + (at << 3))));
    }
  }
}
