// Correlations of a block of 6 images with a group of 4 (or 2) templates, and what is kept of them. Whole correlations are never stored: per
// displacement a product per frequency, an inverse transform of every row, then the maximum or the sum while the row is in cache.
//
// A correlation block is words that correlateBlock.ts writes (its only other description):
//   0 shells   1 inplanes   2 half spectrum (inplanes/2 + 1)   3 plan of length inplanes/2   4 turns of realTransform
//   5 frequencies of products   6 their list: 3 words each, frequency, depth, first depth   7 depth in all
//   8 panels of images   9 elements of templates   10 displacements
//   11 frequencies of norms   12 their list (i32)   13 panels of squared CTFs   14 elements of squared templates
//   15 images   16 templates   17 what is kept (below)   18 values   19 first index   20 second index   21 1/sqrt(Iyy) of images
//   22 results' first template   23 results' templates
//   24 log-likelihoods (f64, 0: none)   25 numbers of marginal.ts   26 frequencies of offsets   27 their list   28 panels of CTFs   29 elements of
//   offsets of templates   30 numbers of each image: Isy, Iyy   31 elements of squared templates of a group
// What is kept: 0 best of each image; 1 of image and template; 2 of image, template, displacement; 3 of image, template, rotation; 4 everything;
// 5 no correlation but Ixx of image, template, rotation; 6 log-likelihood of image, template, displacement, rotation (marginal.ts).
//
// Working memory of a thread (workBytes): see the constants of `at…`.
import { ELEMENT, lanesOf, place, word } from "./lanes";
import { integral, integrateRow, startIntegral, writeRow } from "./marginal";
import { product, ROWS } from "./product";
import { realTransform } from "./transform";

/** Spectra of 6 rows; elements that no product writes stay 0. */
// @ts-ignore: decorator
@inline function spectrumBytes(block: usize): usize { return <usize>word(block, 2) << 5; }
// @ts-ignore: decorator
@inline function rowBytes(block: usize): usize { return <usize>word(block, 1) << 4; }
// @ts-ignore: decorator
@inline function normSpectra(block: usize, work: usize): usize { return work + 6 * spectrumBytes(block); }
// @ts-ignore: decorator
@inline function lines(block: usize, work: usize): usize { return work + 12 * spectrumBytes(block); }
/** 1/sqrt(Ixx) of 6 rows. */
// @ts-ignore: decorator
@inline function scales(block: usize, work: usize): usize { return lines(block, work) + 2 * rowBytes(block); }
/** Ixx of 6 rows. */
// @ts-ignore: decorator
@inline function norms(block: usize, work: usize): usize { return scales(block, work) + 6 * rowBytes(block); }
/** Best value of each lane of 6 rows, then their displacements and rotations (i32, 4 a row). */
// @ts-ignore: decorator
@inline function bests(block: usize, work: usize): usize { return norms(block, work) + 6 * rowBytes(block); }
/** Log-likelihoods of 6 rows: 8 doubles a lane (marginal.ts). */
// @ts-ignore: decorator
@inline function integrals(block: usize, work: usize): usize { return bests(block, work) + 6 * 48; }
/** Best of every rotation of 6 rows, and its displacement (i32, 4 a rotation): only where that is kept. */
// @ts-ignore: decorator
@inline function rotations(block: usize, work: usize): usize { return integrals(block, work) + 6 * 4 * 64; }

/** Bytes of a thread's working memory; with what is kept of every rotation, 12 rows more. */
export function workBytes(halfSpectrum: i32, inplanes: i32, kept: i32): i32 {
  const rows = 14 + (kept == 3 ? 12 : 0);
  return 12 * 32 * halfSpectrum + 16 * rows * inplanes + 6 * 48 + 6 * 4 * 64 + 64;
}

// @ts-ignore: decorator
@inline function rowsOf(block: usize, images: i32): i32 {
  return min(ROWS, word(block, 15) - ROWS * images);
}
// @ts-ignore: decorator
@inline function lanesUsed<T>(block: usize, group: i32): i32 {
  return min(lanesOf<T>(), word(block, 16) - lanesOf<T>() * group);
}

