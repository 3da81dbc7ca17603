import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readStar } from "../../io/index.ts";
import { starToParticles } from "./starToParticles.ts";

const path = fileURLToPath(new URL("../../../test/golden/cases/star/super_resolution.star", import.meta.url));

test("the pixel size of micrographs is that of the images, not of the movie before binning; the guess is said", async () => {
  const told: string[] = [];
  const file = await readStar(path);
  const [row] = starToParticles(file, { templateSize: 64, onLog: (message) => told.push(message) }).rows;
  // 1000 - 5.3 / 1.06 and 2000 + 10.6 / 1.06 pixels
  expect([row.pixel_size, row.pos_x_img, row.pos_y_img].map(Number)).toEqual([1.06, 995, 2010]);
  expect(told).toEqual([
    expect.stringMatching(
      /rlnImagePixelSize 1\.06\d* is taken for the micrograph's, not .*; --pixel-size says/,
    ),
  ]);
});

test("an option decides, and then nothing is guessed", async () => {
  const told: string[] = [];
  const options = { templateSize: 64, pixelSizeA: 0.53, onLog: (message: string) => told.push(message) };
  const [row] = starToParticles(await readStar(path), options).rows;
  expect([row.pixel_size, row.pos_x_img, row.pos_y_img].map(Number)).toEqual([0.53, 990, 2020]);
  expect(told).toEqual([]);
});
