// Correlations of many templates with few windows, without a transform of any template: by Parseval's theorem the product of a
// template with a window is that of their spectra, so a batch of templates and all windows are one product of matrices,
//
//     C (templates, windows) = P (templates, 2 n stride) B (2 n stride, windows)
//
// P = slice x filter is made in pieces of a few rows of the slices, straight into panels that stay in cache; B is made once (windows.ts).
//
// A products plan is a block of 32-bit words that the job writes (productJob.ts has its only other description):
//   0 n   1 stride   2 filters   3 complex filters   4 rows of slices in a piece
//   5 volume   6 its side   7 its row bytes   8 exact slices   9 rotations   10 filters' address   11 bytes of a filter
//   12 B   13 panels of B   14 bytes of a piece of B   15 slices (pieces)   16 panels of P   17 C   18 edge columns of slices   19 energies
//   20 windows   21, 22 height and width to normalise for   23 best values (f32)   24 their templates (i32)
import { madd, mul, transposeTo } from "../../../compute/assembly/vector";
import { multiplyPanels, TILE_COLUMNS, TILE_ROWS } from "../../../compute/assembly/gemmTile";
import { sliceRows } from "./slices";
import { normaliser } from "./templates";

// @ts-ignore: decorator
@inline function word(plan: usize, index: usize): i32 { return load<i32>(plan + (index << 2)); }
// @ts-ignore: decorator
@inline function place(plan: usize, index: usize): usize { return <usize>load<u32>(plan + (index << 2)); }
/** Bytes of a piece of one slice. */
// @ts-ignore: decorator
@inline function pieceBytes(plan: usize): usize { return <usize>(word(plan, 4) * word(plan, 1)) << 3; }
/** Bytes of a row of C. */
// @ts-ignore: decorator
@inline function rowBytes(plan: usize): usize { return <usize>(word(plan, 13) * TILE_COLUMNS) << 2; }
// @ts-ignore: decorator
@inline function filterOf(plan: usize, template: i32): usize {
  return place(plan, 10) + <usize>(template % word(plan, 2)) * place(plan, 11);
}

/**
 * Adds pieces begin..end of the slices' rows to the products of `count` templates from `first` on (template t is orientation t / filters
 * seen through filter t mod filters); piece 0 begins anew. In order, and before `productScores` of the same templates.
 */
