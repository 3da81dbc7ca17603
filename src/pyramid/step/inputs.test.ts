import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { mountSmallDisk } from "../../../test/support/smallDisk.ts";
import { createPool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { addContent, createExperiment } from "../../experiment/index.ts";
import { writeTiff } from "../../io/index.ts";
import { stepInfo } from "../../jobs/index.ts";
import { createTiles, openLayerArchive, PyramidBuilder } from "../index.ts";

const scratch = scratchFolder("inputs");
afterAll(() => scratch.remove());
const smallDisk = mountSmallDisk(3);
const engine = { kind: "local" } as const;

test("signed pixels stay in order; a site of another size is named, fails alone, and info tells it", async () => {
  const directory = join(scratch.path, "signed");
  const [height, width] = [201, 64];
  await using experiment = await makePlate(directory, {
    plates: [
      {
        wells: [
          { name: "A01", sites: gridSites(1, 1, [height, width]) },
          { name: "A24", sites: gridSites(1, 1, [height, width]) },
        ],
      },
    ],
    spacing: { wellSpacerSize: 5000 },
    channels: [{ name: "phase", bitDepth: 16 }],
    pixels: () => Int16Array.from({ length: height * width }, (_, i) => Math.floor(i / width) - 100),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init({ clipValue: 100, batchSize: 1 });
  await builder.submit({ memory: 200 }, { engine });
  await using archive = await openLayerArchive(join(directory, "layers/1-phase_t0_z0.pmtiles"));
  expect(archive.metadata).toMatchObject({ minIntensity: -100, maxIntensity: 99 });
  const ramp = new Uint8Array(256 * 256);
  for (let y = 0; y < height; y++)
    ramp.fill(Math.min(255, Math.floor(y * (255 / 198))), y * 256, y * 256 + width);
  await using pool = await createPool({ workers: 1 });
  const plan = createTiles(pool, { height: 256, width: 256, type: "uint8", levels: 1 });
  plan.set("pixels", ramp);
  const [{ bytes }] = await plan.run({ quality: 95 });
  expect(await archive.readTile({ level: 0, row: 0, column: 0 })).toEqual(bytes);

  rmSync(join(directory, "images/P0_A24_0_phase_0_0.tif"));
  const page = { data: new Int16Array(20), height: 4, width: 5, channels: 1 };
  await writeTiff(join(directory, "images/P0_A24_0_phase_0_0.tif"), { pages: [page] });
  await builder.init({ batchSize: 1 });
  await expect(builder.submit({ memory: 200 }, { engine })).rejects.toThrow(
    /plate P0 well A24 site 0: .*P0_A24_0_phase_0_0.tif: expected 201 x 64 pixels, as its site, found 4 x 5/,
  );
  const { batches } = await stepInfo(builder.stepPath);
  expect(batches.filter(({ phase }) => phase === "levels-0-4").map(({ state }) => state)).toEqual([
    "done",
    "failed",
  ]);
  expect(batches[1].message).toContain("well A24 site 0");
});

test("a range for pixels of 8 bits, which stay as they are, is said to have no effect", async () => {
  await using experiment = await makePlate(join(scratch.path, "bytes"), {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [8, 8]) }] }],
    channels: [
      { name: "grey", bitDepth: 8 },
      { name: "DAPI", bitDepth: 16 },
    ],
    pixels: ({ channel }) => (channel === "grey" ? new Uint8Array(64) : new Uint16Array(64)),
  });
  const said: string[] = [];
  const onLog = (message: string) => said.push(message);
  await new PyramidBuilder(experiment).init({ clipValue: 100 }, { onLog });
  expect(said).toEqual([
    "clip (--clip, --clip-value) has no effect on grey: pixels of 8 bits stay as they are",
  ]);
  await new PyramidBuilder(experiment).init({}, { onLog });
  expect(said).toHaveLength(1);
});

