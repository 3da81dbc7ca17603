import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/plateCase.ts";
import { shownBlocks } from "../../../test/support/shownBlocks.ts";
import { createPool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { addContent, createExperiment, type Experiment } from "../../experiment/index.ts";
import { writeTiff } from "../../io/index.ts";
import { alignExperiment, PyramidBuilder } from "../index.ts";
import type { BatchImage, SitesBatch } from "../tiles/batch.ts";
import { placeSites } from "../tiles/compose.ts";
import { SiteReader } from "../tiles/siteReader.ts";
import { planAlignment } from "./plan.ts";

const scratch = scratchFolder("align");
afterAll(() => scratch.remove());

const SIDE = 200;
const WORLD = 2 * SIDE + 60;
/** (y, x) of what cycle 1 sees beside cycle 0; moving it back by the opposite lays it on cycle 0. */
const SEEN = [7, -4] as const;
const engine = { kind: "local", tasks: 2 } as const;

const world = (() => {
  const random = seededRandom(5);
  const pixels = new Float64Array(WORLD * WORLD).fill(200);
  for (let cell = 0; cell < 260; cell++) {
    const [cy, cx, r] = [random.uniform() * WORLD, random.uniform() * WORLD, 2 + 4 * random.uniform()];
    for (let y = Math.max(0, Math.floor(cy - 12)); y < Math.min(WORLD, cy + 12); y++)
      for (let x = Math.max(0, Math.floor(cx - 12)); x < Math.min(WORLD, cx + 12); x++)
        pixels[y * WORLD + x] += 900 * Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * r * r));
  }
  return pixels;
})();

/** What a camera sees of the world at a corner. */
function view(top: number, left: number): Uint16Array {
  return Uint16Array.from(
    { length: SIDE * SIDE },
    (_, i) => world[(top + Math.floor(i / SIDE)) * WORLD + left + (i % SIDE)],
  );
}

let experiment: Experiment;
beforeAll(async () => {
  const directory = join(scratch.path, "screen");
  experiment = await createExperiment(directory, { mode: "multiplexing" });
  mkdirSync(join(directory, "images"));
  const sites = [0, 1, 2, 3].map((siteIndex) => ({
    ...{ plate: "P", well: "A01", siteIndex, height: SIDE, width: SIDE },
    grid: [siteIndex >> 1, siteIndex % 2] as [number, number],
  }));
  const images = [];
  for (const { siteIndex, grid } of sites)
    for (const cycleIndex of [0, 1]) {
      const [y, x] = grid.map((cell, axis) => 30 + cell * SIDE + (cycleIndex === 1 ? SEEN[axis] : 0));
      const path = `images/${siteIndex}_${cycleIndex}.tif`;
      // the last site of cycle 1 shows nothing
      const data = siteIndex === 3 && cycleIndex === 1 ? new Uint16Array(SIDE * SIDE).fill(200) : view(y, x);
      await writeTiff(join(directory, path), { pages: [{ data, height: SIDE, width: SIDE, channels: 1 }] });
      const channel = `DAPI_${cycleIndex}`;
      images.push({ plate: "P", well: "A01", siteIndex, cycleIndex, channel, tpoint: 0, zplane: 0, path });
    }
  await addContent(experiment, {
    plates: [{ name: "P", nRows: 8, nColumns: 12, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }, { cycleIndex: 1 }],
    channels: [
      { name: "DAPI_0", bitDepth: 16 },
      { name: "DAPI_1", bitDepth: 16 },
    ],
    sites,
    images,
  });
});
afterAll(() => experiment.close());

test("without shifts, init --align says what finds them", async () => {
  const builder = new PyramidBuilder(experiment);
  await expect(builder.init({ align: true })).rejects.toThrow(
    /expected shifts of sites between cycles, found none. Find them first: vitrine illuminati .* align/,
  );
});

test("shifts of every site are found, a blank one takes its neighbours'", async () => {
  const report = await alignExperiment(experiment, {}, { engine });
  expect(report).toEqual({ wells: 1, registered: 3, modelled: 1, largestPx: 7 });
  const rows = await experiment.query
    .selectFrom("siteShifts")
    .innerJoin("cycles", "cycles.id", "siteShifts.cycleId")
    .select(["cycleIndex", "y", "x"])
    .execute();
  expect(rows.filter(({ cycleIndex }) => cycleIndex === 0)).toEqual(
    Array.from({ length: 4 }, () => ({ cycleIndex: 0, y: 0, x: 0 })),
  );
  expect(rows.filter(({ cycleIndex }) => cycleIndex === 1)).toEqual(
    Array.from({ length: 4 }, () => ({ cycleIndex: 1, y: SEEN[0], x: SEEN[1] })),
  );
});

test("aligned layers show the same at the same place", async () => {
  const builder = new PyramidBuilder(experiment);
  const layers: Uint8Array[] = [];
  await using pool = await createPool({ workers: 1 });
  const lookup = Uint8Array.from({ length: 65_536 }, (_, value) => (value === 0 ? 0 : 1 + (value % 255)));
  for await (const batch of builder.createRunBatches({ align: true })) {
    if (batch.level > 0) continue;
    await using reader = new SiteReader({ type: "uint16" });
    const { phase: _, index: __, ...own } = batch;
    const read = (image: BatchImage) => reader.readWhole(image);
    const parts = placeSites(own as SitesBatch, { read, release: () => {} });
    for await (const { pixels } of shownBlocks(pool, parts, lookup)) layers.push(pixels);
  }
  const [first, second] = layers;
  let shown = 0;
  for (let y = 0; y < 2 * SIDE; y++)
    for (let x = 0; x < 2 * SIDE; x++) {
      if (y >= SIDE && x >= SIDE) continue; // blank in the second cycle
      const i = y * 2 * SIDE + x;
      expect(first[i]).toBe(second[i]);
      if (first[i] > 0) shown++;
    }
  expect(shown).toBe(3 * (SIDE - Math.abs(SEEN[0])) * (SIDE - Math.abs(SEEN[1])));
});

test("a channel that a cycle has not is told", async () => {
  await expect(alignExperiment(experiment, { channel: "GFP" })).rejects.toThrow(
    /cycle 0: expected a channel of the wavelength GFP, by which cycles are aligned, found DAPI_0/,
  );
});

test("channels that differ in a number alone are told apart, and found by the names that imports give those of later cycles", async () => {
  const names = ["Alexa 647", "1_Alexa 488", "Alexa 488", "1_Alexa 647"];
  await using named = await createExperiment(join(scratch.path, "named"), { mode: "multiplexing" });
  const images = names.map((channel) => {
    const cycleIndex = channel.startsWith("1_") ? 1 : 0;
    const path = `${experiment.directory}/images/${channel.endsWith("488") ? 0 : 1}_${cycleIndex}.tif`;
    return { plate: "P", well: "A01", siteIndex: 0, cycleIndex, channel, tpoint: 0, zplane: 0, path };
  });
  await addContent(named, {
    plates: [{ name: "P", nRows: 8, nColumns: 12, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }, { cycleIndex: 1 }],
    channels: names.map((name) => ({ name, bitDepth: 16 })),
    sites: [{ plate: "P", well: "A01", siteIndex: 0, height: SIDE, width: SIDE, grid: [0, 0] }],
    images,
  });
  const batches = await planAlignment(named, { referenceCycle: 0 });
  const paths = batches.map(({ reference, cycle }) =>
    [reference, cycle].map(({ images: [one] }) => one?.path),
  );
  const of647 = images.filter(({ channel }) => channel.endsWith("647")).map(({ path }) => path);
  expect(paths).toEqual([of647]);
});