export function productRows(plan: usize, first: i32, count: i32, begin: i32, end: i32): void {
  const n = word(plan, 0), high = word(plan, 4), filters = word(plan, 2), stride = word(plan, 1);
  const firstSlice = first / filters, slices = (first + count - 1) / filters - firstSlice + 1;
  const rows = (count + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  for (let piece = begin; piece < end; piece++) {
    const y = piece * high, last = min(n, y + high), depth = (last - y) * stride << 1;
    for (let i = 0; i < slices; i++) slicePiece(plan, firstSlice + i, i, y, last);
    for (let r = 0, panel = place(plan, 16); r < rows; r += TILE_ROWS, panel += <usize>(depth * TILE_ROWS) << 2) {
      packTemplates(plan, first, r, count, y, last, panel);
      addEnergies(plan, r, piece == 0, last - y, panel);
    }
    const b = place(plan, 12) + <usize>piece * place(plan, 14);
    multiplyPanels(
      place(plan, 16), <usize>depth * 24, b, <usize>depth * 32, depth, place(plan, 17), rowBytes(plan), 4, rows, word(plan, 13) * TILE_COLUMNS, false, piece > 0, 0,
    );
  }
}

/** Rows y..last of one slice; its columns 0 and, of an even side, n/2 are kept whole for the energy. */
function slicePiece(plan: usize, orientation: i32, slot: i32, y: i32, last: i32): void {
  const n = word(plan, 0), stride = word(plan, 1), half = n >> 1;
  const to = place(plan, 15) + <usize>slot * pieceBytes(plan), r = place(plan, 9) + <usize>orientation * 24;
  sliceRows(
    place(plan, 5), word(plan, 6), place(plan, 7), to - (<usize>(y * stride) << 3), n, stride,
    load<f32>(r), load<f32>(r, 4), load<f32>(r, 8), load<f32>(r, 12), load<f32>(r, 16), load<f32>(r, 20), word(plan, 8), y, last,
  );
  let edge = place(plan, 18) + (<usize>((slot * n + y) << 1) << 3);
  for (let row = y, at = to; row < last; row++, at += <usize>stride << 3, edge += 16) {
    store<u64>(edge, load<u64>(at));
    store<u64>(edge, load<u64>(at + (<usize>half << 3)), 8);
  }
}

/** Two complex values of a slice at `s` times those of a filter at `f`. */
// @ts-ignore: decorator
@inline function filtered(s: usize, f: usize, complexFilter: bool): v128 {
  const v = v128.load(s);
  if (!complexFilter) {
    const both = v128.load64_zero(f);
    return mul(v, v128.shuffle<f32>(both, both, 0, 0, 1, 1));
  }
  const w = v128.load(f), swapped = v128.shuffle<f32>(v, v, 1, 0, 3, 2);
  const turned = mul(mul(swapped, v128.shuffle<f32>(w, w, 1, 1, 3, 3)), f32x4(-1, 1, -1, 1));
  return madd(v, v128.shuffle<f32>(w, w, 0, 0, 2, 2), turned);
}

/** A panel of P: rows y..last of the spectra of templates first + r.., 6 floats a step; templates beyond the last repeat it. */
function packTemplates(plan: usize, first: i32, r: i32, count: i32, y: i32, last: i32, panel: usize): void {
  const filters = word(plan, 2), stride = word(plan, 1), isComplex = word(plan, 3) != 0;
  const from = place(plan, 15), bytes = pieceBytes(plan), firstSlice = first / filters;
  const skip = <usize>(y * stride) << (isComplex ? 3 : 2);
  const t0 = first + r, most = first + count - 1;
  const t1 = min(t0 + 1, most), t2 = min(t0 + 2, most), t3 = min(t0 + 3, most), t4 = min(t0 + 4, most), t5 = min(t0 + 5, most);
  const s0 = from + <usize>(t0 / filters - firstSlice) * bytes, s1 = from + <usize>(t1 / filters - firstSlice) * bytes;
  const s2 = from + <usize>(t2 / filters - firstSlice) * bytes, s3 = from + <usize>(t3 / filters - firstSlice) * bytes;
  const s4 = from + <usize>(t4 / filters - firstSlice) * bytes, s5 = from + <usize>(t5 / filters - firstSlice) * bytes;
  const f0 = filterOf(plan, t0) + skip, f1 = filterOf(plan, t1) + skip, f2 = filterOf(plan, t2) + skip;
  const f3 = filterOf(plan, t3) + skip, f4 = filterOf(plan, t4) + skip, f5 = filterOf(plan, t5) + skip;
  const step: usize = isComplex ? 16 : 8;
  for (let o: usize = 0, f: usize = 0, e = <usize>((last - y) * stride) << 3; o < e; o += 16, f += step, panel += 96) {
    const v4 = filtered(s4 + o, f4 + f, isComplex), v5 = filtered(s5 + o, f5 + f, isComplex);
    transposeTo(
      filtered(s0 + o, f0 + f, isComplex), filtered(s1 + o, f1 + f, isComplex),
      filtered(s2 + o, f2 + f, isComplex), filtered(s3 + o, f3 + f, isComplex),
      panel, panel + 24, panel + 48, panel + 72,
    );
    const low = v128.shuffle<f32>(v4, v5, 0, 4, 1, 5), high = v128.shuffle<f32>(v4, v5, 2, 6, 3, 7);
    v128.store64_lane(panel + 16, low, 0);
    v128.store64_lane(panel + 40, low, 1);
    v128.store64_lane(panel + 64, high, 0);
    v128.store64_lane(panel + 88, high, 1);
  }
}

/** Adds the squares of a panel's columns between frequency 0 and n/2 to the energies of its 6 templates. */
function addEnergies(plan: usize, r: i32, anew: bool, rows: i32, panel: usize): void {
  const n = word(plan, 0), inner = <usize>(((n + 1) >> 1) - 1) * 48, line = <usize>(word(plan, 1) << 1) * 24;
  let four = f32x4.splat(0), two = f32x4.splat(0);
  for (let row = 0; row < rows; row++, panel += line) {
    for (let p = panel + 48, e = p + inner; p < e; p += 24) {
      const a = v128.load(p), b = v128.load64_zero(p + 16);
      four = madd(a, a, four);
      two = madd(b, b, two);
    }
  }
  const to = place(plan, 19) + (<usize>r << 3);
  addTo(to, f64x2.promote_low_f32x4(four), anew);
  addTo(to + 16, f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3)), anew);
  addTo(to + 32, f64x2.promote_low_f32x4(two), anew);
}
// @ts-ignore: decorator
@inline function addTo(at: usize, v: v128, anew: bool): void {
  v128.store(at, anew ? v : f64x2.add(v128.load(at), v));
}

