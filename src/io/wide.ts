import { VitrineError } from "../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN } from "./byteOrder.ts";

/** Whole numbers of 64 bits, which pixels are not: they are read as float64 where they fit. */
export type WideType = "int64" | "uint64";

/** Words with more in their upper half than this are not whole numbers of float64 any more (2⁵³ = 2²¹ · 2³²). */
const UPPER = 2 ** 21;

/**
 * Turns 64-bit integers, whose bytes lie in `values` in this machine's order, into the same numbers as float64, in place.
 *
 * @param placeOf  how a message calls the place of a value, by its index
 * @throws {VitrineError} range: a value outside ±2⁵³, which float64 does not keep
 */
export function numbersOfWide(
  values: Float64Array,
  type: WideType,
  placeOf: (index: number) => string,
): void {
  const lower = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const upper = type === "int64" ? new Int32Array(values.buffer, values.byteOffset, lower.length) : lower;
  const [low, high] = HOST_IS_LITTLE_ENDIAN ? [0, 1] : [1, 0];
  for (let i = 0; i < values.length; i++) {
    const [below, above] = [lower[2 * i + low], upper[2 * i + high]];
    if (above >= UPPER || above < -UPPER)
      throw tooLarge(type, BigInt(above) * 2n ** 32n + BigInt(below), placeOf(i));
    values[i] = above * 2 ** 32 + below;
  }
}

function tooLarge(type: WideType, value: bigint, at: string): VitrineError {
  return new VitrineError({
    code: "range",
    at,
    expected: `${type} from ${type === "int64" ? "-2^53" : "0"} to 2^53 - 1, which float64 holds exactly`,
    found: String(value),
    hint: "Number the labels anew, or save the values as float64 if they may be rounded",
  });
}
