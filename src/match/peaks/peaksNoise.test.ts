import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { noise } from "../../../test/support/noise.ts";
import { scratchFolder, smallConfiguration, smoothVolume } from "../../../test/support/searchCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import {
  findPeaksByFdr,
  parseMatchSettings,
  resultMap,
  TemplateSearch,
  templateFromVolume,
} from "../index.ts";

const scratch = scratchFolder();
const TRIALS = 60;

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

test(`searches of ${TRIALS} micrographs of pure noise find something at the stated rate at most`, async () => {
  const configuration = {
    // through 90°, where rounded slices make false peaks far above Gaussian noise
    orientation_search_config: { psi_step: 45, theta_step: 30 },
    defocus_search_config: { enabled: false },
  };
  const small = smallConfiguration(scratch, { image: [96, 96], template: 24, configuration });
  const settings = parseMatchSettings(stringify(small), "noise");
  const template = templateFromVolume({ data: smoothVolume(24, 2), shape: [24, 24, 24], voxelSizeA: 2 });
  const rates = [0.05, 0.2];
  const finds = [0, 0];
  let peaks = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const micrograph = { data: noise(96 * 96, 900 + trial), shape: [96, 96], pixelSizeA: 2 } as const;
    const search = await TemplateSearch.create(pool, { micrograph, template, settings });
    await search.run();
    const { statistics, space } = search;
    const map = { data: resultMap({ statistics, space }, "scaledMip"), shape: statistics.shape };
    search.dispose();
    rates.forEach((rate, i) => {
      const found = findPeaksByFdr(map, { rate, maskRadiusPx: 4 });
      peaks = found.tail.peaks;
      if (found.peaks.length > 0) finds[i]++;
    });
  }
  expect(peaks).toBeGreaterThan(60);
  // 99.9 % of a binomial of 60: 10 at a rate of 0.05, 22 at 0.2; bench match noise does 200 and more cases
  expect(finds[0]).toBeLessThanOrEqual(10);
  expect(finds[1]).toBeLessThanOrEqual(22);
});
