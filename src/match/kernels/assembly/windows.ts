// The matrix of windows that products.ts multiplies templates with: each window of a box, and the border, as a column.
import { TILE_COLUMNS } from "../../../compute/assembly/gemmTile";

/**
 * Windows begin..end of a box as real images ready for their transform, one a `outBytes` from `out` on in rows of `outRowBytes`. Window w is
 * the n x n pixels at (w / across, w mod across) of the image (rows of `width` floats), with pixel n/2 moved to 0. A template loses its
 * border's mean: as well the window loses its own sum there. Window `windows` is the border itself, those beyond it are 0.
 */
export function windowImages(
  image: usize, width: i32, n: i32, across: i32, windows: i32, out: usize, outBytes: usize, outRowBytes: usize, begin: i32, end: i32,
): void {
  const half = n >> 1, left = <usize>(n - half) << 2, right = <usize>half << 2, lineBytes = <usize>width << 2;
  for (let w = begin; w < end; w++) {
    const to = out + <usize>(w - begin) * outBytes, from = image + (<usize>((w / across) * width + w % across) << 2);
    for (let y = 0; y < n; y++) {
      const row = to + <usize>y * outRowBytes, source = from + <usize>((y + half) % n) * lineBytes;
      if (w < windows) {
        memory.copy(row, source + right, left);
        memory.copy(row + left, source, right);
      } else {
        memory.fill(row, 0, left + right);
      }
    }
    const sum = w < windows ? -windowSum(from, lineBytes, n) : w == windows ? 1 : 0;
    addBorder(to, outRowBytes, n, <f32>(sum / <f64>(4 * n - 4)));
  }
}

/** Adds `value` to the border pixels of a window whose pixel n/2 lies at 0. */
function addBorder(to: usize, rowBytes: usize, n: i32, value: f32): void {
  const first = n - (n >> 1), last = first - 1;
  const top = to + <usize>(first % n) * rowBytes, bottom = to + <usize>last * rowBytes;
  for (let x = 0; x < n; x++) {
    addAt(top + (<usize>x << 2), value);
    addAt(bottom + (<usize>x << 2), value);
  }
  for (let y = 0; y < n; y++) {
    const row = to + <usize>y * rowBytes;
    if (y == first % n || y == last) continue;
    addAt(row + (<usize>(first % n) << 2), value);
    addAt(row + (<usize>last << 2), value);
  }
}
// @ts-ignore: decorator
@inline function addAt(at: usize, value: f32): void { store<f32>(at, load<f32>(at) + value); }

function windowSum(from: usize, lineBytes: usize, n: i32): f64 {
  const whole = n & ~3;
  let low = f64x2.splat(0), high = low, rest: f64 = 0;
  for (let y = 0; y < n; y++, from += lineBytes) {
    for (let p = from, e = from + (<usize>whole << 2); p < e; p += 16) {
      const v = v128.load(p);
      low = f64x2.add(low, f64x2.promote_low_f32x4(v));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
    }
    for (let x = whole; x < n; x++) rest += load<f32>(from + (<usize>x << 2));
  }
  const both = f64x2.add(low, high);
  return rest + f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

/**
 * Rows begin..end of the half spectra of 8 windows (n/2 + 1 complex values a row, `spectrumBytes` apart) into one panel of B: piece by piece of
 * `high` rows, `pieceBytes` apart, 8 floats a step. Values are weighted by how often they stand in the full plane; what lies beyond n/2 is 0.
 */
export function packWindows(
  spectra: usize, spectrumBytes: usize, n: i32, stride: i32, panel: i32, high: i32, b: usize, pieceBytes: usize, begin: i32, end: i32,
): void {
  const half = n >> 1, lineBytes = <usize>(half + 1) << 3;
  for (let y = begin; y < end; y++) {
    const piece = y / high, rows = min(high, n - piece * high), depth = rows * stride << 1;
    let to = b + <usize>piece * pieceBytes + (<usize>((panel * depth + (y - piece * high) * (stride << 1)) * TILE_COLUMNS) << 2);
    let from = spectra + <usize>y * lineBytes;
    for (let x = 0; x < stride; x++, from += 8, to += 64) {
      if (x > half) {
        memory.fill(to, 0, 64);
        continue;
      }
      const weight = f32x4.splat(x == 0 || (x << 1) == n ? 1 : 2);
      packValue(from, spectrumBytes, to, weight);
      packValue(from + 4 * spectrumBytes, spectrumBytes, to + 16, weight);
    }
  }
}

/** The same complex value of 4 windows: real parts at `to`, imaginary parts 32 bytes on. */
// @ts-ignore: decorator
@inline function packValue(from: usize, bytes: usize, to: usize, weight: v128): void {
  const a = v128.load64_lane(from + bytes, v128.load64_zero(from), 1);
  const c = v128.load64_lane(from + 3 * bytes, v128.load64_zero(from + 2 * bytes), 1);
  v128.store(to, f32x4.mul(v128.shuffle<f32>(a, c, 0, 2, 4, 6), weight));
  v128.store(to, f32x4.mul(v128.shuffle<f32>(a, c, 1, 3, 5, 7), weight), 32);
}
