import { madd } from "./vector";

/**
 * Rounds begin..end of 13 independent multiply-adds of 4 floats that touch no memory: the rate that no product can pass, for
 * the bench. at: 240 bytes, [p x 4][q x 4] and 13 vectors s; each round makes every s into s p + q.
 */
export function maddRounds(at: usize, begin: i32, end: i32): void {
  const p = v128.load(at), q = v128.load(at, 16);
  let s0 = v128.load(at, 32);
  let s1 = v128.load(at, 48);
  let s2 = v128.load(at, 64);
  let s3 = v128.load(at, 80);
  let s4 = v128.load(at, 96);
  let s5 = v128.load(at, 112);
  let s6 = v128.load(at, 128);
  let s7 = v128.load(at, 144);
  let s8 = v128.load(at, 160);
  let s9 = v128.load(at, 176);
  let s10 = v128.load(at, 192);
  let s11 = v128.load(at, 208);
  let s12 = v128.load(at, 224);
  for (let i = begin; i < end; i++) {
    s0 = madd(s0, p, q);
    s1 = madd(s1, p, q);
    s2 = madd(s2, p, q);
    s3 = madd(s3, p, q);
    s4 = madd(s4, p, q);
    s5 = madd(s5, p, q);
    s6 = madd(s6, p, q);
    s7 = madd(s7, p, q);
    s8 = madd(s8, p, q);
    s9 = madd(s9, p, q);
    s10 = madd(s10, p, q);
    s11 = madd(s11, p, q);
    s12 = madd(s12, p, q);
  }
  v128.store(at, s0, 32);
  v128.store(at, s1, 48);
  v128.store(at, s2, 64);
  v128.store(at, s3, 80);
  v128.store(at, s4, 96);
  v128.store(at, s5, 112);
  v128.store(at, s6, 128);
  v128.store(at, s7, 144);
  v128.store(at, s8, 160);
  v128.store(at, s9, 176);
  v128.store(at, s10, 192);
  v128.store(at, s11, 208);
  v128.store(at, s12, 224);
}
