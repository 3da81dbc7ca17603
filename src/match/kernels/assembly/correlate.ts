// The fused template correlation: columns (forward, multiply, inverse while a column is in cache), then rows (inverse,
// running maximum, its index, sum and sum of squares while a row is in cache). Two templates ride in one complex line.
import { add, madd, mul, transposeElements } from "../../../compute/assembly/vector";
import { lineCorrelate, lineInverseFrom } from "../../../compute/assembly/lines";

/**
 * Column blocks begin..end: from the row-transformed templates (`filled` rows, a multiple of 4) to the rows of the
 * correlation that lie in the first `rowBlocks` blocks of 4. Out: `out` + rowBlock * outBytes, element = column position.
 * `pairs` pairs of templates, `templatePair` and `outPair` bytes apart, share one reading of the spectrum. `group` column
 * blocks are finished, each in a line buffer of `bufferBytes`, before any is stored: a row then receives 128 `group`
 * bytes at a time, which costs the caches and the page tables far less than 128.
 */
export function correlateColumns(
  templates: usize, templateBytes: usize, filled: i32, pairs: i32, templatePair: usize,
  spectrum: usize, spectrumBytes: usize, plan: usize, out: usize, outBytes: usize, outPair: usize, rowBlocks: i32,
  group: i32, buffer: usize, bufferBytes: usize, begin: i32, end: i32,
): void {
  const pairBuffers = <usize>group * bufferBytes;
  for (let block = begin; block < end; block += group) {
    const count = min(group, end - block);
    for (let g = 0; g < count; g++) {
      const at = <usize>(block + g), line = buffer + <usize>g * bufferBytes;
      for (let pair: usize = 0; pair < <usize>pairs; pair++) {
        const source = templates + pair * templatePair + at * templateBytes;
        lineCorrelate(source, line + pair * pairBuffers, plan, filled, spectrum + at * spectrumBytes);
      }
    }
    for (let pair: usize = 0; pair < <usize>pairs; pair++) {
      const to = out + pair * outPair + (<usize>block << 7);
      storeRows(buffer + pair * pairBuffers, bufferBytes, count, to, outBytes, rowBlocks);
    }
  }
}

/** Transposes `count` neighbouring column blocks into rows. */
function storeRows(buffer: usize, bufferBytes: usize, count: i32, out: usize, outBytes: usize, rowBlocks: i32): void {
  for (let y = 0; y < rowBlocks; y++, buffer += 128, out += outBytes) {
    let from = buffer, to = out;
    for (let g = 0; g < count; g++, from += bufferBytes, to += 128) transposeElements(from, to, to + 32, to + 64, to + 96);
  }
}

/**
 * Row blocks begin..end of the correlation with `count` templates, two of them in each of the arrays that begin at `rows`
 * and lie `rowsPair` bytes apart, and its statistics for the first `columns` columns. Statistics lie at
 * `statistics` + (block * columns + x) * 64: maximum, index of it, sum, sum of squares, 4 rows each; they stay in cache for
 * all templates. Indices are `index`…; a NaN never wins, the first maximum does.
 * Where `hits` is not 0, values above `threshold` in the first `mapRows` rows are appended there (see `keepHits`), and with `hitsOnly`
 * the statistics stay as they are.
 */
export function correlateRows(
  rows: usize, rowBytes: usize, rowsPair: usize, count: i32, plan: usize, columns: i32, statistics: usize, index: i32,
  buffer: usize, begin: i32, end: i32, hits: usize, capacity: i32, threshold: f32, mapRows: i32, hitsOnly: i32,
): void {
  for (let block = begin; block < end; block++) {
    const s = statistics + (<usize>block * <usize>columns << 6);
    let line = rows + <usize>block * rowBytes;
    for (let first = 0; first < count; first += 2, line += rowsPair) {
      lineInverseFrom(line, buffer, plan);
      if (hits) {
        const rowsHere = min(4, mapRows - (block << 2));
        keepHits(buffer, columns, block << 2, rowsHere, index + first, first + 1 < count, hits, capacity, threshold);
        if (hitsOnly) continue;
      }
      if (first + 1 < count) keepPair(buffer, columns, s, index + first);
      else keepSingle(buffer, columns, s, index + first);
    }
  }
}