/**
 * What column `side` (0: frequency 0, 1: n/2) of a template adds to its energy: of a real image such a column is its own mirror image, so only
 * its symmetric part counts.
 */
function edgeEnergy(plan: usize, template: i32, slot: i32, side: i32): f64 {
  const n = word(plan, 0), stride = word(plan, 1), isComplex = word(plan, 3) != 0;
  const column = side == 0 ? 0 : n >> 1, edge = place(plan, 18) + (<usize>(slot * n << 1) << 3) + (<usize>side << 3);
  let energy: f64 = 0;
  for (let y = 0; y < n; y++) {
    const mirror = y == 0 ? 0 : n - y;
    const f = filterOf(plan, template) + (<usize>(y * stride + column) << (isComplex ? 3 : 2));
    const g = filterOf(plan, template) + (<usize>(mirror * stride + column) << (isComplex ? 3 : 2));
    const s = edge + (<usize>y << 4), m = edge + (<usize>mirror << 4);
    const fi: f64 = isComplex ? load<f32>(f, 4) : 0, gi: f64 = isComplex ? load<f32>(g, 4) : 0;
    const a = times(load<f32>(s), load<f32>(s, 4), load<f32>(f), fi), b = timesIm(load<f32>(s), load<f32>(s, 4), load<f32>(f), fi);
    const c = times(load<f32>(m), load<f32>(m, 4), load<f32>(g), gi), d = timesIm(load<f32>(m), load<f32>(m, 4), load<f32>(g), gi);
    energy += (a * a + b * b + a * c - b * d) / 2;
  }
  return energy;
}
// @ts-ignore: decorator
@inline function times(a: f64, b: f64, c: f64, d: f64): f64 { return a * c - b * d; }
// @ts-ignore: decorator
@inline function timesIm(a: f64, b: f64, c: f64, d: f64): f64 { return a * d + b * c; }

/**
 * Templates begin..end of `first`..: their products become correlations by Leopard-EM's normalisation, and every window keeps the largest
 * and the first template that has it. The last column but padding is the template's border mean.
 */
export function productScores(plan: usize, first: i32, begin: i32, end: i32): void {
  const n = word(plan, 0), windows = word(plan, 20), filters = word(plan, 2), firstSlice = first / filters;
  const area = <f64>n * <f64>n;
  const values = place(plan, 23), templates = place(plan, 24);
  for (let r = begin; r < end; r++) {
    const template = first + r, slot = template / filters - firstSlice, c = place(plan, 17) + <usize>r * rowBytes(plan);
    let energy = 2 * load<f64>(place(plan, 19) + (<usize>r << 3)) + edgeEnergy(plan, template, slot, 0);
    if ((n & 1) == 0) energy += edgeEnergy(plan, template, slot, 1);
    const origin = place(plan, 18) + (<usize>(slot * n << 1) << 3), f = filterOf(plan, template);
    const fi: f64 = word(plan, 3) ? load<f32>(f, 4) : 0;
    const raw = area * times(load<f32>(origin), load<f32>(origin, 4), load<f32>(f), fi);
    const mean: f64 = load<f32>(c + (<usize>windows << 2));
    const scale = <f32>normaliser(raw, area * energy, mean, n, word(plan, 21), word(plan, 22));
    for (let w = 0; w < windows; w++) {
      const value = load<f32>(c + (<usize>w << 2)) * scale, at = values + (<usize>w << 2);
      if (!(value > load<f32>(at))) continue;
      store<f32>(at, value);
      store<i32>(templates + (<usize>w << 2), template);
    }
  }
}
