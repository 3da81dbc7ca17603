import fc from "fast-check";
import { expect, test } from "vitest";
import { binsOf } from "./bins.ts";
import { endsOf, numberText, ticksOf } from "./numbers.ts";
import { isWithinRing, placesWithin, rectangleRing } from "./rings.ts";
import { sortedRows } from "./sortedRows.ts";

const SEED = { seed: 15 };

test("bins count every finite value once, the upper end in the last bin", () => {
  const bins = binsOf([0, 0.5, 1, 2, 2.01, -1, Number.NaN, Number.POSITIVE_INFINITY], {
    range: [0, 2],
    bins: 2,
  });
  expect(bins).toMatchObject({ counts: Uint32Array.of(2, 2), below: 1, above: 1 });
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })),
      fc.integer({ min: 1, max: 90 }),
      (values, count) => {
        const { counts, below, above } = binsOf(values, { range: endsOf(values), bins: count });
        expect(counts.reduce((sum, one) => sum + one, 0)).toBe(values.length);
        expect([below, above]).toEqual([0, 0]);
      },
    ),
    SEED,
  );
});

test("ends of no values, and of one, are apart", () => {
  expect(endsOf([])).toEqual([0, 1]);
  expect(endsOf([3, Number.NaN, 3])).toEqual([2.5, 3.5]);
});

test("ticks are round, within the range, and rise", () => {
  expect(ticksOf([0, 1], 4)).toEqual([0, 0.5, 1]);
  expect(ticksOf([-3.2, 11], 5)).toEqual([0, 5, 10]);
  expect(ticksOf([1e-9, 5e-9], 4)).toEqual([1e-9, 2e-9, 3e-9, 4e-9, 5e-9]);
  fc.assert(
    fc.property(
      fc.float({ min: -1e6, max: 1e6, noNaN: true }),
      fc.float({ min: 1, max: 1e6, noNaN: true }),
      (from, size) => {
        const ticks = ticksOf([from, from + size]);
        expect(ticks.length).toBeLessThan(12);
        for (const [i, tick] of ticks.entries()) {
          if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1]);
          expect(tick).toBeGreaterThanOrEqual(from - size * 1e-6);
          expect(tick).toBeLessThanOrEqual(from + size * (1 + 1e-6));
        }
      },
    ),
    SEED,
  );
});

test("numbers are written in few figures", () => {
  expect([0, 2.34567, 12_345_678, 1e-7, Number.NaN].map((value) => numberText(value))).toEqual([
    "0",
    "2.346",
    "1.23e+7",
    "1.00e-7",
    "NaN",
  ]);
});

test("rows are sorted by a column, those without a value last, and only those that are shown", () => {
  const values = [3, null, 1, Number.NaN, 2, 1];
  const columns = [{ key: "n", value: (row: number) => values[row] }];
  expect([...sortedRows(6, columns, { key: "n" })]).toEqual([2, 5, 4, 0, 1, 3]);
  expect([...sortedRows(6, columns, { key: "n", isDescending: true })]).toEqual([0, 4, 2, 5, 1, 3]);
  expect([...sortedRows(Uint32Array.of(4, 0, 2), columns, { key: "n" })]).toEqual([2, 4, 0]);
  expect([...sortedRows(3, columns, undefined)]).toEqual([0, 1, 2]);
  const wells = ["A10", "A2", "B1"];
  expect([...sortedRows(3, [{ key: "w", value: (row) => wells[row] }], { key: "w" })]).toEqual([1, 0, 2]);
});

test("what lies within a rectangle drawn as a ring is what its sides say", () => {
  const side = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      side,
      side,
      (x, y, w, h, px, py) => {
        // half a pixel off: no place lies on an edge
        const place = [px + 0.5, py + 0.5] as const;
        const isIn = place[0] > x && place[0] < x + w && place[1] > y && place[1] < y + h;
        const ring = rectangleRing(x, y, x + w, y + h);
        expect(isWithinRing(ring, ...place)).toBe(isIn);
        expect(isWithinRing([...ring, x, y], ...place)).toBe(isIn); // closed
        expect(placesWithin(ring, 1, () => place)).toHaveLength(isIn ? 1 : 0);
      },
    ),
    SEED,
  );
});
