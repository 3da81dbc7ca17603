// Helpers for vectors of either precision: T is f32 (4 lanes) or f64 (2 lanes).
//
// An "element" is 32 bytes, [re of all lanes][im of all lanes]: the same complex sample of 4 (or 2) neighbouring templates or
// images, so that transforms and products need no shuffles. Both precisions have elements of 32 bytes.

/** Bytes of an element. */
export const ELEMENT: usize = 32;

/** Templates or images in an element. */
// @ts-ignore: decorator
@inline export function lanesOf<T>(): i32 { return 16 / sizeof<T>(); }

/** a b + c; rounded once in the relaxed module, twice in the plain one. */
// @ts-ignore: decorator
@inline export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}
/** c - a b */
// @ts-ignore: decorator
@inline export function nmadd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}
/** The number at `p` in every lane. */
// @ts-ignore: decorator
@inline export function splatAt<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p);
  return v128.load64_splat(p);
}
/** Word `index` of a block of 32-bit words. */
// @ts-ignore: decorator
@inline export function word(block: usize, index: usize): i32 { return load<i32>(block + (index << 2)); }
/** Word `index` as an address. */
// @ts-ignore: decorator
@inline export function place(block: usize, index: usize): usize { return <usize>load<u32>(block + (index << 2)); }
