import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  convertDataset,
  createOmeZarrPlate,
  formatMrc,
  openImage,
  openNdtiff,
  openOmeZarr,
} from "../../src/io/index.ts";
import { vitrineHere } from "../support/command.ts";
import { requirement, sharedReal } from "../support/require.ts";
import { scratchFolder } from "../support/searchCase.ts";

const golden = fileURLToPath(new URL("../golden/acquire", import.meta.url));
const scratch = scratchFolder();
let folders = 0;
function newFolder(): string {
  const folder = join(scratch, `datasets-${folders++}`);
  mkdirSync(folder);
  return folder;
}

describe("vitrine info", () => {
  test("says what datasets, arrays and tables hold, one after the other", async () => {
    const folder = newFolder();
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    writeFileSync(join(folder, "map.mrc"), formatMrc({ data, shape: [1, 2, 3], voxelSizeA: 1.5 }));
    writeFileSync(join(folder, "a.csv"), "x,y\n1,2\n");
    const paths = [join(golden, "tcz_u16_crashed"), join(folder, "map.mrc"), join(folder, "a.csv")];
    const end = await vitrineHere(["info", ...paths]);
    expect([end.code, end.stderr]).toEqual([0, ""]);
    expect(end.stdout.replaceAll(`${folder}/`, "").replaceAll(`${golden}/`, "")).toMatchInlineSnapshot(`
      "tcz_u16_crashed: NDTiff 3.3
        images       18
        time         3: 0, 1, 2
        channel      2: DAPI, FITC
        z            3: 0, 1, 2
        size         48 x 32 uint16
        pixel        0.11 µm
        summary      {"PixelSize_um":0.11,"Prefix":"lab","µ":"µm","DateAndTime":"2026/11/21 00:00:00","PixelType":"GRAY16","seed":20261}
        first image  {"Axes":{"time":0,"channel":"DAPI","z":0},"Width":48,"Height":32,"i":0,"note":"µm ünïcode ✓","Exposure":97.721,"nested":{"a":[1,2,3],"b":null,"c":true}}
        recovered    1 image that the index lacks
      map.mrc: MRC volume
        array   1 x 2 x 3 float32 (mode 2)
        voxel   1.5 Å
        values  min 1, max 6, mean 3.5, rms 1.70783
        label   Written by Vitrine
      a.csv: table
        rows     1
        columns  x, y
      "
    `);
  });

  test("tells the wells of a plate with the places of their fields, and those that have none", async () => {
    const folder = newFolder();
    const directory = join(folder, "plate.zarr");
    {
      const named = { rows: ["A", "B"], columns: ["1"] };
      await using plate = await createOmeZarrPlate({ directory, ...named, threads: 0 });
      const space = { kind: "space", unit: "micrometer" } as const;
      for (const [row, xUm] of [
        ["A", 0],
        ["A", 4],
        ["B", 0],
        ["B", 0],
      ] as const) {
        await using field = await plate.createField({
          ...{ row, column: "1", dtype: "uint8", shape: [4, 8], scale: [0.5, 0.5], translation: [0, xUm] },
          axes: [
            { name: "y", ...space },
            { name: "x", ...space },
          ],
        });
        await field.write({}, new Uint8Array(32).fill(row === "A" ? 1 + xUm : 9));
        await field.finish();
      }
    }
    const end = await vitrineHere(["info", directory]);
    expect(end.stdout.match(/^ {2}well.*$/gm)).toEqual([
      "  well A01    y 4 x x 16, 2 fields: A/1/0 at 0, 0; A/1/1 at 0, 8",
      "  well B01    y 4 x x 16, 2 fields: B/1/0 at 0, 0; B/1/1 at 0, 8",
    ]);
    expect(end.stderr).toContain("well B01: fields have no positions: placed in a grid");
    const { wells } = JSON.parse((await vitrineHere(["info", directory, "--json"])).stdout);
    expect(wells[0]).toMatchObject({ image: "A01", height: 4, width: 16, fields: [{ x: 0 }, { x: 8 }] });
    // the well is written as any image is
    const out = join(folder, "a.npy");
    expect((await vitrineHere(["convert", directory, out, "--image", "A01"])).code).toBe(0);
    await using written = await openImage(out);
    expect([...(await written.read({ region: { y: 2 } })).data]).toEqual([
      ...Array.from({ length: 8 }, () => 1),
      ...Array.from({ length: 8 }, () => 5),
    ]);
    const chosen = await vitrineHere(["convert", directory, join(folder, "b.npy"), "--overwrite"]);
    expect(chosen.stderr).toContain('or a well with all its fields (--image "A01")');
  });

  test("--json gives a line a file", async () => {
    const end = await vitrineHere([
      "info",
      "--json",
      join(golden, "pz_u8"),
      join(golden, "ndtiff_listing.json"),
    ]);
    const lines = end.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([end.code, lines.map(({ path, kind }) => [path.slice(golden.length + 1), kind])]).toEqual([
      0,
      [
        ["pz_u8", "ndtiff"],
        ["ndtiff_listing.json", "json"],
      ],
    ]);
    expect(lines[0].axes).toEqual({ position: [0, 1, 2], z: [-1, 0, 1] });
  });

  test("fails on the first file that is not there or damaged, by name", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "a.mrc"), "no map");
    for (const [name, message] of [
      ["a.mrc", /^vitrine: \S+a\.mrc\S*: expected .*, found .*\n$/],
      ["nothing", /^vitrine: \S+nothing: expected a file or folder, found none\. Check the path\.\n$/],
    ] as const) {
      const end = await vitrineHere(["info", join(folder, name)]);
      expect([end.code, end.stdout]).toEqual([1, ""]);
      expect(end.stderr).toMatch(message);
    }
  });
});

