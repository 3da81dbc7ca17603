// Four-lane helpers. A "line buffer" holds the same sample of 4 neighbouring lines side by side:
// element e is 32 bytes, [re x 4][im x 4], so that butterflies of 4 lines need no shuffles.

/** Bytes of one line-buffer element. */
export const ELEMENT: usize = 32;

// @ts-ignore: decorator
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
/** a b + c; rounded once in the relaxed module, twice in the plain one. */
// @ts-ignore: decorator
@inline export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}
/** c - a b */
// @ts-ignore: decorator
@inline export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Lanes 0 and 2 of both vectors: the real parts of 4 interleaved complex values. */
// @ts-ignore: decorator
@inline export function evenLanes(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 0, 2, 4, 6); }
/** Lanes 1 and 3 of both vectors: the imaginary parts. */
// @ts-ignore: decorator
@inline export function oddLanes(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 1, 3, 5, 7); }

/** Stores the transpose of the 4 x 4 floats x0..x3 to p, q, r, s. */
// @ts-ignore: decorator
@inline export function transposeTo(
  x0: v128, x1: v128, x2: v128, x3: v128, p: usize, q: usize, r: usize, s: usize,
): void {
  const t0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7), t3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  v128.store(p, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
  v128.store(q, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7));
  v128.store(r, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5));
  v128.store(s, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7));
}

/** Transposes the 4 x 4 floats at a, b, c, d (one vector each) to p, q, r, s. */
// @ts-ignore: decorator
@inline export function transpose(a: usize, b: usize, c: usize, d: usize, p: usize, q: usize, r: usize, s: usize): void {
  transposeTo(v128.load(a), v128.load(b), v128.load(c), v128.load(d), p, q, r, s);
}

/** Transposes 4 line-buffer elements at `src` (consecutive) to one element each at p, q, r, s. */
// @ts-ignore: decorator
@inline export function transposeElements(src: usize, p: usize, q: usize, r: usize, s: usize): void {
  transpose(src, src + 32, src + 64, src + 96, p, q, r, s);
  transpose(src + 16, src + 48, src + 80, src + 112, p + 16, q + 16, r + 16, s + 16);
}

/** Sets `count` line-buffer elements to zero. */
// @ts-ignore: decorator
@inline export function clear(dst: usize, count: i32): void {
  if (count > 0) memory.fill(dst, 0, <usize>count << 5);
}
