// Discrete Fourier transforms of lines of elements (lanes.ts), of any length: Stockham's algorithm, so that samples come in their natural
// order. Positive exponent, unnormalised: x[j] = sum over k of X[k] exp(+2 pi i j k / n); forward transforms conjugate before and after.
//
// A plan is a block of 32-bit words that transformPlan.ts writes (its only other description):
//   0 length   1 stages   2 address of the twiddles   3 address of the roots of all radices   4.. radices
// Twiddles: for each stage of length n = radix x m, for p < m, for 1 <= j < radix: exp(2 pi i p j / n). Roots: for each stage exp(2 pi i j / radix).
import { ELEMENT, madd, nmadd, place, splatAt, word } from "./lanes";

/** Stores (re, im) times the twiddle at t. */
// @ts-ignore: decorator
@inline function putTurned<T>(p: usize, re: v128, im: v128, t: usize): void {
  const c = splatAt<T>(t), s = splatAt<T>(t + sizeof<T>());
  v128.store(p, nmadd<T>(im, s, v128.mul<T>(re, c)));
  v128.store(p, madd<T>(im, c, v128.mul<T>(re, s)), 16);
}
// @ts-ignore: decorator
@inline function put(p: usize, re: v128, im: v128): void {
  v128.store(p, re);
  v128.store(p, im, 16);
}

/** `count` butterflies of neighbours; inputs `apart` bytes from each other, outputs `step`. */
function radix2<T>(src: usize, apart: usize, dst: usize, step: usize, t: usize, count: i32, turns: bool): void {
  for (const end = src + (<usize>count << 5); src < end; src += ELEMENT, dst += ELEMENT) {
    const ar = v128.load(src), ai = v128.load(src, 16);
    const br = v128.load(src + apart), bi = v128.load(src + apart, 16);
    put(dst, v128.add<T>(ar, br), v128.add<T>(ai, bi));
    const dr = v128.sub<T>(ar, br), di = v128.sub<T>(ai, bi);
    if (turns) putTurned<T>(dst + step, dr, di, t);
    else put(dst + step, dr, di);
  }
}

function radix4<T>(src: usize, apart: usize, dst: usize, step: usize, t: usize, count: i32, turns: bool): void {
  for (const end = src + (<usize>count << 5); src < end; src += ELEMENT, dst += ELEMENT) {
    const p1 = src + apart, p2 = p1 + apart, p3 = p2 + apart;
    const ar = v128.load(src), ai = v128.load(src, 16), cr = v128.load(p2), ci = v128.load(p2, 16);
    const sr = v128.add<T>(ar, cr), si = v128.add<T>(ai, ci), dr = v128.sub<T>(ar, cr), di = v128.sub<T>(ai, ci);
    const br = v128.load(p1), bi = v128.load(p1, 16), er = v128.load(p3), ei = v128.load(p3, 16);
    const ur = v128.add<T>(br, er), ui = v128.add<T>(bi, ei), vr = v128.sub<T>(br, er), vi = v128.sub<T>(bi, ei);
    const d1 = dst + step, d2 = d1 + step, d3 = d2 + step;
    put(dst, v128.add<T>(sr, ur), v128.add<T>(si, ui));
    if (turns) {
      putTurned<T>(d1, v128.sub<T>(dr, vi), v128.add<T>(di, vr), t);
      putTurned<T>(d2, v128.sub<T>(sr, ur), v128.sub<T>(si, ui), t + 2 * sizeof<T>());
      putTurned<T>(d3, v128.add<T>(dr, vi), v128.sub<T>(di, vr), t + 4 * sizeof<T>());
    } else {
      put(d1, v128.sub<T>(dr, vi), v128.add<T>(di, vr));
      put(d2, v128.sub<T>(sr, ur), v128.sub<T>(si, ui));
      put(d3, v128.add<T>(dr, vi), v128.sub<T>(di, vr));
    }
  }
}

