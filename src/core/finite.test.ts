import { expect, test } from "vitest";
import { firstNotFinite } from "./finite.ts";

test.each([Float32Array, Float64Array])(
  "the first value that is not finite has its index, wherever it lies: %p",
  (kind) => {
    for (let length = 0; length < 11; length++) {
      const values = new kind(length).map((_, i) => (i % 2 === 0 ? -1e38 : 3e38));
      expect(firstNotFinite(values)).toBe(-1);
      for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        for (let at = 0; at < length; at++) {
          const damaged = values.slice();
          damaged[at] = wrong;
          damaged[length - 1] = wrong;
          expect(firstNotFinite(damaged)).toBe(at);
        }
    }
  },
);
