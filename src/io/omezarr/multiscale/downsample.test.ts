import fc from "fast-check";
import { expect, test } from "vitest";
import { halveRows } from "./downsample.ts";
import { halveShortRows } from "./kernels.ts";

/** Some are wider than a strip of the kernel has room for, or of more rows. */
const anyPlane = fc
  .record({
    width: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 3000, max: 40_000 })),
    rows: fc.integer({ min: 1, max: 24 }),
    before: fc.integer({ min: 0, max: 3 }),
    beside: fc.integer({ min: 0, max: 5 }),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ seed, ...plane }) => {
    const stride = plane.width + plane.beside;
    const data = new Uint16Array(plane.before + stride * plane.rows);
    let state = seed;
    for (let i = 0; i < data.length; i++) {
      state = (state * 48271) % 2147483647;
      data[i] = state >> 4;
    }
    return { ...plane, stride, data };
  });

test("the kernel halves 16-bit rows of any shape as the loops do, and knows their range", () => {
  fc.assert(
    fc.property(anyPlane, ({ width, rows, before, stride, data }) => {
      const half = (width + 1) >> 1;
      const [expected, found] = [0, 1].map(() => new Uint16Array(half * ((rows + 1) >> 1)));
      const places = { offset: before, width: stride, rows, from: 0, to: width };
      const into = { target: expected, targetOffset: 0, targetWidth: half };
      halveRows({ source: data, ...places, ...into }, "mean", "uint16");
      const source = { data, offset: before, stride };
      const range = halveShortRows(source, { data: found, offset: 0, stride: half }, { width, rows });
      expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.buffer))).toBe(0);
      let [min, max] = [0xffff, 0];
      for (let y = 0; y < rows; y++)
        for (const value of data.subarray(before + y * stride, before + y * stride + width))
          [min, max] = [Math.min(min, value), Math.max(max, value)];
      expect(range).toEqual([min, max]);
    }),
    { numRuns: 60, seed: 4 },
  );
});
