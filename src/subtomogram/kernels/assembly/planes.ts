// Planes of volumes: real rows to half spectra and back, with what is taken of real values on the way.
import { add, madd, mul, sub, transposeTo } from "../../../compute/assembly/vector";
import { lineForward, lineInverse, lineLength } from "../../../compute/assembly/lines";
import { forwardRows, gather, inverseRows, joinLines, laneOf, splitLine } from "./lanes";

/** Row of four subtomograms times their masks into the parts of a line: real (0) or imaginary (16). Reads up to 12 bytes beyond the row. */
function loadRow(table: usize, row: usize, width: i32, part: usize): void {
  const a = laneOf(table, 0, 0) + row, b = laneOf(table, 0, 1) + row, c = laneOf(table, 0, 2) + row, d = laneOf(table, 0, 3) + row;
  const m0 = laneOf(table, 1, 0);
  if (m0 == 0) {
    for (let x = 0, o: usize = 0, p = part; x < width; x += 4, o += 16, p += 128) {
      transposeTo(v128.load(a + o), v128.load(b + o), v128.load(c + o), v128.load(d + o), p, p + 32, p + 64, p + 96);
    }
    return;
  }
  const e = m0 + row, f = laneOf(table, 1, 1) + row, g = laneOf(table, 1, 2) + row, h = laneOf(table, 1, 3) + row;
  for (let x = 0, o: usize = 0, p = part; x < width; x += 4, o += 16, p += 128) {
    transposeTo(
      mul(v128.load(a + o), v128.load(e + o)), mul(v128.load(b + o), v128.load(f + o)),
      mul(v128.load(c + o), v128.load(g + o)), mul(v128.load(d + o), v128.load(h + o)), p, p + 32, p + 64, p + 96,
    );
  }
}

/** Planes begin..end of four subtomograms times their masks, transformed along x and y: (n0, n1, n2) to (n0, n1, n2/2+1). */
export function maskedPlanes(table: usize, half: usize, planY: usize, planX: usize, buffer: usize, begin: i32, end: i32): void {
  const height = lineLength(planY), width = lineLength(planX), inner = (width >> 1) + 1;
  const zero = f32x4.splat(0), rowBytes = <usize>inner << 5;
  for (let z = begin; z < end; z++) {
    const plane = half + <usize>(z * height) * rowBytes;
    for (let y = 0; y < height; y += 2) {
      const row = <usize>((z * height + y) * width) << 2, at = plane + <usize>y * rowBytes;
      loadRow(table, row, width, buffer);
      if (y + 1 < height) loadRow(table, row + (<usize>width << 2), width, buffer + 16);
      else for (let x = 0, p = buffer + 16; x < width; x++, p += 32) v128.store(p, zero);
      lineForward(buffer, buffer, planX, width);
      // A last row without another has its second half beyond the line, where the buffer has room.
      splitLine(buffer, planX, at, y + 1 < height ? at + rowBytes : buffer + (<usize>width << 5));
    }
    forwardRows(plane, inner, planY, height, buffer);
  }
}

/** Sums of a row's values and of their squares, over windows that are moved by -reach..reach and lose what lies outside: two vectors a window. */
function rowWindows(line: usize, width: i32, reach: i32, sums: usize): void {
  let s1 = f32x4.splat(0), s2 = f32x4.splat(0);
  for (let x = 0, p = line; x < width; x++, p += 32) {
    const a = v128.load(p);
    s1 = add(s1, a);
    s2 = madd(a, a, s2);
  }
  const middle = sums + (<usize>reach << 5);
  v128.store(middle, s1);
  v128.store(middle, s2, 16);
  let up1 = s1, up2 = s2;
  for (let s = 1, p = middle + 32, at = line; s <= reach; s++, p += 32, at += 32) {
    const a = v128.load(at);
    up1 = sub(up1, a);
    up2 = sub(up2, mul(a, a));
    v128.store(p, up1);
    v128.store(p, up2, 16);
  }
  for (let s = 1, p = middle - 32, at = line + (<usize>(width - 1) << 5); s <= reach; s++, p -= 32, at -= 32) {
    const a = v128.load(at);
    s1 = sub(s1, a);
    s2 = sub(s2, mul(a, a));
    v128.store(p, s1);
    v128.store(p, s2, 16);
  }
}

// @ts-ignore: decorator
@inline function addRows(from: usize, to: usize, bytes: usize): void {
  for (let o: usize = 0; o < bytes; o += 16) v128.store(to + o, add(v128.load(to + o), v128.load(from + o)));
}
// @ts-ignore: decorator
@inline function takeRows(from: usize, less: usize, to: usize, bytes: usize): void {
  for (let o: usize = 0; o < bytes; o += 16) v128.store(to + o, sub(v128.load(from + o), v128.load(less + o)));
}

/**
 * Sums over windows of another axis from sums over one: `count` entries of `bytes` at `entries`, of which the first and last `reach`
 * are taken from their total one by one. Writes 2 reach + 1 entries.
 */
export function windowEntries(entries: usize, count: i32, reach: i32, bytes: usize, out: usize): void {
  const middle = out + <usize>reach * bytes;
  memory.fill(middle, 0, bytes);
  for (let i = 0; i < count; i++) addRows(entries + <usize>i * bytes, middle, bytes);
  for (let s = 0; s < reach; s++) {
    const up = middle + <usize>s * bytes, down = middle - <usize>s * bytes;
    takeRows(up, entries + <usize>s * bytes, up + bytes, bytes);
    takeRows(down, entries + <usize>(count - 1 - s) * bytes, down - bytes, bytes);
  }
}

