import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { python, requirement } from "../../../test/support/require.ts";
import { openImages } from "../../io/index.ts";
import { writePlates } from "./writePlates.ts";

const scratch = scratchFolder("multiscale");
afterAll(() => scratch.remove());
const { available } = requirement("readers");

/** What both validators say, and where each well lies. */
const CHECK = `
import sys, warnings
warnings.simplefilter("ignore")
import zarr, yaozarrs
import ome_zarr_models.v05 as v05
path = sys.argv[1]
yaozarrs.validate_zarr_store(path)
group = zarr.open_group(path, mode="r")
v05.HCS.from_zarr(group)
plate = group.attrs["ome"]["plate"]
for well in plate["wells"]:
    row, column = well["path"].split("/")
    assert plate["rows"][well["rowIndex"]]["name"] == row and plate["columns"][well["columnIndex"]]["name"] == column
    for image in group[well["path"]].attrs["ome"]["well"]["images"]:
        v05.Image.from_zarr(group[well["path"]][image["path"]])
print(len(plate["rows"]), len(plate["columns"]), *[well["path"] for well in plate["wells"]])
`;

test("plates are OME-Zarr of the sites' own values; what cannot be read stays 0 and is told", async () => {
  const directory = join(scratch.path, "screen");
  const [height, width] = [300, 700];
  const pixels = (site: number, channel: string, z: number) =>
    Uint16Array.from(
      { length: height * width },
      (_, i) => (i * 7 + 1000 * site + 100 * z + channel.length) % 60_000,
    );
  await using experiment = await makePlate(directory, {
    plates: [
      {
        wells: [
          { name: "B03", sites: gridSites(1, 2, [height, width]) },
          { name: "B05", sites: gridSites(1, 1, [height, width]) },
        ],
      },
    ],
    channels: [
      { name: "DAPI", bitDepth: 16 },
      { name: "GFPlong", bitDepth: 16 },
    ],
    zplanes: 2,
    spacing: { horizontalSiteDisplacement: -50 },
    pixels: ({ site, channel, zplane }) =>
      site === 2 && channel === "DAPI" && zplane === 1 ? undefined : pixels(site, channel, zplane),
  });
  writeFileSync(join(directory, "images/P0_B03_0_DAPI_0_0.tif"), "damaged");
  const logged: string[] = [];
  const [path] = await writePlates(experiment, { onLog: (message) => logged.push(message) });
  expect(path).toBe("datasets/1-P0.ome.zarr");
  expect(logged).toEqual([expect.stringMatching(/P0_B03_0_DAPI_0_0.tif: .*It is left out of its field\.$/)]);
  await using plate = await openImages(join(directory, path));
  expect(plate.plate?.fields.map(({ well, field }) => `${well} ${field}`)).toEqual([
    "B03 0",
    "B03 1",
    "B05 0",
  ]);
  for (const [site, image] of plate.images.entries()) {
    await using source = await plate.open(image);
    expect(source.levels.map(({ shape }) => shape.slice(-2))).toEqual([
      [300, 700],
      [150, 350],
      [75, 175],
    ]);
    expect(source.levels[0].translation.slice(-2)).toEqual([0, site === 1 ? 650 : 0]);
    for (const [channel, name] of ["DAPI", "GFPlong"].entries())
      for (const z of [0, 1]) {
        const { data } = await source.read({ region: { channel, z } });
        const isLost = (site === 0 && channel === 0 && z === 0) || (site === 2 && channel === 0 && z === 1);
        const expected = isLost ? new Uint16Array(height * width) : pixels(site, name, z);
        expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(expected.buffer))).toBe(0);
      }
  }
  // both sites of a well as one image, the second one over 50 columns of the first
  await using well = await plate.open("B03");
  expect(well.parts?.map(({ y, x }) => [y, x])).toEqual([
    [0, 0],
    [0, 650],
  ]);
  const { data: row } = await well.read({ region: { channel: 1, z: 1, y: 5 } });
  const [left, right] = [0, 1].map((site) => pixels(site, "GFPlong", 1).subarray(5 * width, 6 * width));
  expect([...row]).toEqual([...left.subarray(0, 650), ...right]);
  if (!available) return;
  const { stdout, stderr } = spawnSync(python, ["-c", CHECK, join(directory, path)], { encoding: "utf8" });
  expect([stderr, stdout]).toEqual(["", "16 24 B/3 B/5\n"]);
  expect(await writePlates(experiment)).toEqual([path]); // once more replaces it
});
