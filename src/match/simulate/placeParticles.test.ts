import fc from "fast-check";
import { expect, test } from "vitest";
import { type PlaceOptions, placeParticles } from "./placeParticles.ts";

const options: PlaceOptions = { count: 8, shape: [400, 520], boxSize: 64, seed: 1 };

test("boxes lie inside, centres apart, the same for the same seed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 80 }), (seed, distancePx) => {
      const placed = placeParticles({ ...options, seed, distancePx, defocusSpreadA: 500 });
      expect(placed).toEqual(placeParticles({ ...options, seed, distancePx, defocusSpreadA: 500 }));
      expect(placed).toHaveLength(8);
      placed.forEach(({ posX, posY, relativeDefocusA }, i) => {
        expect(posX >= 0 && posY >= 0 && posX <= 520 - 64 && posY <= 400 - 64).toBe(true);
        expect(Math.abs(relativeDefocusA)).toBeLessThanOrEqual(500);
        for (const other of placed.slice(0, i))
          expect(Math.hypot(other.posX - posX, other.posY - posY)).toBeGreaterThanOrEqual(distancePx);
      });
    }),
    { numRuns: 20 },
  );
});

test("rotations are uniform, places lie between pixels", () => {
  const placed = placeParticles({ ...options, count: 3000, distancePx: 0 });
  const mean = (value: (particle: (typeof placed)[number]) => number) =>
    placed.reduce((sum, particle) => sum + value(particle), 0) / placed.length;
  // cos theta is uniform in [-1, 1]: deviation 0.577, 4 standard errors 0.042
  expect(Math.abs(mean(({ thetaDeg }) => Math.cos((thetaDeg * Math.PI) / 180)))).toBeLessThan(0.042);
  expect(Math.abs(mean(({ phiDeg }) => phiDeg) - 180)).toBeLessThan(7.6);
  expect(Math.abs(mean(({ posX }) => posX % 1) - 0.5)).toBeLessThan(0.03);
});

test.each([
  [
    { count: 90 },
    /particles: expected room for 90 particles in 400 x 520, found room for \d+\. Take a larger/,
  ],
  [{ count: 1.5 }, /count: expected a whole number from 0, found 1\.5/],
  [{ shape: [60, 400] }, /shape: expected at least the box, 64, found 60/],
  [{ distancePx: -1 }, /distancePx: expected 0 or more, found -1/],
  [{ defocusSpreadA: Number.NaN }, /defocusSpreadA: expected 0 or more, found NaN/],
] as [Partial<PlaceOptions>, RegExp][])("%j is refused", (changed, message) => {
  expect(() => placeParticles({ ...options, ...changed })).toThrow(message);
});