/** Fewest of the norms of the rows; not above 0 where there is no correlation. */
// @ts-ignore: decorator
@inline function normRows<T>(block: usize, group: i32, images: i32, work: usize): f64 {
  const count = word(block, 11), shells = word(block, 0), rows = rowsOf(block, images), inplanes = word(block, 1);
  const list = place(block, 12), spectra = normSpectra(block, work), bytes = spectrumBytes(block);
  const depth = <usize>(count * shells);
  let a = place(block, 13) + <usize>images * depth * (12 * sizeof<T>());
  let b = place(block, 14) + (<usize>group * <usize>word(block, 31) << 5);
  for (let f = 0; f < count; f++, a += <usize>shells * (12 * sizeof<T>()), b += <usize>shells << 5) {
    product<T>(a, b, shells, spectra + (<usize>load<i32>(list + (<usize>f << 2)) << 5), bytes, rows);
  }
  const from = lines(block, work), spare = from + rowBytes(block);
  const one = v128.splat<T>(1);
  let least = v128.splat<T>(1e30);
  for (let row = 0; row < rows; row++) {
    let p = realTransform<T>(place(block, 3), place(block, 4), spectra + <usize>row * bytes, from, spare);
    let to = scales(block, work) + <usize>row * rowBytes(block), keep = norms(block, work) + <usize>row * rowBytes(block);
    for (let j = 0; j < inplanes; j++, p += 16, to += 16, keep += 16) {
      const norm = v128.load(p);
      least = v128.min<T>(least, norm);
      v128.store(keep, norm);
      v128.store(to, v128.div<T>(one, v128.sqrt<T>(norm)));
    }
  }
  v128.store(from, least);
  let smallest = Infinity;
  for (let lane = 0; lane < lanesOf<T>(); lane++) {
    const value = <f64>load<T>(from + <usize>lane * sizeof<T>());
    if (!(value >= smallest)) smallest = value;
  }
  return smallest;
}

/** Makes ready for a group of templates and a block of images: norms, and nothing found yet. Returns the least norm. */
// @ts-ignore: decorator
@inline function begin<T>(block: usize, group: i32, images: i32, work: usize): f64 {
  const least = normRows<T>(block, group, images, work);
  const best = bests(block, work);
  for (let row: usize = 0; row < 6; row++) {
    v128.store(best + 48 * row, v128.splat<T>(-Infinity));
    v128.store(best + 48 * row + 16, i32x4.splat(0));
    v128.store(best + 48 * row + 32, i32x4.splat(0));
  }
  if (word(block, 17) == 3) {
    const count = 6 * word(block, 1);
    for (let j = 0, p = rotations(block, work); j < count; j++, p += 32) {
      v128.store(p, v128.splat<T>(-Infinity));
      v128.store(p, i32x4.splat(0), 16);
    }
  }
  if (place(block, 24) != 0) beginIntegrals<T>(block, group, images, work);
  return least;
}

/** Isx of 6 rows and the lanes, real; then the state of each sum. */
// @ts-ignore: decorator
@inline function beginIntegrals<T>(block: usize, group: i32, images: i32, work: usize): void {
  const count = word(block, 26), shells = word(block, 0), rows = rowsOf(block, images);
  const list = place(block, 27), tile = lines(block, work);
  const depth = <usize>(count * shells);
  let a = place(block, 28) + <usize>images * depth * (12 * sizeof<T>());
  let b = place(block, 29) + (<usize>group * depth << 5);
  const sums = integrals(block, work);
  memory.fill(sums, 0, 6 * 4 * 64);
  for (let f = 0; f < count; f++, a += <usize>shells * (12 * sizeof<T>()), b += <usize>shells << 5) {
    product<T>(a, b, shells, tile, ELEMENT, rows);
    // Negative frequencies are the conjugates of positive ones.
    const frequency = load<i32>(list + (<usize>f << 2));
    const factor: f64 = frequency == 0 || 2 * frequency == word(block, 1) ? 1 : 2;
    for (let row = 0; row < rows; row++) {
      for (let lane = 0; lane < lanesOf<T>(); lane++) {
        const p = sums + (<usize>(4 * row + lane) << 6);
        store<f64>(p, load<f64>(p) + factor * <f64>load<T>(tile + (<usize>row << 5) + <usize>lane * sizeof<T>()));
      }
    }
  }
  for (let row = 0; row < rows; row++) {
    const numbers = place(block, 30) + (<usize>(ROWS * images + row) << 4);
    const norm = norms(block, work) + <usize>row * rowBytes(block);
    for (let lane = 0; lane < lanesOf<T>(); lane++) {
      const state = sums + (<usize>(4 * row + lane) << 6);
      startIntegral<T>(state, numbers, place(block, 25), norm + <usize>lane * sizeof<T>(), word(block, 1));
    }
  }
}

