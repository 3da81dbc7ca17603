import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folderOf, scratch } from "../../../test/support/importCase.ts";
import { openImages, writeTiff } from "../../io/index.ts";
import { createExperiment, describeExperiment, importImages, planImport } from "../index.ts";

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const OPTIONS = { pattern: "P_{well}_c{cycle}_{channel}.tif", format: [8, 12], plate: "P" } as const;
const namesOf = (cycles: readonly number[], channels: readonly string[]) =>
  cycles.flatMap((cycle) => channels.map((channel) => `P_A01_c${cycle}_${channel}.tif`));

async function namedImages(folder: string, options: Parameters<typeof planImport>[1] = {}) {
  const { content, warnings } = await planImport(folder, { ...OPTIONS, ...options });
  return {
    channels: content.channels.map(({ name }) => name),
    images: content.images.map(({ cycleIndex, channel }) => `${cycleIndex} ${channel}`).sort(),
    warnings,
  };
}

test("a channel that two cycles have is one a cycle, which is said; by the cycle's number or joined where told so", async () => {
  const folder = await folderOf([...namesOf([0, 1], ["DAPI"]), ...namesOf([1], ["Cy5"])]);
  expect(await namedImages(folder)).toEqual({
    channels: ["DAPI", "Cy5", "1_DAPI"],
    images: ["0 DAPI", "1 1_DAPI", "1 Cy5"],
    warnings: [
      "another cycle has channels of the names of cycle 1: DAPI is imported as 1_DAPI " +
        "(--channel-names as-found puts them into one channel, of which layers show the last cycle)",
    ],
  });
  expect(await namedImages(folder, { channelNames: "by-cycle" })).toEqual({
    channels: ["0_DAPI", "1_Cy5", "1_DAPI"],
    images: ["0 0_DAPI", "1 1_Cy5", "1 1_DAPI"],
    warnings: [],
  });
  expect(await namedImages(folder, { channelNames: "as-found" })).toEqual({
    channels: ["DAPI", "Cy5"],
    images: ["0 DAPI", "1 Cy5", "1 DAPI"],
    warnings: [],
  });
});

test("names are those of the experiment, in whatever order cycles come, and the same when they are replaced", async () => {
  await using experiment = await createExperiment(join(scratch, "cycles"));
  const folder = await folderOf(["P_A01_DAPI.tif"]);
  const own = { ...OPTIONS, pattern: "P_{well}_{channel}.tif", experiment };
  const planOf = (cycleIndex: number) => planImport(folder, { ...own, cycleIndex });
  await importImages(experiment, await planOf(2));
  await importImages(experiment, await planOf(0));
  await importImages(experiment, await planOf(1));
  await importImages(experiment, await planOf(0), { overwrite: true });
  await importImages(experiment, await planOf(2), { overwrite: true });
  expect((await describeExperiment(experiment)).channels).toEqual(["DAPI", "0_DAPI", "1_DAPI"]);
  const rows = await experiment.query
    .selectFrom("imageFiles")
    .innerJoin("channels", "channels.id", "imageFiles.channelId")
    .innerJoin("cycles", "cycles.id", "imageFiles.cycleId")
    .select(["channels.name as name", "cycleIndex"])
    .orderBy("cycleIndex")
    .execute();
  expect(rows.map(({ name, cycleIndex }) => `${cycleIndex} ${name}`)).toEqual([
    "0 0_DAPI",
    "1 1_DAPI",
    "2 DAPI",
  ]);
});

test("what was planned before another process imported a cycle hides none of its images", async () => {
  await using experiment = await createExperiment(join(scratch, "two"));
  const folder = await folderOf(["P_A01_DAPI.tif"]);
  const own = { ...OPTIONS, pattern: "P_{well}_{channel}.tif", experiment };
  const [first, second] = [
    await planImport(folder, { ...own, cycleIndex: 0 }),
    await planImport(folder, { ...own, cycleIndex: 1 }),
  ];
  await importImages(experiment, first);
  await expect(importImages(experiment, second)).rejects.toThrow(
    "channel DAPI: expected images of one cycle, found those of cycles 0, 1. Import again, which finds names anew " +
      "(in a program: plan with the experiment), or put the cycles into one channel: --channel-names as-found.",
  );
  expect(await describeExperiment(experiment)).toMatchObject({ images: 1, cycles: 1 });
  const joined = { ...own, cycleIndex: 1, channelNames: "as-found" } as const;
  await importImages(experiment, await planImport(folder, joined));
  expect(await describeExperiment(experiment)).toMatchObject({ images: 2, cycles: 2, channels: ["DAPI"] });
});

test("bits and types are those of each cycle's own channel", async () => {
  const folder = await folderOf(namesOf([0], ["DAPI", "GFP"]));
  const page = { data: new Uint8Array(6), width: 3, height: 2, channels: 1 };
  await writeTiff(join(folder, "P_A01_c1_DAPI.tif"), { pages: [page] });
  writeFileSync(join(folder, "notes.txt"), "");
  const { content } = await planImport(folder, OPTIONS);
  expect(content.channels.map(({ name, bitDepth }) => [name, bitDepth])).toEqual([
    ["DAPI", 16],
    ["GFP", 16],
    ["1_DAPI", 8],
  ]);
});

test("images in colour are a channel a colour, which is said; a name's channel stays in front", async () => {
  const folder = await folderOf([]);
  const data = Uint8Array.from({ length: 18 }, (_, i) => i);
  mkdirSync(folder, { recursive: true });
  for (const name of ["P_A01_DAPI.tif", "P_A02_DAPI.tif"])
    await writeTiff(join(folder, name), { pages: [{ data, width: 3, height: 2, channels: 3 }] });
  const plain = await planImport(folder, { pattern: "{plate}_{well}_DAPI.tif", format: [8, 12] });
  expect(plain.content.channels).toEqual([
    { name: "red", bitDepth: 8, color: "FF0000" },
    { name: "green", bitDepth: 8, color: "00FF00" },
    { name: "blue", bitDepth: 8, color: "0000FF" },
  ]);
  expect(plain.warnings).toEqual([
    "images in colour: P_A01_DAPI.tif, P_A02_DAPI.tif are imported as channels of red, green and blue",
  ]);
  const named = await planImport(folder, { pattern: "{plate}_{well}_{channel}.tif", format: [8, 12] });
  expect(named.content.channels.map(({ name }) => name)).toEqual(["DAPI red", "DAPI green", "DAPI blue"]);
  await using experiment = await createExperiment(join(scratch, "colours"));
  await importImages(experiment, named);
  const planes = await experiment.query.selectFrom("imageFiles").select("plane").orderBy("id").execute();
  const [, green] = planes.map(({ plane }) => JSON.parse(plane));
  await using file = await openImages(join(folder, "P_A01_DAPI.tif"));
  await using source = await file.open(file.images[0]);
  expect([...(await source.read({ region: green })).data]).toEqual([1, 4, 7, 10, 13, 16]);
});