describe("vitrine convert", () => {
  test("goes from NDTiff to OME-Zarr and back, and refuses to replace anything without --overwrite", async () => {
    const folder = newFolder();
    const [source, zarr, back] = [join(golden, "tcz_u16"), join(folder, "a.zarr"), join(folder, "back")];
    const there = await vitrineHere(["convert", source, zarr, "--compression", "zstd"]);
    expect(there).toEqual({ code: 0, stdout: `wrote ${zarr}: 18 images as ome-zarr\n`, stderr: "" });
    const again = await vitrineHere(["convert", zarr, back, "--format", "ndtiff", "--json"]);
    expect(JSON.parse(again.stdout).results).toEqual({
      from: "ome-zarr",
      to: "ndtiff",
      images: 18,
      filled: 0,
      path: back,
    });
    const [first, last] = [await openNdtiff(source), await openNdtiff(back)];
    const axes = { time: 2, channel: "FITC", z: 1 };
    expect(await last.readImage(axes)).toEqual(await first.readImage(axes));
    expect(await last.readMetadata(axes)).toEqual(await first.readMetadata(axes));
    await Promise.all([first.close(), last.close()]);
    const taken = await vitrineHere(["convert", source, zarr]);
    expect([taken.code, taken.stdout]).toEqual([1, ""]);
    expect(taken.stderr).toMatch(/expected nothing of this name, found something\. .* --overwrite\.\n$/);
    expect((await vitrineHere(["convert", source, zarr, "--overwrite"])).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["a.zarr", "back"]);
  });

  test("writes arrays by the ending of their name", async () => {
    const folder = newFolder();
    const paths = ["a.npy", "b.mrc"].map((name) => join(folder, name));
    const end = await vitrineHere(["convert", join(golden, "strpos_u16_sparse"), paths[0]]);
    expect(end.stdout).toBe(`wrote ${paths[0]}: 8 images as npy, 1 missing ones as zeros\n`);
    expect((await vitrineHere(["convert", paths[0], paths[1]])).code).toBe(0);
    expect(readFileSync(paths[1]).readInt32LE(8)).toBe(9);
  });

  test("draws a picture, tells what is shown, and says what was chosen", async () => {
    const out = join(newFolder(), "a.png");
    const source = join(golden, "tcz_u16");
    const end = await vitrineHere([
      "convert",
      source,
      out,
      "--at",
      "t=1",
      "--project",
      "z:max",
      "--zoom",
      "8",
    ]);
    expect([end.code, end.stderr]).toEqual([0, ""]);
    expect(end.stdout).toMatch(/a\.png: 384 x 256 px, DAPI \d+ to \d+, FITC \d+ to \d+\n$/);
    expect(readFileSync(out).subarray(1, 4).toString()).toBe("PNG");
    const other = await vitrineHere([
      "convert",
      source,
      join(newFolder(), "b.png"),
      "--montage",
      "t,z",
      "--at",
      "c=FITC",
    ]);
    expect(other.stdout).toMatch(/152 x 104 px, FITC/);
    const wrong = await vitrineHere(["convert", source, join(newFolder(), "c.png"), "--at", "q=1"]);
    expect(wrong.stderr).toMatch(/expected one of the axes time, channel, z, found q\.\n$/);
  });

  test("says in a line each what a format has no place for, and info tells what there is", async () => {
    const folder = newFolder();
    const [npy, mrc, zarr] = ["a.npy", "a.mrc", "a.zarr"].map((name) => join(folder, name));
    const data = Float32Array.from({ length: 60 }, (_, i) => i);
    writeFileSync(mrc, formatMrc({ data, shape: [3, 4, 5], voxelSizeA: 1.5, originA: [1, 2, 3] }));
    const end = await vitrineHere(["convert", mrc, npy, "--json"]);
    expect(JSON.parse(end.stdout).warnings.map((line: string) => line.replace(/^.*a\.npy/, "a.npy"))).toEqual(
      [
        "a.npy: .npy has no place for the names of axes (z); format (--format) ome-zarr or ndtiff keeps it",
        "a.npy: .npy has no place for the size of a pixel (0.00015 µm); format (--format) ome-zarr or ome-tiff keeps it",
        "a.npy: .npy has no place for the step along z (0.00015 µm); format (--format) mrc or ome-zarr or ome-tiff keeps it",
        "a.npy: .npy has no place for the place of the first pixel (0.0001, 0.0002, 0.0003 µm along x, y, z); format (--format) mrc or ome-zarr or ome-tiff keeps it",
      ],
    );
    expect((await vitrineHere(["convert", mrc, zarr])).stderr).toBe("");
    const info = await vitrineHere(["info", zarr]);
    expect(info.stdout.replace(zarr, "a.zarr")).toMatchInlineSnapshot(`
      "a.zarr: OME-Zarr
        axes        z 3 x y 4 x x 5, float32
          step      z 1.5 angstrom, y 1.5 angstrom, x 1.5 angstrom
          first at  z 3 angstrom, y 2 angstrom, x 1 angstrom
          channels  Channel 0 (FFFFFF)
          levels    3 x 4 x 5
          chunks    1 x 4 x 5
      "
    `);
  });

  test("wrong use is exit code 2", async () => {
    for (const [args, message] of [
      [["convert", "a"], /missing required argument 'out'/],
      [
        ["convert", "a", "b", "--format", "jpeg"],
        /Allowed choices are ndtiff, ome-zarr, mrc, ome-tiff, tiff, npy, png/,
      ],
      [["convert", "a", "b.png", "--project", "z"], /Expected AXIS:HOW, as z:max/],
      [["convert", "a", "b.png", "--contrast", "99,1"], /Expected two numbers, the first below the second/],
      [["info"], /missing required argument 'file'/],
      [["info", "a", "--jsn"], /unknown option '--jsn'\s*\(Did you mean --json\?\)/],
    ] as const) {
      const end = await vitrineHere(args);
      expect([end.code, end.stdout]).toEqual([2, ""]);
      expect(end.stderr).toMatch(message);
    }
  });
});