/** Largest product of two rows in each lane; what is not a number is passed over. */
// @ts-ignore: decorator
@inline function largest<T>(row: usize, scale: usize, count: i32): v128 {
  let a = v128.splat<T>(-Infinity), b = a;
  for (const end = row + (<usize>count << 4); row < end; row += 32, scale += 32) {
    a = v128.pmax<T>(a, v128.mul<T>(v128.load(row), v128.load(scale)));
    b = v128.pmax<T>(b, v128.mul<T>(v128.load(row, 16), v128.load(scale, 16)));
  }
  return v128.pmax<T>(a, b);
}

/** First place where the product of two rows has a value, in one lane. */
function placeOf<T>(row: usize, scale: usize, lane: i32, value: T, count: i32): i32 {
  const offset = <usize>lane * sizeof<T>();
  row += offset;
  scale += offset;
  for (let j = 0; j < count; j++, row += 16, scale += 16) {
    if (load<T>(row) * load<T>(scale) == value) return j;
  }
  return 0;
}

/** Keeps better values of the lanes of one row. */
// @ts-ignore: decorator
@inline function keepBest<T>(best: usize, line: usize, scale: usize, most: v128, displacement: i32, count: i32, spare: usize): void {
  if (!v128.any_true(v128.gt<T>(most, v128.load(best)))) return;
  v128.store(spare, most);
  for (let lane = 0; lane < lanesOf<T>(); lane++) {
    const offset = <usize>lane * sizeof<T>();
    const value = load<T>(spare + offset);
    if (!(value > load<T>(best + offset))) continue;
    store<T>(best + offset, value);
    store<i32>(best + (<usize>lane << 2), displacement, 16);
    store<i32>(best + (<usize>lane << 2), placeOf<T>(line, scale, lane, value, count), 32);
  }
}

/** Index of (image, template of the results). */
// @ts-ignore: decorator
@inline function resultOf<T>(block: usize, group: i32, images: i32, row: i32, lane: i32): usize {
  const template = lanesOf<T>() * group + lane - word(block, 22);
  return <usize>(ROWS * images + row) * <usize>word(block, 23) + <usize>template;
}

/** Keeps the best rotation of one displacement. */
// @ts-ignore: decorator
@inline function keepRotation<T>(
  block: usize, group: i32, images: i32, row: i32, displacement: i32, line: usize, scale: usize, most: v128, spare: usize,
): void {
  v128.store(spare, most);
  const factor = load<T>(place(block, 21) + <usize>(ROWS * images + row) * sizeof<T>());
  for (let lane = 0; lane < lanesUsed<T>(block, group); lane++) {
    const value = load<T>(spare + <usize>lane * sizeof<T>());
    const at = resultOf<T>(block, group, images, row, lane) * <usize>word(block, 10) + <usize>displacement;
    store<T>(place(block, 18) + at * sizeof<T>(), value * factor);
    store<i32>(place(block, 19) + (at << 2), placeOf<T>(line, scale, lane, value, word(block, 1)));
  }
}

/** Keeps the best displacement of every rotation of one row. */
// @ts-ignore: decorator
@inline function keepDisplacements<T>(best: usize, line: usize, scale: usize, displacement: i32, count: i32): void {
  for (let j = 0; j < count; j++, line += 16, scale += 16, best += 32) {
    const value = v128.mul<T>(v128.load(line), v128.load(scale)), old = v128.load(best);
    if (!v128.any_true(v128.gt<T>(value, old))) continue;
    for (let lane = 0; lane < lanesOf<T>(); lane++) {
      const offset = <usize>lane * sizeof<T>();
      const one = load<T>(line + offset) * load<T>(scale + offset);
      if (!(one > load<T>(best + offset))) continue;
      store<T>(best + offset, one);
      store<i32>(best + (<usize>lane << 2), displacement, 16);
    }
  }
}