/**
 * Planes begin..end: half spectra of a and b (transformed back along z) to their values, and on to half spectra along x and y of longer
 * lines, padded with zeros. On the way the sums of a over windows of this plane, and of b squared.
 *
 * @param rowSums  working memory: (n1, 2 reachX + 1) pairs of vectors
 * @param sums     a plane: (2 reachY + 1, 2 reachX + 1) pairs of vectors
 * @param squares  a plane: one vector
 */
export function paddedPlanes(
  a: usize, b: usize, planY: usize, planX: usize, paddedA: usize, paddedB: usize, longY: usize, longX: usize, reachY: i32, reachX: i32,
  sums: usize, squares: usize, rowSums: usize, buffer: usize, bufferBytes: usize, begin: i32, end: i32,
): void {
  const height = lineLength(planY), width = lineLength(planX), inner = (width >> 1) + 1, rowBytes = <usize>inner << 5;
  const longInner = (lineLength(longX) >> 1) + 1, longBytes = <usize>longInner << 5, long = buffer + bufferBytes;
  const windowBytes = <usize>(2 * reachX + 1) << 5;
  for (let z = begin; z < end; z++) {
    const planeA = a + <usize>(z * height) * rowBytes, planeB = b + <usize>(z * height) * rowBytes;
    const outA = paddedA + <usize>(z * lineLength(longY)) * longBytes, outB = paddedB + <usize>(z * lineLength(longY)) * longBytes;
    inverseRows(planeA, inner, planY, buffer);
    inverseRows(planeB, inner, planY, buffer);
    let square = f32x4.splat(0);
    for (let y = 0; y < height; y++) {
      const o = <usize>y * rowBytes, to = <usize>y * longBytes;
      joinLines(planeA + o, planeB + o, buffer, planX);
      lineInverse(buffer, planX);
      rowWindows(buffer, width, reachX, rowSums + <usize>y * windowBytes);
      for (let x = 0, p = buffer + 16; x < width; x++, p += 32) square = madd(v128.load(p), v128.load(p), square);
      lineForward(buffer, long, longX, width);
      splitLine(long, longX, outA + to, outB + to);
    }
    windowEntries(rowSums, height, reachY, windowBytes, sums + <usize>(z * (2 * reachY + 1)) * windowBytes);
    v128.store(squares + (<usize>z << 4), square);
    forwardRows(outA, longInner, longY, height, buffer);
    forwardRows(outB, longInner, longY, height, buffer);
  }
}

/**
 * Planes begin..end of correlations whose shifts along z are there: transformed back along y and x, of which shifts up to `reachY` and `reachX` are
 * kept. (planes, n1, n2/2+1) to (planes, 2 reachY + 1, 2 reachX + 1) vectors.
 *
 * @param rows  working memory: (2 reachY + 2) half spectra
 */
export function shiftPlanes(
  source: usize, responses: usize, planY: usize, planX: usize, reachY: i32, reachX: i32, rows: usize, buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(planY), width = lineLength(planX), inner = (width >> 1) + 1, rowBytes = <usize>inner << 5;
  const shiftsY = 2 * reachY + 1, shiftsX = 2 * reachX + 1;
  for (let z = begin; z < end; z++) {
    const plane = source + <usize>(z * n) * rowBytes, out = responses + (<usize>(z * shiftsY * shiftsX) << 4);
    for (let k = 0; k < inner; k++) {
      gather(plane + (<usize>k << 5), rowBytes, buffer, n);
      lineInverse(buffer, planY);
      for (let s = -reachY; s <= reachY; s++) {
        const from = buffer + (<usize>(s < 0 ? n + s : s) << 5), to = rows + <usize>(s + reachY) * rowBytes + (<usize>k << 5);
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
      }
    }
    memory.fill(rows + <usize>shiftsY * rowBytes, 0, rowBytes);
    for (let y = 0; y < shiftsY; y += 2) {
      joinLines(rows + <usize>y * rowBytes, rows + <usize>(y + 1) * rowBytes, buffer, planX);
      lineInverse(buffer, planX);
      for (let s = -reachX; s <= reachX; s++) {
        const from = buffer + (<usize>(s < 0 ? width + s : s) << 5), to = out + (<usize>(y * shiftsX + s + reachX) << 4);
        v128.store(to, v128.load(from));
        if (y + 1 < shiftsY) v128.store(to + (<usize>shiftsX << 4), v128.load(from, 16));
      }
    }
  }
}

/**
 * Correlations begin..end to coefficients: divided by the root of the window's variance times b squared; 0 where the variance is no more than b's rounding,
 * which a has too since both are transformed as one.
 */
export function normalizeResponses(
  responses: usize, sums: usize, squares: usize, scale: f32, perVoxel: f32, begin: i32, end: i32,
): void {
  const square = v128.load(squares), zero = f32x4.splat(0), factor = f32x4.splat(scale), share = f32x4.splat(perVoxel);
  const rounding = f32x4.splat(1e-12);
  for (let i = begin; i < end; i++) {
    const at = responses + (<usize>i << 4), s1 = v128.load(sums + (<usize>i << 5)), s2 = v128.load(sums + (<usize>i << 5), 16);
    const variance = sub(s2, mul(mul(s1, s1), share));
    const value = f32x4.div(mul(v128.load(at), factor), f32x4.sqrt(mul(f32x4.max(variance, zero), square)));
    v128.store(at, v128.bitselect(value, zero, f32x4.gt(mul(variance, square), mul(rounding, mul(square, square)))));
  }
}
