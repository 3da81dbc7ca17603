/** A module of one function, `f32x4.relaxed_madd` of three constants: an engine without relaxed SIMD refuses it. */
const PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 1, 253, 15, 65, 1,
  253, 15, 65, 1, 253, 15, 253, 133, 2, 11,
];

/**
 * Whether the engine multiplies and adds in one instruction. The two modules differ in the last bits; all threads of a
 * pool run the same one.
 */
export function engineHasRelaxedSimd(): boolean {
  return WebAssembly.validate(new Uint8Array(PROBE));
}
