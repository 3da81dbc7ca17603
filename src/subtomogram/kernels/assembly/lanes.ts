// Four tasks side by side: a task is one subtomogram with one template in one rotation. Element e of a volume is 32 bytes,
// [re x 4][im x 4], a lane a task, so that a line along any axis is a line buffer of compute's and nothing is shuffled. Spectra are halves,
// kx from 0 to n2/2; along y and z they stay in the order that a forward transform leaves.
//
// A lane table is 16 addresses: subtomograms 0..3, masks 4..7 (0: none), templates' spectra 8..11, weights 12..15.
import { add, mul, sub } from "../../../compute/assembly/vector";
import { lineForward, lineInverse, lineLength, linePosition } from "../../../compute/assembly/lines";

/** Address `i` of kind `kind` (0 subtomograms, 1 masks, 2 templates, 3 weights). */
// @ts-ignore: decorator
@inline export function laneOf(table: usize, kind: usize, i: usize): usize { return <usize>load<u32>(table + (kind << 4) + (i << 2)); }

/** Element of the line buffer in which frequency `i` lies. */
// @ts-ignore: decorator
@inline export function elementOf(buffer: usize, position: usize, i: i32): usize {
  return buffer + (<usize>load<i32>(position + (<usize>i << 2)) << 5);
}

/** Copies `count` elements that lie `stride` bytes apart into a line. */
export function gather(source: usize, stride: usize, line: usize, count: i32): void {
  for (const end = line + (<usize>count << 5); line < end; line += 32, source += stride) {
    v128.store(line, v128.load(source));
    v128.store(line, v128.load(source, 16), 16);
  }
}

/** The reverse of gather. */
export function scatter(line: usize, target: usize, stride: usize, count: i32): void {
  for (const end = line + (<usize>count << 5); line < end; line += 32, target += stride) {
    v128.store(target, v128.load(line));
    v128.store(target, v128.load(line, 16), 16);
  }
}

/** The transform of two real lines, in the real and imaginary parts of a complex one, as two half spectra. */
export function splitLine(line: usize, plan: usize, first: usize, second: usize): void {
  const n = lineLength(plan), position = linePosition(plan), half = f32x4.splat(0.5), count = (n >> 1) + 1;
  for (let k = 0; k < count; k++, first += 32, second += 32) {
    const p = elementOf(line, position, k), q = elementOf(line, position, k == 0 ? 0 : n - k);
    const pr = mul(v128.load(p), half), pi = mul(v128.load(p, 16), half), qr = mul(v128.load(q), half), qi = mul(v128.load(q, 16), half);
    v128.store(first, add(pr, qr));
    v128.store(first, sub(pi, qi), 16);
    v128.store(second, add(pi, qi));
    v128.store(second, sub(qr, pr), 16);
  }
}

/** The reverse of splitLine: Z = X + i Y of all frequencies; of those that are their own negative only real parts count. */
export function joinLines(first: usize, second: usize, line: usize, plan: usize): void {
  const n = lineLength(plan), position = linePosition(plan), count = (n >> 1) + 1;
  for (let k = 0; k < count; k++, first += 32, second += 32) {
    const p = elementOf(line, position, k);
    const xr = v128.load(first), yr = v128.load(second);
    if (k == 0 || 2 * k == n) {
      v128.store(p, xr);
      v128.store(p, yr, 16);
      continue;
    }
    const xi = v128.load(first, 16), yi = v128.load(second, 16), q = elementOf(line, position, n - k);
    v128.store(p, sub(xr, yi));
    v128.store(p, add(xi, yr), 16);
    v128.store(q, add(xr, yi));
    v128.store(q, sub(yr, xi), 16);
  }
}

/** Transforms lines along y of a plane (rows, inner) forward, from `filled` rows to as many as the plan has. */
export function forwardRows(plane: usize, inner: i32, plan: usize, filled: i32, line: usize): void {
  const stride = <usize>inner << 5, n = lineLength(plan);
  for (let k = 0; k < inner; k++) {
    const at = plane + (<usize>k << 5);
    gather(at, stride, line, filled);
    lineForward(line, line, plan, filled);
    scatter(line, at, stride, n);
  }
}

/** Transforms them back in place. */
export function inverseRows(plane: usize, inner: i32, plan: usize, line: usize): void {
  const stride = <usize>inner << 5, n = lineLength(plan);
  for (let k = 0; k < inner; k++) {
    const at = plane + (<usize>k << 5);
    gather(at, stride, line, n);
    lineInverse(line, plan);
    scatter(line, at, stride, n);
  }
}
