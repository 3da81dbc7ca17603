import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { createExperiment, type Experiment } from "../../experiment/index.ts";
import { drawPlate, type PlatePicture, PyramidBuilder } from "../index.ts";
import { plateRange } from "./contrast.ts";
import { layOutPlate } from "./layout.ts";

const scratch = scratchFolder("picture");
afterAll(() => scratch.remove());

const [HEIGHT, WIDTH] = [120, 160];
const plate = { nRows: 16, nColumns: 24 };
const sites = gridSites(2, 2, [HEIGHT, WIDTH]);
let experiment: Experiment;
beforeAll(async () => {
  experiment = await makePlate(join(scratch.path, "screen"), {
    plates: [
      {
        wells: [
          { name: "B03", sites },
          { name: "O20", sites: sites.slice(0, 3) },
        ],
      },
    ],
    channels: [
      { name: "DAPI", bitDepth: 12 },
      { name: "GFP", bitDepth: 12 },
    ],
    pixels: ({ site, channel }) => {
      if (site === 3 && channel === "GFP") return undefined; // B03's last
      const value = channel === "DAPI" ? 100 + 1000 * (site % 2) : 3000 - 900 * (site % 2);
      return new Uint16Array(HEIGHT * WIDTH).fill(value);
    },
  });
  writeFileSync(join(experiment.directory, "images/P0_O20_0_DAPI_0_0.tif"), "damaged");
});
afterAll(() => experiment.close());

/** The colour in a site's middle, off the lines of a mark. */
function colorIn(
  { data, width }: PlatePicture,
  well: { rowIndex: number; columnIndex: number },
  cell: readonly [number, number],
) {
  const layout = layOutPlate(plate, { height: 2 * HEIGHT, width: 2 * WIDTH }, 1500);
  const box = layout.boxOf(well);
  const [y, x] = [box.y + ((cell[0] + 0.5) * box.height) / 2, box.x + ((cell[1] + 0.25) * box.width) / 2];
  const at = 3 * (Math.floor(y) * width + Math.floor(x));
  return [...data.subarray(at, at + 3)];
}

const B03 = { rowIndex: 1, columnIndex: 2 };
const O20 = { rowIndex: 14, columnIndex: 19 };

test("wells stand in their places with one contrast a channel; what is missing is marked and named", async () => {
  const said: string[] = [];
  const colors = ["0000FF", "00FF00"];
  const picture = await drawPlate(experiment, {
    maxSize: 1500,
    colors,
    onLog: (message) => said.push(message),
  });
  expect(picture).toMatchObject({
    ...{ plate: "P0", wells: 2, channels: 3 },
    missing: ["plate P0 well O20 site 0", "plate P0 well B03 site 3"],
    shown: [
      { name: "DAPI", color: "0000FF", range: [100, 1100] },
      { name: "GFP", color: "00FF00", range: [2100, 3000] },
    ],
  });
  expect(said).toEqual([
    expect.stringMatching(/^DAPI: no layer is there yet/),
    expect.stringMatching(/P0_O20_0_DAPI_0_0.tif: expected images.*marked as missing/),
    expect.stringMatching(/^GFP: no layer is there yet/),
  ]);
  expect(colorIn(picture, B03, [0, 0])).toEqual([0, 255, 0]);
  expect(colorIn(picture, B03, [0, 1])).toEqual([0, 0, 255]);
  expect(colorIn(picture, O20, [1, 1])).toEqual([18, 18, 20]); // a site that the other well has
  expect(colorIn(picture, { rowIndex: 0, columnIndex: 0 }, [0, 0])).toEqual([44, 44, 48]); // no such well
  await expect(drawPlate(experiment, { plate: "P9" })).rejects.toThrow(/expected one called P9, found P0/);
  await expect(drawPlate(experiment, { channels: ["RFP"] })).rejects.toThrow(
    /images of channel RFP at t 0, found DAPI t 0 z 0/,
  );
  await expect(drawPlate(experiment, { maxSize: 3 })).rejects.toMatchObject({ code: "range" });
});

test("collected layers give the same picture, and sites that stayed black are marked", async () => {
  const builder = new PyramidBuilder(experiment);
  await builder.init({ missingSites: "black" });
  await builder.submit({ memory: 300 }, { engine: { kind: "local" } });
  const said: string[] = [];
  const picture = await drawPlate(experiment, {
    ...{ channels: ["DAPI"], maxSize: 1500, colors: ["FF0000"] },
    onLog: (message) => said.push(message),
  });
  expect(said).toEqual([]);
  expect(picture.missing).toEqual(["plate P0 well O20 site 0"]);
  const [low, high] = picture.shown[0].range;
  expect(Math.abs(low - 100) + Math.abs(high - 1100)).toBeLessThan(100); // 16 values of a 12-bit camera are one, and edges ring
  expect(colorIn(picture, B03, [0, 1])[0]).toBeGreaterThan(220);
  expect(colorIn(picture, B03, [0, 0])[0]).toBeLessThan(30);
});

test("noise of an empty channel is not stretched, zeros and nothing have a range (microscopium#38)", async () => {
  const noise = Float32Array.from({ length: 1000 }, (_, i) => 100 + (i % 9));
  expect(plateRange([noise], [0.1, 99.9], 16)).toEqual([100, 355]);
  expect(plateRange([new Float32Array(9)], [0.1, 99.9], 8)).toEqual([0, 1]);
  expect(plateRange([new Float32Array(3).fill(Number.NaN)], [0.1, 99.9], 16)).toEqual([0, 1]);
  await using empty = await createExperiment(join(scratch.path, "empty"));
  await expect(drawPlate(empty)).rejects.toThrow(/expected a plate, found none/);
});

test("a plate of 1,536 wells fits into the picture", () => {
  const layout = layOutPlate({ nRows: 32, nColumns: 48 }, { height: 6000, width: 6000 }, 2048);
  expect(Math.max(layout.height, layout.width)).toBeLessThanOrEqual(2048);
  expect(layout.cell.width).toBeGreaterThan(30);
});
