import fc from "fast-check";
import { expect, test } from "vitest";
import { formatJson, parseJson, plainJson } from "./index.ts";

test("what is plain comes back itself, typed arrays as lists", () => {
  const plain = { a: [1, "x", null, true], b: { c: Number.NaN } };
  expect(plainJson(plain, "m")).toBe(plain);
  expect(plainJson({ e: new Float32Array([1.5, 2]), f: [new Uint8Array([3])] }, "m")).toEqual({
    e: [1.5, 2],
    f: [[3]],
  });
});

test.each([
  ["c", { c: undefined }],
  ["d", { d: new Date(0) }],
  ["f", { f: new Map([[1, 2]]) }],
  ["h[0]", { h: [undefined] }],
  ["i.j", { i: { j: 1n } }],
  ["k", { k: () => 1 }],
  ["l", { l: new BigInt64Array(1) }],
])("what JSON would change is refused with its key, %s", (key, value) => {
  expect(() => plainJson(value, "metadata")).toThrow(`metadata.${key}: expected a value that JSON holds`);
});

test("a circle is refused", () => {
  const turning: Record<string, unknown> = {};
  turning.again = turning;
  expect(() => plainJson(turning, "metadata")).toThrow("a circle");
});

test("NaN and infinity are written and read as Python does it, beside texts that look alike", () => {
  const value = {
    a: Number.NaN,
    b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    c: "NaN",
    "-Infinity": "x",
  };
  expect(formatJson(value)).toBe('{"a":NaN,"b":[Infinity,-Infinity],"c":"NaN","-Infinity":"x"}');
  expect(parseJson(formatJson(value))).toEqual(value);
  expect(() => parseJson("{NaN")).toThrow(SyntaxError);
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(parseJson(formatJson(json))).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
});
