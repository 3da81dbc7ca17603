import { describe, expect, test } from "vitest";
import { Molecules } from "../molecules/molecules.ts";
import { toTomogram } from "../sampling/tomogram.ts";
import { drawPicks } from "./picks.ts";
import { drawShellCurves, drawSlices } from "./pictures.ts";

const dark = (n: number) => ({
  data: Float32Array.from({ length: n ** 3 }, (_, i) => (i === 0 ? 1 : 0)),
  shape: [n, n, n] as const,
});

describe("slices", () => {
  test("have a scale bar, by the volume's own scale where it has one", () => {
    const of = (scale: number, own?: number) =>
      drawSlices("a", [{ name: "b", volume: dark(24), ...(own && { scale: own }) }], scale).data;
    expect(of(7, 0.5)).toEqual(of(0.5));
    expect(of(0.5)).not.toEqual(of(1.2));
  });

  test("of a stack are its images, not planes across them", () => {
    const data = Float32Array.from({ length: 5 * 16 }, (_, i) => Math.floor(i / 16));
    const volume = { data, shape: [5, 4, 4] as const };
    const greys = (isStack: boolean) => {
      const { data: pixels, width } = drawSlices("a", [{ name: "b", volume, isStack }], 1);
      // the middle of each of three panels of 220 pixels
      return [0, 1, 2].map((k) => pixels[3 * (170 * width + 36 + k * 236 + 150)]);
    };
    expect(greys(true)).toEqual([0, 128, 255]);
    expect(greys(false)).not.toEqual([0, 128, 255]);
  });
});

test("a section with half a million picks is drawn", async () => {
  const count = 500_000;
  const molecules = new Molecules(new Float32Array(3 * count).fill(4), new Array(count).fill([0, 0, 0, 1]), {
    score: Array.from({ length: count }, (_, i) => -i),
  });
  const far = molecules.subset([0, 1]);
  const tomogram = toTomogram(dark(8), {});
  const [all, few] = [await drawPicks(tomogram, molecules, 100), await drawPicks(tomogram, far, 100)];
  expect([all.width, all.height]).toEqual([few.width, few.height]);
});

test("curves with a shell that has nothing are drawn", () => {
  const frequencies = Float64Array.from([0.05, 0.15, 0.25]);
  const of = (curve: readonly number[]) =>
    drawShellCurves("a", { frequencies, curves: [Float64Array.from(curve)] }, 0.5).data;
  expect(of([1, Number.NaN, 0.5])).toEqual(of([1, 0.75, 0.5]));
});
