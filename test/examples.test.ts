import { describe, expect, test } from "vitest";
import { runAdaptiveMatching } from "../examples/adaptiveMatching.ts";
import { PIXEL_SIZE_UM, TEMPLATE_PX } from "../examples/plantedMolecule.ts";

/** Largest distance that counts as the same place: half a pixel of each map's grid, and one of noise. */
const CLOSE_PX = 1.5;

const distancePx = (
  a: { xUm: number; yUm: number } | undefined,
  b: { xUm: number; yUm: number } | undefined,
) => Math.hypot(a!.xUm - b!.xUm, a!.yUm - b!.yUm) / PIXEL_SIZE_UM;

const fields = (count: number) => Array.from({ length: count }, (_, field) => ({ field }));

describe("adaptive acquisition with template matching", () => {
  // µm and the number of fields that are looked at until it is found; the first lies left and above of all middles
  test.each([
    [-0.0141, -0.009, 1],
    [0.0537, 0.0312, 5],
    [0.1, 0.095, 9],
  ])("a molecule at %d, %d is found in %i fields and brought to the middle", async (xUm, yUm, looked) => {
    const planted = { xUm, yUm };
    const { find, closeUp, dataset } = await runAdaptiveMatching(planted);
    expect(distancePx(find, planted)).toBeLessThan(CLOSE_PX);
    expect(distancePx(closeUp, planted)).toBeLessThan(CLOSE_PX);
    expect(dataset.imageCoordinates()).toEqual([...fields(looked), { closeUp: 0 }]);
    expect(dataset.isFinished).toBe(true);
    const metadata = await dataset.readMetadata({ closeUp: 0 });
    expect([metadata.XPosition_um_Intended, metadata.YPosition_um_Intended]).toEqual([find!.xUm, find!.yUm]);
    expect(await darkestPx(dataset.readImage({ closeUp: 0 }))).toBeLessThan(TEMPLATE_PX / 2);
  });

  test("an empty specimen is looked at once and left", async () => {
    const { find, closeUp, dataset } = await runAdaptiveMatching();
    expect([find, closeUp]).toEqual([undefined, undefined]);
    expect(dataset.imageCoordinates()).toEqual(fields(9));
  });
});

/** Distance of the darkest place from the middle of an image, pixels: a mean of 7 x 7 pixels. Independent of the search. */
async function darkestPx(
  image: Promise<{ data: ArrayLike<number>; width: number; height: number }>,
): Promise<number> {
  const { data, width, height } = await image;
  let best = { sum: Number.POSITIVE_INFINITY, distance: 0 };
  for (let y = 3; y < height - 3; y++) {
    for (let x = 3; x < width - 3; x++) {
      let sum = 0;
      for (let i = 0; i < 49; i++) sum += data[(y - 3 + Math.floor(i / 7)) * width + x - 3 + (i % 7)];
      if (sum < best.sum) best = { sum, distance: Math.hypot(x - width / 2, y - height / 2) };
    }
  }
  return best.distance;
}