/** Any radix, by its definition. */
function radixAny<T>(
  src: usize, apart: usize, dst: usize, step: usize, t: usize, count: i32, radix: i32, roots: usize,
): void {
  const pair = 2 * sizeof<T>();
  for (const end = src + (<usize>count << 5); src < end; src += ELEMENT, dst += ELEMENT) {
    for (let j = 0; j < radix; j++) {
      let re = v128.load(src), im = v128.load(src, 16);
      for (let k = 1, root = 0, p = src + apart; k < radix; k++, p += apart) {
        root += j;
        if (root >= radix) root -= radix;
        const c = splatAt<T>(roots + <usize>root * pair), s = splatAt<T>(roots + <usize>root * pair + sizeof<T>());
        const xr = v128.load(p), xi = v128.load(p, 16);
        re = nmadd<T>(xi, s, madd<T>(xr, c, re));
        im = madd<T>(xi, c, madd<T>(xr, s, im));
      }
      const to = dst + <usize>j * step;
      if (j == 0) put(to, re, im);
      else putTurned<T>(to, re, im, t + <usize>(j - 1) * pair);
    }
  }
}

/** Transforms the line at `from`, with `spare` as its working memory; where the result is: one of the two. */
export function transform<T>(plan: usize, from: usize, spare: usize): usize {
  const length = word(plan, 0), stages = word(plan, 1);
  let twiddles = place(plan, 2), roots = place(plan, 3);
  let n = length, stride = 1;
  for (let stage = 0; stage < stages; stage++) {
    const radix = word(plan, 4 + <usize>stage);
    const m = n / radix;
    const apart = <usize>(stride * m) << 5, step = <usize>stride << 5;
    const turn = <usize>(2 * (radix - 1)) * sizeof<T>();
    for (let p = 0; p < m; p++, twiddles += turn) {
      const src = from + <usize>p * step, dst = spare + <usize>(p * radix) * step;
      if (radix == 4) {
        if (p == 0) radix4<T>(src, apart, dst, step, twiddles, stride, false);
        else radix4<T>(src, apart, dst, step, twiddles, stride, true);
      } else if (radix == 2) radix2<T>(src, apart, dst, step, twiddles, stride, p > 0);
      else radixAny<T>(src, apart, dst, step, twiddles, stride, radix, roots);
    }
    roots += <usize>(2 * radix) * sizeof<T>();
    n = m;
    stride *= radix;
    const swapped = from;
    from = spare;
    spare = swapped;
  }
  return from;
}

/**
 * A real line of n = 2 x length of the plan from the first half of its spectrum, without its factor 1/n: sample j lies at result + 16 j.
 *
 * turns: (n/2 + 1) complex numbers exp(2 pi i k / n). The imaginary parts of the first and last element count as 0.
 */
export function realTransform<T>(plan: usize, turns: usize, spectrum: usize, from: usize, spare: usize): usize {
  const half = word(plan, 0), pair = 2 * sizeof<T>();
  const last = spectrum + (<usize>half << 5);
  const a = v128.load(spectrum), b = v128.load(last);
  put(from, v128.add<T>(a, b), v128.sub<T>(a, b));
  for (let k = 1; 2 * k <= half; k++) {
    const p = spectrum + (<usize>k << 5), o = last - (<usize>k << 5);
    const pr = v128.load(p), pi = v128.load(p, 16), qr = v128.load(o), qi = v128.load(o, 16);
    const sr = v128.add<T>(pr, qr), si = v128.sub<T>(pi, qi), dr = v128.sub<T>(pr, qr), di = v128.add<T>(pi, qi);
    const c = splatAt<T>(turns + <usize>k * pair), s = splatAt<T>(turns + <usize>k * pair + sizeof<T>());
    // (dr + i di)(c + i s) = er + i ei; times i and the partner's: (s - e), conjugated.
    const er = nmadd<T>(di, s, v128.mul<T>(dr, c)), ei = madd<T>(di, c, v128.mul<T>(dr, s));
    put(from + (<usize>k << 5), v128.sub<T>(sr, ei), v128.add<T>(si, er));
    put(from + (<usize>(half - k) << 5), v128.add<T>(sr, ei), v128.sub<T>(er, si));
  }
  return transform<T>(plan, from, spare);
}