const { available } = requirement("shared-real");

describe.skipIf(!available)("datasets that Micro-Manager wrote", () => {
  const versions = available ? ["v2", "v3"].map((version) => join(sharedReal, "ndtiff", version)) : [];
  const paths = versions.flatMap((version) => readdirSync(version).map((name) => join(version, name)));

  test("are described, also those of which only the index is there", async () => {
    const end = await vitrineHere(["info", "--json", ...paths]);
    const said = end.stderr.trimEnd().split("\n");
    const words =
      /: metadata, which may tell pixel sizes, cannot be read: |: lower resolutions are left out: /;
    expect([end.code, said.filter((line) => !words.test(line))]).toEqual([0, []]);
    const lines = end.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind, images }) => [kind, images > 0])).toEqual(paths.map(() => ["ndtiff", true]));
    const unreadable = lines.filter((line) => line.unreadable !== undefined);
    expect(unreadable.length).toBeGreaterThan(0);
    for (const line of unreadable) expect(line.unreadable).toMatch(/no such file/);
  });

  test.each([["v2/ndtiffv2.0_test"], ["v3/ndtiff3.2_11bit_1"], ["v3/ndtiff3.2_magellan_explore_rgb"]])(
    "%s becomes OME-Zarr",
    async (name) => {
      const zarr = join(newFolder(), "a.zarr");
      const source = join(sharedReal, "ndtiff", name);
      await convertDataset(source, zarr);
      await using first = await openNdtiff(source);
      await using last = await openOmeZarr(zarr);
      expect(last.imageCoordinates()).toEqual(first.imageCoordinates());
      expect(last.axes).toEqual(first.axes);
      for (const axes of first.imageCoordinates().slice(0, 4)) {
        expect(await last.readImage(axes)).toEqual(await first.readImage(axes));
        // their -0 is 0 in JSON
        const [metadata, original] = [await last.readMetadata(axes), await first.readMetadata(axes)];
        expect(JSON.stringify(metadata)).toBe(JSON.stringify(original));
      }
    },
  );
});