test("a channel that two cycles have is shown of the later, which is said with the number of images below", async () => {
  await using experiment = await makePlate(join(scratch.path, "cycles"), {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 2, [8, 8]) }] }],
    channels: [{ name: "DAPI", bitDepth: 8 }],
    pixels: () => new Uint8Array(64),
  });
  const again = {
    plate: "P0",
    well: "A01",
    siteIndex: 0,
    cycleIndex: 1,
    channel: "DAPI",
    tpoint: 0,
    zplane: 0,
  };
  const images = [{ ...again, path: "images/P0_A01_0_DAPI_0_0.tif" }];
  await addContent(experiment, { cycles: [{ cycleIndex: 1 }], images });
  const said: string[] = [];
  await new PyramidBuilder(experiment).init({}, { onLog: (message) => said.push(message) });
  expect(said).toEqual([
    "DAPI, t 0, z 0: 1 image of an earlier cycle lies under those of a later one of the same channel and sites; " +
      "give the channels of each cycle names of their own to see all (vitrine import --channel-names distinct)",
  ]);
});

test("32-bit pixels are refused before any job, with the file and what to do", async () => {
  await using experiment = await makePlate(join(scratch.path, "floats"), {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [8, 8]) }] }],
    channels: [{ name: "ratio", bitDepth: 32 }],
    pixels: () => new Float32Array(64),
  });
  await expect(new PyramidBuilder(experiment).init()).rejects.toThrow(
    /^ratio, t 0, z 0: .*P0_A01_0_ratio_0_0.tif: expected pixels of 8 or 16 bits, found float32/,
  );
});

test("an experiment without images, wrong arguments and wrong durations are one clear error each", async () => {
  await using experiment = await createExperiment(join(scratch.path, "empty"));
  const builder = new PyramidBuilder(experiment);
  await expect(builder.init()).rejects.toMatchObject({ code: "missing" });
  await expect(builder.init({ batchsize: 3 } as never)).rejects.toThrow(
    'illuminati arguments batchsize: expected a known key, found "batchsize" (did you mean "batchSize"?)',
  );
  await expect(builder.init({ clipPercent: 99 })).rejects.toThrow(
    /clipPercent: expected clip beside it, found 99/,
  );
  await expect(builder.submit({ duration: "6h" })).rejects.toThrow(
    /duration: expected .*HH:MM:SS.*, found "6h"/,
  );
});

test.skipIf(smallDisk === undefined)("a full disk is said, and nothing half-written stays", async () => {
  const images = join(scratch.path, "noise");
  mkdirSync(images);
  const random = seededRandom(4);
  const [height, width] = [1500, 1500];
  const data = Uint8Array.from({ length: height * width }, () => 256 * random.uniform());
  const path = join(images, "a.tif");
  await writeTiff(path, { pages: [{ data, height, width, channels: 1 }] });
  await using experiment = await createExperiment(join(smallDisk ?? "", "screen"));
  await addContent(experiment, {
    plates: [{ name: "P", nRows: 8, nColumns: 12, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }],
    channels: [{ name: "DAPI", bitDepth: 8 }],
    sites: [{ plate: "P", well: "A01", siteIndex: 0, height, width, grid: [0, 0] }],
    images: [
      { plate: "P", well: "A01", siteIndex: 0, cycleIndex: 0, channel: "DAPI", tpoint: 0, zplane: 0, path },
    ],
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init({ quality: 100 });
  await expect(builder.submit({ memory: 300 }, { engine })).rejects.toThrow(/ENOSPC|full disk|disk is full/);
  expect(await experiment.query.selectFrom("channelLayers").selectAll().execute()).toEqual([]);
  const states = async () => (await stepInfo(builder.stepPath)).batches.map(({ state }) => state);
  expect(await states()).toEqual(["failed"]);
  // not even room for a line of its log, or for a sign of life
  const fill = `head -c 9000000 /dev/zero > '${join(smallDisk ?? "", "filler")}' || true`;
  execFileSync("sh", ["-c", fill], { stdio: "ignore" });
  await expect(builder.submit({ memory: 300 }, { engine })).rejects.toThrow(/ENOSPC|full disk|disk is full/);
  expect(await states()).not.toContain("running");
  rmSync(join(smallDisk ?? "", "filler"));
  await builder.init({ quality: 20 });
  await builder.submit({ memory: 300 }, { engine });
  expect(await states()).toEqual(["done"]);
});
