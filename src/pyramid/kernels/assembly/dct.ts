// Forward cosine transform of 8 x 8 pixels and its quantisation, after Arai, Agui and Nakajima (1988): its scale factors lie in the
// quantiser's reciprocals. Columns first, 8 of them as 16-bit lanes for what is only sums, then rows as 4 lanes of floats. The result stays
// transposed: all tables are.

/** 1.5 x 2^23: added to a float it rounds it to a whole number, which then stands in the low bits. */
const ROUNDER: f32 = 12582912;

// @ts-ignore: decorator
@inline function low(a: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(a)); }
// @ts-ignore: decorator
@inline function high(a: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(a)); }

/** Two rows of 4 values each, quantised and as one vector of 8 16-bit numbers. */
// @ts-ignore: decorator
@inline function quantised(a: v128, b: v128, reciprocals: usize): v128 {
  const rounder = f32x4.splat(ROUNDER), bias = i32x4.splat(0x4b400000);
  return i16x8.narrow_i32x4_s(
    i32x4.sub(f32x4.add(f32x4.mul(a, v128.load(reciprocals)), rounder), bias),
    i32x4.sub(f32x4.add(f32x4.mul(b, v128.load(reciprocals, 16)), rounder), bias),
  );
}

/** The vertical pass of columns 0..3 (`half` = 0) or 4..7: 8 rows of 4 floats to `to`, 16 bytes apart, transposed. */
// @ts-ignore: decorator
@inline function columns(
  sum: v128, difference: v128, d: v128, cd: v128, u0: v128, u1: v128, u2: v128, t7: v128, to: usize,
): void {
  const z1 = f32x4.mul(cd, f32x4.splat(0.707106781));
  const z5 = f32x4.mul(f32x4.sub(u0, u2), f32x4.splat(0.382683433));
  const z2 = f32x4.add(f32x4.mul(u0, f32x4.splat(0.5411961)), z5), z4 = f32x4.add(f32x4.mul(u2, f32x4.splat(1.306562965)), z5);
  const z3 = f32x4.mul(u1, f32x4.splat(0.707106781));
  const z11 = f32x4.add(t7, z3), z13 = f32x4.sub(t7, z3);
  transpose(sum, f32x4.add(z11, z4), f32x4.add(d, z1), f32x4.sub(z13, z2), to);
  transpose(difference, f32x4.add(z13, z2), f32x4.sub(d, z1), f32x4.sub(z11, z4), to + 16);
}

/** Stores the transpose of 4 x 4 floats, rows 32 bytes apart. */
// @ts-ignore: decorator
@inline function transpose(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const t0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), t1 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7), t3 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7), 96);
}

/** The horizontal pass of 4 rows whose samples lie 32 bytes apart, in place. */
// @ts-ignore: decorator
@inline function rows(at: usize): void {
  const p0 = v128.load(at), p1 = v128.load(at, 32), p2 = v128.load(at, 64), p3 = v128.load(at, 96);
  const p4 = v128.load(at, 128), p5 = v128.load(at, 160), p6 = v128.load(at, 192), p7 = v128.load(at, 224);
  const t0 = f32x4.add(p0, p7), t7 = f32x4.sub(p0, p7), t1 = f32x4.add(p1, p6), t6 = f32x4.sub(p1, p6);
  const t2 = f32x4.add(p2, p5), t5 = f32x4.sub(p2, p5), t3 = f32x4.add(p3, p4), t4 = f32x4.sub(p3, p4);
  const a = f32x4.add(t0, t3), d = f32x4.sub(t0, t3), b = f32x4.add(t1, t2), c = f32x4.sub(t1, t2);
  v128.store(at, f32x4.add(a, b));
  v128.store(at, f32x4.sub(a, b), 128);
  const z1 = f32x4.mul(f32x4.add(c, d), f32x4.splat(0.707106781));
  v128.store(at, f32x4.add(d, z1), 64);
  v128.store(at, f32x4.sub(d, z1), 192);
  const u0 = f32x4.add(t4, t5), u1 = f32x4.add(t5, t6), u2 = f32x4.add(t6, t7);
  const z5 = f32x4.mul(f32x4.sub(u0, u2), f32x4.splat(0.382683433));
  const z2 = f32x4.add(f32x4.mul(u0, f32x4.splat(0.5411961)), z5), z4 = f32x4.add(f32x4.mul(u2, f32x4.splat(1.306562965)), z5);
  const z3 = f32x4.mul(u1, f32x4.splat(0.707106781));
  const z11 = f32x4.add(t7, z3), z13 = f32x4.sub(t7, z3);
  v128.store(at, f32x4.add(z13, z2), 160);
  v128.store(at, f32x4.sub(z13, z2), 96);
  v128.store(at, f32x4.add(z11, z4), 32);
  v128.store(at, f32x4.sub(z11, z4), 224);
}

/**
 * Transforms the 8 x 8 pixels at `source`, rows `stride` bytes apart, into 64 quantised coefficients of 16 bits at `work`, transposed (8 u + v
 * of horizontal frequency u and vertical v). `work` has 128 bytes for them and 256 more.
 */
// @ts-ignore: decorator
@inline export function transformBlock(source: usize, stride: usize, reciprocals: usize, work: usize): void {
  const p0 = v128.load8x8_u(source), p1 = v128.load8x8_u(source + stride);
  const p2 = v128.load8x8_u(source + 2 * stride), p3 = v128.load8x8_u(source + 3 * stride);
  const p4 = v128.load8x8_u(source + 4 * stride), p5 = v128.load8x8_u(source + 5 * stride);
  const p6 = v128.load8x8_u(source + 6 * stride), p7 = v128.load8x8_u(source + 7 * stride);
  const t0 = i16x8.add(p0, p7), t7 = i16x8.sub(p0, p7), t1 = i16x8.add(p1, p6), t6 = i16x8.sub(p1, p6);
  const t2 = i16x8.add(p2, p5), t5 = i16x8.sub(p2, p5), t3 = i16x8.add(p3, p4), t4 = i16x8.sub(p3, p4);
  const a = i16x8.add(t0, t3), d = i16x8.sub(t0, t3), b = i16x8.add(t1, t2), c = i16x8.sub(t1, t2);
  const sum = i16x8.add(a, b), difference = i16x8.sub(a, b), cd = i16x8.add(c, d);
  const u0 = i16x8.add(t4, t5), u1 = i16x8.add(t5, t6), u2 = i16x8.add(t6, t7);
  const floats = work + 128;
  columns(low(sum), low(difference), low(d), low(cd), low(u0), low(u1), low(u2), low(t7), floats);
  columns(high(sum), high(difference), high(d), high(cd), high(u0), high(u1), high(u2), high(t7), floats + 128);
  rows(floats);
  rows(floats + 16);
  // Pixels are 0..255, the format's -128..127: that is the mean's matter alone.
  store<f32>(floats, load<f32>(floats) - 8192);
  for (let i: usize = 0; i < 8; i++) {
    const at = floats + (i << 5);
    v128.store(work + (i << 4), quantised(v128.load(at), v128.load(at, 16), reciprocals + (i << 5)));
  }
}
