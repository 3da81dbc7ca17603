import { afterAll, beforeAll, expect, test } from "vitest";
import { goldenBytes, goldenMrc } from "../../../test/support/npy.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { parseCsv } from "../../io/index.ts";
import { parseMatchSettings } from "../config/config.ts";
import { findPeaksByFdr } from "../peaks/peaksFdr.ts";
import { resultMap } from "./resultMaps.ts";
import { TemplateSearch } from "./search.ts";
import { templateFromVolume } from "./searchInputs.ts";

const text = (file: string) => new TextDecoder().decode(goldenBytes(file));

let pool: Pool;
let search: TemplateSearch;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
  search = await TemplateSearch.create(pool, goldenInputs());
  await search.run();
});
afterAll(() => pool.dispose());

function goldenInputs() {
  const { data, shape } = goldenMrc("micrograph.mrc");
  const [height, width] = shape.slice(-2);
  const template = goldenMrc("template.mrc");
  return {
    micrograph: { data, shape: [height, width] as const, pixelSizeA: 2 },
    template: templateFromVolume({ ...template, voxelSizeA: 2 }),
    settings: parseMatchSettings(text("search1_config.yaml"), "search1"),
  };
}

test("particles of the golden search are those of Leopard-EM's table, in one call", async () => {
  const particles = await search.particles({ falsePositives: 1, maskRadiusPx: 8 });
  const { rows } = parseCsv(text("search1_particles.csv"), "table");
  const column = (name: string) => rows.map((row) => Number(row[name]));
  const of = (name: keyof (typeof particles)[number]) => particles.map((particle) => particle[name]);
  expect([of("yPx"), of("xPx")]).toEqual([column("pos_y_img"), column("pos_x_img")]);
  expect([of("yA"), of("xA")]).toEqual([column("pos_y_img_angstrom"), column("pos_x_img_angstrom")]);
  const angles = ["phi", "theta", "psi"] as const;
  expect(angles.map((angle) => of(`${angle}Deg`))).toEqual(
    angles.map((angle) => column(angle).map(Math.fround)),
  );
  expect(of("defocusOffsetA")).toEqual(column("relative_defocus"));
  const offsets = column("relative_defocus");
  expect(of("defocusUA")).toEqual(column("defocus_u").map((defocus, i) => defocus + offsets[i]));
  expect(of("defocusVA")).toEqual(column("defocus_v").map((defocus, i) => defocus + offsets[i]));
  expect(of("pixelSizeA")).toEqual(column("pixel_size"));
  // float32 transforms of values up to 12 on both sides
  const difference = (ours: number[], theirs: number[]) =>
    Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
  expect(difference(of("zScore"), column("scaled_mip"))).toBeLessThan(2e-4);
  expect(difference(of("mip"), column("mip"))).toBeLessThan(2e-4);
});

test("without options there is one false positive in the micrograph; a cutoff stands in its place", async () => {
  const all = await search.particles();
  expect(all).toEqual(await search.particles({ falsePositives: 1, maskRadiusPx: 5 }));
  const [first, second] = all;
  expect(await search.particles({ zCutoff: (first.zScore + second.zScore) / 2 })).toEqual([first]);
});

test("peaks may be told from noise in another way", async () => {
  const map = { data: resultMap(search, "scaledMip"), shape: search.size.mapShape };
  const { peaks } = findPeaksByFdr(map, { rate: 0.2, maskRadiusPx: 5 });
  const found = await search.particles({ peaks: { kind: "fdr", rate: 0.2 } });
  expect(found.map(({ yPx, xPx }) => [yPx - 24, xPx - 24])).toEqual(peaks.map(({ y, x }) => [y, x]));
  expect(found.length).toBeGreaterThan(0);
});

test("a run over ranges of blocks is the run over all", async () => {
  const parts = await TemplateSearch.create(pool, goldenInputs());
  try {
    await parts.run({ lastBlock: 3 });
    await parts.run({ firstBlock: 3 });
    expect(await parts.particles()).toEqual(await search.particles());
  } finally {
    parts.dispose();
  }
});

test("what cannot be is refused: no run, a rate that is none, a cutoff beside another choice", async () => {
  const idle = await TemplateSearch.create(pool, goldenInputs());
  try {
    await expect(idle.particles()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: particles(): expected a search that has run, found no correlations. Call run() first.]`,
    );
  } finally {
    idle.dispose();
  }
  await expect(search.particles({ peaks: { kind: "fdr", rate: 2 } })).rejects.toThrow("peaks.rate");
  await expect(search.particles({ peaks: { kind: "p" }, zCutoff: 6 })).rejects.toThrow("zCutoff");
  await expect(search.particles({ falsePositives: 0 })).rejects.toThrow("falsePositives");
});
