import { expect, test } from "vitest";
import { fourierDropoutMask } from "./fourierDropout.ts";

test("the mask is that of torch's generator", () => {
  // torch.Generator().manual_seed(0), torch.rand((2, 3)): 0.4963 0.7682 0.0885 | 0.1320 0.3074 0.6341
  expect([...fourierDropoutMask({ fraction: 0.1, seed: 0 }, [2, 4])]).toEqual([1, 1, 0, 1, 1, 1]);
  expect([...fourierDropoutMask({ fraction: 0.31, seed: 0 }, [2, 4])]).toEqual([1, 1, 0, 0, 0, 1]);
  // manual_seed(42): 0.8823 0.9150 0.3829 | 0.9593 0.3904 0.6009
  expect([...fourierDropoutMask({ fraction: 0.6, seed: 42 }, [2, 4])]).toEqual([1, 1, 0, 1, 0, 1]);
});

test("as many are left out as asked for, and another seed leaves out others", () => {
  const mask = fourierDropoutMask({ fraction: 0.25, seed: 7 }, [200, 200]);
  expect(mask.reduce((sum, value) => sum + value) / mask.length).toBeCloseTo(0.75, 2);
  expect(fourierDropoutMask({ fraction: 0.25, seed: 8 }, [200, 200])).not.toEqual(mask);
  expect(fourierDropoutMask({ fraction: 0, seed: 7 }, [20, 20]).filter((value) => value === 0)).toHaveLength(
    0,
  );
  expect(fourierDropoutMask({ fraction: 1, seed: 7 }, [20, 20]).some((value) => value > 0)).toBe(false);
});
