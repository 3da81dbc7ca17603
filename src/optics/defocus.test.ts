import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VitrineError } from "../core/index.ts";
import { defocusOffsets, pixelSizeOffsets } from "./defocus.ts";

const GOLDEN = new URL("../../test/golden/match-extra/orientations/offsets.json", import.meta.url);

interface OffsetCase {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly skip: boolean;
  readonly values: readonly number[];
}

const list = (min: number, max: number, step: number, skipEnforceZero = false) =>
  Array.from(defocusOffsets({ min, max, step, skipEnforceZero }));

test("offsets run from min past max by less than a step, with 0 among them", () => {
  expect(list(-500, 500, 500)).toEqual([-500, 0, 500]);
  expect(list(-500, 500, 300)).toEqual([-500, -200, 0, 100, 400, 700]);
  expect(list(-500, 500, 300, true)).toEqual([-500, -200, 100, 400, 700]);
  expect(list(100, 300, 100)).toEqual([0, 100, 200, 300]);
  expect(list(-300, -200, 100)).toEqual([-300, -200, 0]);
  expect(list(0, 0, 100)).toEqual([0]);
});

test("rounding makes no second 0", () => {
  const offsets = pixelSizeOffsets({ min: -0.07, max: 0.07, step: 0.01 });
  expect(offsets.filter((offset) => offset === 0).length).toBe(1);
  expect(offsets.indexOf(0)).toBe(7);
  expect(list(-1, 1, 1 / 3)).toHaveLength(7);
});

test("there are as many offsets as Leopard-EM has, where rounding makes one more too", () => {
  const golden: OffsetCase[] = JSON.parse(readFileSync(GOLDEN, "utf8"));
  for (const { min, max, step, skip, values } of golden) {
    const found = pixelSizeOffsets({ min, max, step, skipEnforceZero: skip });
    expect([min, max, step, found.length]).toEqual([min, max, step, values.length]);
    // Leopard-EM's are float32; what is 0 here is up to 1e-6 there
    found.forEach((value, i) => {
      expect(Math.abs(value - values[i])).toBeLessThanOrEqual(1e-6 + 1e-7 * Math.abs(value));
    });
  }
});

test("offsets ascend, start at min, hold 0 once and reach max", () => {
  const whole = fc.integer({ min: -2000, max: 2000 });
  fc.assert(
    fc.property(
      whole,
      fc.integer({ min: 0, max: 2000 }),
      fc.integer({ min: 1, max: 900 }),
      (min, extent, step) => {
        const offsets = list(min, min + extent, step);
        expect(offsets.every((v, i) => i === 0 || v > offsets[i - 1])).toBe(true);
        expect(offsets.filter((v) => v === 0).length).toBe(1);
        expect(offsets.includes(min)).toBe(true);
        expect(offsets[offsets.length - 1]).toBeGreaterThanOrEqual(Math.max(0, min + extent - step));
      },
    ),
  );
});

test.each([
  [{ min: 0, max: 100, step: 0 }, "defocus search step"],
  [{ min: 100, max: 0, step: 10 }, "defocus search max"],
  [{ min: Number.NaN, max: 0, step: 10 }, "defocus search min"],
  [{ min: 0, max: 1e9, step: 1e-6 }, "defocus search step"],
])("a search that cannot be is refused by name: %j", (search, at) => {
  const fault = { code: "range", fault: expect.objectContaining({ at }) };
  expect(() => defocusOffsets(search)).toThrow(VitrineError);
  expect(() => defocusOffsets(search)).toThrow(expect.objectContaining(fault));
});
