import fc from "fast-check";
import { expect, test } from "vitest";
import { snap } from "../../../test/support/demo.ts";
import { createSimulatedClock } from "../clock.ts";
import { openDemoMicroscope } from "./demoMicroscope.ts";

test("a simulated clock reaches the end of an exposure whatever its times round to", async () => {
  const anyMs = fc.double({ min: 0, max: 4_000_000, noNaN: true });
  await fc.assert(
    fc.asyncProperty(anyMs, fc.double({ min: 1e-3, max: 2000, noNaN: true }), async (startMs, exposureMs) => {
      const clock = createSimulatedClock();
      await clock.sleep(startMs);
      await using microscope = await openDemoMicroscope({
        clock,
        properties: { Camera: { OnCameraCCDXSize: 4, OnCameraCCDYSize: 4, Pattern: "Stamp" } },
      });
      await microscope.core.setExposure(exposureMs);
      expect(await snap(microscope)).toHaveLength(16);
      expect(clock.now() - startMs).toBeCloseTo(exposureMs, 2);
    }),
    { numRuns: 300, seed: 1 },
  );
});
