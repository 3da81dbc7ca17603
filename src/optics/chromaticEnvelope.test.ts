import { expect, test } from "vitest";
import { chromaticEnvelope, focusSpreadA } from "./chromaticEnvelope.ts";
import { electronWavelengthA } from "./electrons.ts";

const SPREAD = { voltageKv: 300, chromaticAberrationMm: 2.7, energySpreadEv: 0.3 };

test("the spread of focus of a field emission gun, and of each part by itself", () => {
  // 2.7e7 Å x 0.3 / 300000 x 1.5871 / 1.2935
  expect(focusSpreadA(SPREAD)).toBeCloseTo(33.13, 1);
  const still = { ...SPREAD, energySpreadEv: 0 };
  expect(focusSpreadA(still)).toBe(0);
  expect(focusSpreadA({ ...still, voltageRipple: 1e-6 })).toBeCloseTo(focusSpreadA(SPREAD), 6);
  expect(focusSpreadA({ ...still, currentRipple: 1e-6 })).toBeCloseTo(54, 6);
});

test("the envelope is the mean of a CTF over defoci of that spread", () => {
  const [lambda, sigma] = [electronWavelengthA(300), focusSpreadA(SPREAD)];
  for (const k of [0, 0.2, 0.4, 0.6]) {
    const chi = (defocusA: number) => Math.PI * lambda * defocusA * k * k;
    let [sum, weights] = [0, 0];
    for (let step = -800; step <= 800; step++) {
      const weight = Math.exp(-0.5 * (step / 100) ** 2);
      sum += weight * Math.sin(chi(5000 + (step / 100) * sigma));
      weights += weight;
    }
    // the sum converges beyond float64
    expect(chromaticEnvelope(k, SPREAD) * Math.sin(chi(5000))).toBeCloseTo(sum / weights, 10);
  }
});

test("values out of range name their field", () => {
  expect(() => focusSpreadA({ ...SPREAD, energySpreadEv: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: focusSpread energySpreadEv: expected 0 or more, found -1.]`,
  );
  expect(() => chromaticEnvelope(0.1, { ...SPREAD, voltageKv: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: focusSpread voltageKv: expected kV above 0, found 0.]`,
  );
});
