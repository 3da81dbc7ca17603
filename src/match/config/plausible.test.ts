import { describe, expect, test } from "vitest";
import { type GivenValue, implausible, opticsValues, type Quantity, warnOfImplausible } from "./plausible.ts";

const said = (quantity: Quantity, value: number) =>
  implausible({ at: "here", quantity, value }) !== undefined;

describe("values in another unit get a word", () => {
  test.each<[quantity: Quantity, usual: number[], odd: number[]]>([
    ["defocus", [1000, 5200, 12_000, 50_000], [1.2, -8000, 0, 999, 120_000]],
    ["voltage", [60, 100, 200, 300, 1250], [0.3, 3, 300_000]],
    ["sphericalAberration", [0, 0.001, 0.01, 1.2, 2.7], [2700, 2.7e7, 0.0000027]],
    ["amplitudeContrast", [0, 0.07, 0.1], [0.7, 7, 10, 0.0007]],
    ["phaseShift", [0, 90, -90, 180], [5400, 1e6]],
    ["bFactor", [0, 60, 300], [6000, -50]],
    ["pixelSize", [0.26, 1.06, 10], [0.106, 0.000106, 106]],
    ["defocusStep", [50, 200], [0.02, 0]],
    ["dose", [0, 1, 40], [4000]],
    ["beamTilt", [0, 0.3], [300]],
    ["chromaticAberration", [0, 2.7], [2700]],
  ])("%s", (quantity, usual, odd) => {
    for (const value of usual) expect([value, said(quantity, value)]).toEqual([value, false]);
    for (const value of odd) expect([value, said(quantity, value)]).toEqual([value, true]);
  });

  test("what is not given, or not a number, gets none", () => {
    expect(implausible({ at: "here", quantity: "defocus", value: undefined })).toBeUndefined();
    expect(said("defocus", Number.NaN)).toBe(false);
  });
});

test("a word names the field, the value, the range and the unit, once, and refuses nothing", () => {
  const heard: [string, string][] = [];
  const values: GivenValue[] = opticsValues({ voltageKv: 300_000, defocusUA: 1.2 }, (field) => `a ${field}`);
  warnOfImplausible([...values, ...values], (text, kind) => heard.push([kind, text]));
  expect(heard).toMatchInlineSnapshot(`
    [
      [
        "warning",
        "a voltage: 300000 kV is not between 60 and 1250 kV: is the unit right (300000 V are 300 kV)? It is used as it is",
      ],
      [
        "warning",
        "a defocus_u: 1.2 Å is not between 1000 and 50000 Å: is the unit right (1.2 µm are 12000 Å; underfocus is positive)? It is used as it is",
      ],
    ]
  `);
});