/** Appends what is above `threshold`, in any order. At `hits` lies how many there were, of which the first `capacity` follow after 16 bytes. */
function keepHits(
  buffer: usize, columns: i32, row: i32, rowsHere: i32, index: i32, isPair: bool, hits: usize, capacity: i32, threshold: f32,
): void {
  const least = f32x4.splat(threshold);
  for (let x = 0, p = buffer; x < columns; x++, p += 32) {
    let above = f32x4.gt(v128.load(p), least);
    if (isPair) above = v128.or(above, f32x4.gt(v128.load(p, 16), least));
    if (!v128.any_true(above)) continue;
    for (let lane = 0; lane < rowsHere; lane++) {
      const at = p + (<usize>lane << 2);
      keepHit(load<f32>(at), threshold, index, row + lane, x, hits, capacity);
      if (isPair) keepHit(load<f32>(at, 16), threshold, index + 1, row + lane, x, hits, capacity);
    }
  }
}

function keepHit(value: f32, threshold: f32, index: i32, y: i32, x: i32, hits: usize, capacity: i32): void {
  // the count goes no further than one too many, so that it never wraps
  if (!(value > threshold) || atomic.load<i32>(hits) > capacity) return;
  const slot = atomic.add<i32>(hits, 1);
  if (slot >= capacity) return;
  const to = hits + 16 + (<usize>slot << 4);
  store<i32>(to, index);
  store<i32>(to, y, 4);
  store<i32>(to, x, 8);
  store<f32>(to, value, 12);
}

function keepPair(buffer: usize, columns: i32, s: usize, index: i32): void {
  const first = i32x4.splat(index), second = i32x4.splat(index + 1), last = buffer + (<usize>columns << 5);
  for (let p = buffer; p < last; p += 32, s += 64) {
    const a = v128.load(p), b = v128.load(p, 16);
    let best = v128.load(s), at = v128.load(s, 16);
    let wins = f32x4.gt(a, best);
    best = v128.bitselect(a, best, wins);
    at = v128.bitselect(first, at, wins);
    wins = f32x4.gt(b, best);
    v128.store(s, v128.bitselect(b, best, wins));
    v128.store(s, v128.bitselect(second, at, wins), 16);
    v128.store(s, add(v128.load(s, 32), add(a, b)), 32);
    v128.store(s, add(v128.load(s, 48), madd(a, a, mul(b, b))), 48);
  }
}

/** The last template of an odd number: what rides with it is nothing. */
function keepSingle(buffer: usize, columns: i32, s: usize, index: i32): void {
  const first = i32x4.splat(index), last = buffer + (<usize>columns << 5);
  for (let p = buffer; p < last; p += 32, s += 64) {
    const a = v128.load(p), best = v128.load(s), wins = f32x4.gt(a, best);
    v128.store(s, v128.bitselect(a, best, wins));
    v128.store(s, v128.bitselect(first, v128.load(s, 16), wins), 16);
    v128.store(s, add(v128.load(s, 32), a), 32);
    v128.store(s, madd(a, a, v128.load(s, 48)), 48);
  }
}

/** Elements begin..end of empty statistics: maximum -infinity, index -1, sums 0, in float32 and float64. */
export function clearStatistics(statistics: usize, totals: usize, begin: i32, end: i32): void {
  const none = f32x4.splat(0), lowest = f32x4.splat(-Infinity), nobody = i32x4.splat(-1);
  for (let i = begin; i < end; i++) {
    const s = statistics + (<usize>i << 6), t = totals + (<usize>i << 6);
    v128.store(s, lowest);
    v128.store(s, nobody, 16);
    v128.store(s, none, 32);
    v128.store(s, none, 48);
    for (let o: usize = 0; o < 64; o += 16) v128.store(t + o, none);
  }
}

// @ts-ignore: decorator
@inline function addTo(total: usize, v: v128): void {
  v128.store(total, f64x2.add(v128.load(total), f64x2.promote_low_f32x4(v)));
  v128.store(total, f64x2.add(v128.load(total, 16), f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3))), 16);
}

/** Elements begin..end: adds the float32 sums of a block of templates to the float64 totals (64 bytes an element: sum, sum of squares) and clears them. */
export function flushStatistics(statistics: usize, totals: usize, begin: i32, end: i32): void {
  const none = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const s = statistics + (<usize>i << 6), t = totals + (<usize>i << 6);
    addTo(t, v128.load(s, 32));
    addTo(t + 32, v128.load(s, 48));
    v128.store(s, none, 32);
    v128.store(s, none, 48);
  }
}
