import fc from "fast-check";
import { expect, test } from "vitest";
import { numbersOfWide } from "./wide.ts";

const at = (index: number) => `value ${index}`;

test("64-bit integers are the same numbers as float64", () => {
  const signed = fc.array(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n - 1n }));
  fc.assert(
    fc.property(signed, (numbers) => {
      const values = new Float64Array(BigInt64Array.from(numbers).buffer);
      numbersOfWide(values, "int64", at);
      expect(Array.from(values)).toEqual(numbers.map(Number));
    }),
  );
  const edge = new Float64Array(BigUint64Array.of(0n, 1n, 2n ** 32n, 2n ** 53n - 1n).buffer);
  numbersOfWide(edge, "uint64", at);
  expect(Array.from(edge)).toEqual([0, 1, 2 ** 32, 2 ** 53 - 1]);
});

test("a value that float64 does not keep is refused with its place", () => {
  const beyond = new Float64Array(BigInt64Array.of(1n, 2n ** 53n).buffer);
  expect(() => numbersOfWide(beyond, "int64", at)).toThrow(
    /value 1: expected int64 from -2\^53 to 2\^53 - 1, .* found 9007199254740992\. Number the labels anew/,
  );
  const below = new Float64Array(BigInt64Array.of(-(2n ** 53n) - 1n).buffer);
  expect(() => numbersOfWide(below, "int64", at)).toThrow("found -9007199254740993");
  const large = new Float64Array(BigUint64Array.of(2n ** 64n - 1n).buffer);
  expect(() => numbersOfWide(large, "uint64", at)).toThrow("found 18446744073709551615");
});