/** Writes one row out. */
// @ts-ignore: decorator
@inline function keepAll<T>(
  block: usize, group: i32, images: i32, row: i32, displacement: i32, line: usize, scale: usize,
): void {
  const count = word(block, 1);
  const factor = load<T>(place(block, 21) + <usize>(ROWS * images + row) * sizeof<T>());
  for (let lane = 0; lane < lanesUsed<T>(block, group); lane++) {
    const offset = <usize>lane * sizeof<T>();
    const at = (resultOf<T>(block, group, images, row, lane) * <usize>word(block, 10) + <usize>displacement) * <usize>count;
    let to = place(block, 18) + at * sizeof<T>(), p = line + offset, s = scale + offset;
    for (let j = 0; j < count; j++, to += sizeof<T>(), p += 16, s += 16) store<T>(to, load<T>(p) * load<T>(s) * factor);
  }
}

/** Writes the log-likelihoods of one row out. */
// @ts-ignore: decorator
@inline function keepLikelihoods<T>(
  block: usize, group: i32, images: i32, row: i32, displacement: i32, line: usize, work: usize,
): void {
  const count = word(block, 1), norm = norms(block, work) + <usize>row * rowBytes(block);
  for (let lane = 0; lane < lanesUsed<T>(block, group); lane++) {
    const offset = <usize>lane * sizeof<T>();
    const at = (resultOf<T>(block, group, images, row, lane) * <usize>word(block, 10) + <usize>displacement) * <usize>count;
    const state = integrals(block, work) + (<usize>(4 * row + lane) << 6);
    writeRow<T>(state, place(block, 25), line + offset, norm + offset, count, place(block, 18) + at * sizeof<T>());
  }
}

/** Spectra of the rows of one displacement. */
// @ts-ignore: decorator
@inline function multiply<T>(block: usize, group: i32, images: i32, displacement: i32, work: usize, rows: i32): void {
  const depth = <usize>word(block, 7), bytes = spectrumBytes(block);
  const a = place(block, 8) + <usize>images * depth * (12 * sizeof<T>());
  const b = place(block, 9) + ((<usize>group * <usize>word(block, 10) + <usize>displacement) * depth << 5);
  let list = place(block, 6);
  for (let f = word(block, 5); f > 0; f--, list += 12) {
    const first = <usize>load<i32>(list, 8);
    product<T>(a + first * (12 * sizeof<T>()), b + (first << 5), load<i32>(list, 4), work + (<usize>load<i32>(list) << 5), bytes, rows);
  }
}

/**
 * One displacement of a group of templates with a block of images, after `begin`. `found`: of each image the best so far in this thread (32
 * bytes: value f64, template, displacement, rotation), where only that is kept: rows that cannot be better are passed over.
 */
// @ts-ignore: decorator
@inline function correlate<T>(block: usize, group: i32, images: i32, displacement: i32, work: usize, found: usize): void {
  const rows = rowsOf(block, images), kept = word(block, 17), count = word(block, 1);
  multiply<T>(block, group, images, displacement, work, rows);
  const from = lines(block, work), spare = from + rowBytes(block);
  const integrates = place(block, 24) != 0;
  for (let row = 0; row < rows; row++) {
    const line = realTransform<T>(place(block, 3), place(block, 4), work + <usize>row * spectrumBytes(block), from, spare);
    const free = line == from ? spare : from;
    const scale = scales(block, work) + <usize>row * rowBytes(block);
    if (integrates && kept != 6) {
      const norm = norms(block, work) + <usize>row * rowBytes(block);
      for (let lane = 0; lane < lanesUsed<T>(block, group); lane++) {
        const offset = <usize>lane * sizeof<T>();
        const state = integrals(block, work) + (<usize>(4 * row + lane) << 6);
        integrateRow<T>(state, place(block, 25), line + offset, norm + offset, count);
      }
    }
    if (kept == 4) {
      keepAll<T>(block, group, images, row, displacement, line, scale);
      continue;
    }
    if (kept == 6) {
      keepLikelihoods<T>(block, group, images, row, displacement, line, work);
      continue;
    }
    if (kept == 3) {
      keepDisplacements<T>(rotations(block, work) + <usize>(row * count) * 32, line, scale, displacement, count);
      continue;
    }
    const most = largest<T>(line, scale, count);
    if (kept == 2) keepRotation<T>(block, group, images, row, displacement, line, scale, most, free);
    else if (kept == 1) keepBest<T>(bests(block, work) + 48 * <usize>row, line, scale, most, displacement, count, free);
    else {
      const least = <T>load<f64>(found + (<usize>(ROWS * images + row) << 5));
      if (!v128.any_true(v128.ge<T>(most, v128.splat<T>(least)))) continue;
      keepBest<T>(bests(block, work) + 48 * <usize>row, line, scale, most, displacement, count, free);
    }
  }
}

