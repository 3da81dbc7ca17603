import fc from "fast-check";
import { expect, test } from "vitest";
import { parseWellName, rowLetters, wellName } from "./wellNames.ts";

test("rows go on after Z", () => {
  expect([0, 7, 25, 26, 31, 701].map(rowLetters)).toEqual(["A", "H", "Z", "AA", "AF", "ZZ"]);
});

test("the name of a place is read as that place", () => {
  const place = fc.record({
    rowIndex: fc.integer({ min: 0, max: 701 }),
    columnIndex: fc.integer({ min: 0, max: 998 }),
  });
  fc.assert(
    fc.property(place, (well) => {
      expect(parseWellName(wellName(well))).toEqual(well);
    }),
  );
  expect(wellName(parseWellName(" b7 "))).toBe("B07");
});

test.each(["", "7", "B", "B0", "B00", "AAA1", "B1234", "B-1"])("%j is no well", (text) => {
  expect(() => parseWellName(text)).toThrow(/expected a name like B07 or AA12/);
});
