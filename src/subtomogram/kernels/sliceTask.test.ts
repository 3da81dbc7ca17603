import { expect, test } from "vitest";
import { sliceGain } from "./sliceTask.ts";

test("a flip keeps the mean of images without amplitude contrast, at which the transfer function is 0", () => {
  const transfer = { perDefocus: 6, spherical: 1, mean: 2, cosine: 0, sine: 0, imageScale: 0.5 };
  const gainOf = (offset: number, fx: number) => {
    const out = new Float64Array(2);
    sliceGain({ dosePerA2: 0, ctf: { ...transfer, offset, correction: "flip" } }, [0, fx, 0], out);
    return [...out];
  };
  expect(gainOf(0, 0)).toEqual([1, 1]);
  // sin(12 (0.6)² - (0.6)⁴) = sin(4.19) < 0
  expect(gainOf(0, 0.3)).toEqual([-1, 1]);
});