/** Better of two: the higher value, then the lower template. */
// @ts-ignore: decorator
@inline function keepFound<T>(found: usize, value: T, template: i32, best: usize): void {
  const old = load<f64>(found);
  if (!(<f64>value > old || (<f64>value == old && template < load<i32>(found, 8)))) return;
  store<f64>(found, <f64>value);
  store<i32>(found, template, 8);
  store<i32>(found, load<i32>(best, 16), 12);
  store<i32>(found, load<i32>(best, 32), 16);
}

/** What was found for a group of templates and a block of images goes where it is kept. */
// @ts-ignore: decorator
@inline function finish<T>(block: usize, group: i32, images: i32, work: usize, found: usize): void {
  const rows = rowsOf(block, images), kept = word(block, 17), count = word(block, 1);
  const used = lanesUsed<T>(block, group);
  for (let row = 0; row < rows; row++) {
    const image = ROWS * images + row;
    const factor = load<T>(place(block, 21) + <usize>image * sizeof<T>());
    for (let lane = 0; lane < used; lane++) {
      const at = resultOf<T>(block, group, images, row, lane);
      const best = bests(block, work) + 48 * <usize>row + (<usize>lane << 2);
      const value = load<T>(bests(block, work) + 48 * <usize>row + <usize>lane * sizeof<T>());
      if (kept == 0) keepFound<T>(found + (<usize>image << 5), value, lanesOf<T>() * group + lane, best);
      if (kept == 1) {
        store<T>(place(block, 18) + at * sizeof<T>(), value * factor);
        store<i32>(place(block, 19) + (at << 2), load<i32>(best, 16));
        store<i32>(place(block, 20) + (at << 2), load<i32>(best, 32));
      }
      if (kept == 3) {
        let p = rotations(block, work) + <usize>(row * count) * 32;
        for (let j: usize = 0; j < <usize>count; j++, p += 32) {
          const to = at * <usize>count + j;
          store<T>(place(block, 18) + to * sizeof<T>(), load<T>(p + <usize>lane * sizeof<T>()) * factor);
          store<i32>(place(block, 19) + (to << 2), load<i32>(p + (<usize>lane << 2), 16));
        }
      }
      if (kept == 5) {
        let p = norms(block, work) + <usize>row * rowBytes(block) + <usize>lane * sizeof<T>();
        let to = place(block, 18) + at * <usize>count * sizeof<T>();
        for (let j = 0; j < count; j++, p += 16, to += sizeof<T>()) store<T>(to, load<T>(p));
      }
      if (place(block, 24) != 0 && kept != 6) {
        const state = integrals(block, work) + (<usize>(4 * row + lane) << 6);
        store<f64>(place(block, 24) + (at << 3), integral(state, place(block, 25)));
      }
    }
  }
}

export function begin32(block: usize, group: i32, images: i32, work: usize): f64 { return begin<f32>(block, group, images, work); }
export function begin64(block: usize, group: i32, images: i32, work: usize): f64 { return begin<f64>(block, group, images, work); }
export function correlate32(block: usize, group: i32, images: i32, displacement: i32, work: usize, found: usize): void {
  correlate<f32>(block, group, images, displacement, work, found);
}
export function correlate64(block: usize, group: i32, images: i32, displacement: i32, work: usize, found: usize): void {
  correlate<f64>(block, group, images, displacement, work, found);
}
export function finish32(block: usize, group: i32, images: i32, work: usize, found: usize): void { finish<f32>(block, group, images, work, found); }
export function finish64(block: usize, group: i32, images: i32, work: usize, found: usize): void { finish<f64>(block, group, images, work, found); }
