import { beforeAll, describe, expect, test } from "vitest";
import { parseMatchSettings, searchSpace } from "../src/match/config/config.ts";
import { TemplateSearch } from "../src/match/index.ts";
import { type MapName, resultMap } from "../src/match/search/resultMaps.ts";
import { templateFromVolume } from "../src/match/search/searchInputs.ts";
import { isLong } from "./support/long.ts";
import { goldenBytes, goldenMrc } from "./support/npy.ts";
import { referenceBackend } from "./support/referenceBackend/index.ts";
import { CHOICE_MAPS, largestDifference, MAP_BOUNDS, unequal } from "./support/searchCase.ts";

/** The golden search on a backend in plain TypeScript; what searches, and what makes maps of it, is the same code as on a pool. */
const maps = new Map<string, Float32Array>();

/** As files call them. */
const NAMES: Readonly<Record<string, MapName>> = {
  mip: "mip",
  scaled_mip: "scaledMip",
  correlation_average: "correlationAverage",
  correlation_variance: "correlationVariance",
  orientation_phi: "orientationPhi",
  orientation_theta: "orientationTheta",
  orientation_psi: "orientationPsi",
  relative_defocus: "relativeDefocus",
};

// A small search on this backend is beside src/match/search; `.ci/run` tries this one.
describe.skipIf(!isLong)("the golden search", () => {
  // 13,248 correlations of 256 x 320 pixels: half a minute of a core
  beforeAll(async () => {
    const settings = parseMatchSettings(
      new TextDecoder().decode(goldenBytes("search1_config.yaml")),
      "search1",
    );
    const micrograph = { data: goldenMrc("micrograph.mrc").data, shape: [256, 320], pixelSizeA: 2 } as const;
    const template = templateFromVolume({ ...goldenMrc("template.mrc"), voxelSizeA: 2 });
    const search = await TemplateSearch.create(referenceBackend, { settings, micrograph, template });
    await search.run();
    const source = { statistics: search.statistics, space: searchSpace(settings) };
    for (const [file, name] of Object.entries(NAMES)) maps.set(file, resultMap(source, name));
    search.dispose();
  }, 600_000);

  const golden = (name: string) => goldenMrc(`search1_${name}.mrc`).data;
  const found = (name: string) => maps.get(name) ?? expect.fail(`no map ${name}`);

  test.each(MAP_BOUNDS)("%s differs by less than %s from the peer's", (name, bound) => {
    expect(largestDifference(found(name), golden(name))).toBeLessThan(bound);
  });

  test.each(CHOICE_MAPS)("%s is the peer's in all but 0.2 %% of the pixels", (name) => {
    expect(unequal(found(name), golden(name))).toBeLessThan(0.002);
  });
});
