/** What searches left behind, made by the program itself: several templates, maps in one file, moved folders; pictures of templates. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  scratchFolder,
  smallConfiguration,
  smoothVolume,
  writeConfig,
} from "../../../test/support/searchCase.ts";
import { createPool } from "../../compute/index.ts";
import { formatMrc } from "../../io/index.ts";
import { runMatch } from "../search/program.ts";
import { MapProjector } from "../simulate/projectMap.ts";
import { binnedBox, binningOf, openTemplateView } from "./particleView.ts";
import { bestPeaks, mapTile, scoreCurves } from "./resultMaps.ts";
import { readSearchResults } from "./searchResults.ts";

const scratch = scratchFolder();
const GOLDEN = fileURLToPath(new URL("../../../test/golden/match/", import.meta.url));

test("several templates are a search each, all maps of one in a file; a folder that was moved finds its files beside", async () => {
  const folder = join(scratch, "two");
  mkdirSync(folder);
  const configuration = smallConfiguration(folder, { image: [80, 96], template: 16 });
  writeFileSync(
    join(folder, "other.mrc"),
    formatMrc({ data: smoothVolume(16, 5), shape: [16, 16, 16], voxelSizeA: 2 }),
  );
  const templates = [configuration.template_volume_path, join(folder, "other.mrc")];
  const config = writeConfig(folder, {
    ...configuration,
    template_volume_path: templates,
    match_template_result: { hdf5_path: join(folder, "maps.h5") },
  });
  // enough to be found in noise
  await runMatch(config, { particlesPath: join(folder, "particles.csv"), zCutoff: 3.5, workers: 1 });
  const found = await readSearchResults(folder);
  expect(found.map(({ name }) => name)).toEqual(["image.mrc · volume.mrc", "image.mrc · other.mrc"]);
  for (const [i, search] of found.entries()) {
    expect(search).toMatchObject({
      templateSize: 16,
      correlations: 161 * 3,
      falsePositives: 0.5,
      warnings: [],
    });
    const own = i === 0 ? "volume" : "other";
    // the joint table has rows of both, where they lie apart: each search has its own of them
    expect(search.tables.map(({ path }) => path)).toEqual([
      join(folder, "particles.csv"),
      join(folder, `particles_${own}.csv`),
    ]);
    const [joint, alone] = search.tables;
    expect(joint.particles.length).toBeGreaterThan(0);
    expect(alone.particles).toEqual(expect.arrayContaining([...joint.particles]));
    expect(new Set(joint.table.rows.map((row) => row.template_path))).toEqual(new Set([templates[i]]));
    expect(search.maps.mip.path).toMatch(/maps_(volume|other)\.h5$/);
  }
  const moved = join(scratch, "moved");
  cpSync(folder, moved, { recursive: true });
  rmSync(folder, { recursive: true });
  const [first] = await readSearchResults(join(moved, "config.yaml"));
  expect(first.micrograph).toMatchObject({ path: join(moved, "image.mrc"), isBeside: true });
  expect(first.warnings).toHaveLength(3);
  expect(first.warnings[2]).toMatch(
    /^Maps are those beside the result, since they are not where it names them: .*maps_volume\.h5$/,
  );
});

test("a folder without a search says so", async () => {
  const folder = join(scratch, "none");
  mkdirSync(folder);
  writeFileSync(join(folder, "notes.yaml"), "a: 1\n");
  await expect(readSearchResults(folder)).rejects.toThrow(
    "expected the configuration of a search, or a table of its particles, found neither",
  );
});

test("tables of refinements belong to the search whose particles they refine, with refined places and scores", async () => {
  const all = await readSearchResults(GOLDEN);
  const tables = all[0].tables.map(({ path, isRefined }) => [path.split("/").at(-1), isRefined]);
  expect(tables).toEqual([
    ["refine1_particles.csv", true],
    ["refine2_particles.csv", true],
    ["search1_particles.csv", false],
  ]);
  const [row] = readFileSync(join(GOLDEN, "refine1_particles.csv"), "utf8").trim().split("\n").slice(1);
  expect(all[0].tables[0].particles[0].zScore).toBe(Number(row.split(",")[5]));
  expect(all[1].tables).toEqual([]);
});

test("a binned template is seen as the whole one, its pixels binned, from any side", async () => {
  await using backend = await createPool({ workers: 1 });
  const side = 136;
  const volume = { data: blobs(side), shape: [side, side, side] as const, voxelSizeA: 1.5 };
  const path = join(scratch, "large.mrc");
  writeFileSync(path, formatMrc(volume));
  expect(binningOf(side)).toEqual({ binning: 2, size: 68, first: 0 });
  const view = await openTemplateView(backend, path, 1.5);
  const whole = new MapProjector(backend, volume, side);
  for (const pose of [
    { phiDeg: 0, thetaDeg: 0, psiDeg: 0 },
    { phiDeg: 40, thetaDeg: 110, psiDeg: 250 },
  ]) {
    const full = await whole.project({ ...pose, shiftX: 0, shiftY: 0 });
    const expected = await binnedBox(
      async (y, x) => cut(full, side, y, x),
      { y: side / 2, x: side / 2, shape: [side, side] },
      view,
    );
    const found = await view.project(pose);
    // half the sums: two layers of voxels became one mean
    const peak = expected.reduce((most, value) => Math.max(most, value));
    const off = found.reduce((most, value, i) => Math.max(most, Math.abs(2 * value - expected[i])), 0);
    expect(off / peak).toBeLessThan(0.02);
  }
  whole.dispose();
  view.dispose();
});

test("the best peaks are those of any cutoff above the floor; tiles put the largest value where several pixels are one", () => {
  const shape = [60, 70] as const;
  const data = Float32Array.from({ length: 60 * 70 }, (_, i) => ((i * 7919) % 4201) / 420);
  const search = { correlations: 1000, falsePositives: 1 };
  const curves = scoreCurves({ data, shape }, search);
  const few = bestPeaks({ data, shape }, curves, 20);
  const many = bestPeaks({ data, shape }, curves, 100_000);
  expect(few.peaks).toHaveLength(20);
  expect(few.peaks).toEqual(many.peaks.slice(0, 20));
  expect(few.floor).toBe(many.peaks[20].zScore);
  const tile = mapTile(
    { data, shape },
    { y: 0, x: 0, height: 18, width: 20, factor: 4 },
    { half: 5, outside: -1, of: "largest" },
  );
  expect(tile[0]).toBe(-1);
  let most = 0;
  for (let y = 3; y < 7; y++) for (let x = 7; x < 11; x++) most = Math.max(most, data[y * 70 + x]);
  expect(tile[2 * 20 + 3]).toBe(most);
});

/** Blobs off the centre and off its axes: a shift or a mirror would show. */
function blobs(side: number): Float32Array {
  const places = [
    [60, 70, 75, 1],
    [75, 58, 64, 0.7],
    [66, 80, 56, 0.5],
  ];
  const data = new Float32Array(side ** 3);
  for (const [pz, py, px, weight] of places)
    for (let z = pz - 15; z < pz + 15; z++)
      for (let y = py - 15; y < py + 15; y++)
        for (let x = px - 15; x < px + 15; x++)
          data[(z * side + y) * side + x] +=
            weight * Math.exp(-((z - pz) ** 2 + (y - py) ** 2 + (x - px) ** 2) / 32);
  return data;
}

function cut(
  data: Float32Array,
  width: number,
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): number[] {
  return Array.from(
    { length: (bottom - top) * (right - left) },
    (_, i) => data[(top + Math.floor(i / (right - left))) * width + left + (i % (right - left))],
  );
}
