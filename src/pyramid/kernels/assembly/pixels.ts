// From 16-bit pixels to 8-bit ones, and from those to a level of half the size.

/** target[i] = table[source[i]] for values begin..end: 16 bits in, 8 out. */
export function lookUp(source: usize, table: usize, target: usize, begin: i32, end: i32): void {
  const last = target + <usize>end;
  let from = source + (<usize>begin << 1), to = target + <usize>begin;
  for (; to + 8 <= last; from += 16, to += 8) {
    // Two loads of 4 values and one store of 8: the look-ups alone are left.
    const low = load<u64>(from), high = load<u64>(from, 8);
    const a = <u64>load<u8>(table + <usize>(low & 0xffff)) | <u64>load<u8>(table + <usize>(low >> 16 & 0xffff)) << 8;
    const b = <u64>load<u8>(table + <usize>(low >> 32 & 0xffff)) << 16 | <u64>load<u8>(table + <usize>(low >> 48)) << 24;
    const c = <u64>load<u8>(table + <usize>(high & 0xffff)) << 32 | <u64>load<u8>(table + <usize>(high >> 16 & 0xffff)) << 40;
    const d = <u64>load<u8>(table + <usize>(high >> 32 & 0xffff)) << 48 | <u64>load<u8>(table + <usize>(high >> 48)) << 56;
    store<u64>(to, a | b | c | d);
  }
  for (; to < last; from += 2, to++) store<u8>(to, load<u8>(table + <usize>load<u16>(from)));
}

/** Bytes begin..end of a target become 0. */
export function clear(target: usize, begin: i32, end: i32): void {
  memory.fill(target + <usize>begin, 0, <usize>(end - begin));
}

/** target[i] = source[i] for values begin..end: 8 bits in, 16 out. */
export function widen(source: usize, target: usize, begin: i32, end: i32): void {
  const last = source + <usize>end;
  let from = source + <usize>begin, to = target + (<usize>begin << 1);
  for (; from + 8 <= last; from += 8, to += 16) v128.store(to, v128.load8x8_u(from));
  for (; from < last; from++, to += 2) store<u16>(to, load<u8>(from));
}

/**
 * Rows begin..end of the lower level: (a + b + c + d + 2) >> 2 of a source of `width` x `height`; where its end is odd, of the two or one that
 * are there. A row of the target is (width + 1) >> 1 bytes.
 */
export function halveRows(source: usize, width: i32, height: i32, target: usize, begin: i32, end: i32): void {
  const half = (width + 1) >> 1;
  for (let y = begin; y < end; y++) {
    const top = source + <usize>(2 * y) * <usize>width;
    const bottom = 2 * y + 1 < height ? top + <usize>width : top;
    halveRow(top, bottom, width, target + <usize>y * <usize>half);
  }
}

// @ts-ignore: decorator
@inline function halveRow(top: usize, bottom: usize, width: i32, to: usize): void {
  const two = i16x8.splat(2);
  let x = 0;
  for (; x + 16 <= width; x += 16) {
    const a = i16x8.extadd_pairwise_i8x16_u(v128.load(top + <usize>x)), b = i16x8.extadd_pairwise_i8x16_u(v128.load(bottom + <usize>x));
    const mean = i16x8.shr_u(i16x8.add(i16x8.add(a, b), two), 2);
    v128.store64_lane(to + (<usize>x >> 1), i8x16.narrow_i16x8_u(mean, mean), 0);
  }
  for (; x < width; x += 2) {
    const next = x + 1 < width ? x + 1 : x;
    const sum = <i32>load<u8>(top + <usize>x) + load<u8>(top + <usize>next) + load<u8>(bottom + <usize>x) + load<u8>(bottom + <usize>next);
    store<u8>(to + (<usize>x >> 1), <u8>((sum + 2) >> 2));
  }
}
