/** Plates as labs have them: copied, renamed, unpacked, with holes; each with what is right by the microscope's own numbers. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { folderOf, planOf, scratch } from "../../../test/support/importCase.ts";
import { planImport } from "../index.ts";
import { wellOrigins } from "./wellOrigins.ts";

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Images of 3 x 2 pixels of 1 µm; field 1 is the centre, then the ring around it from the upper left. */
const FIELDS = [
  [0, 0],
  [2, -3],
  [2, 0],
  [2, 3],
  [0, 3],
  [-2, 3],
  [-2, 0],
  [-2, -3],
  [0, -3],
] as const;

interface PhenixImage {
  readonly well?: readonly [row: number, column: number];
  readonly field: number;
  readonly time?: number;
  readonly channel?: number;
  readonly url?: string;
  readonly name?: string;
}

const nameOf = ({ well: [row, column] = [2, 3], field, time = 0, channel = 1 }: PhenixImage) =>
  `r0${row}c0${column}f0${field}p01-ch${channel}sk${time + 1}fk1fl1.tiff`;

function phenix(images: readonly PhenixImage[], root = ""): string {
  const records = images.map((image) => {
    const { well: [row, column] = [2, 3], field, time = 0, channel = 1, url, name = "DAPI" } = image;
    const [y, x] = FIELDS[field - 1];
    return `<Image><URL>${url ?? nameOf(image)}</URL><Row>${row}</Row><Col>${column}</Col><FieldID>${field}</FieldID><PlaneID>1</PlaneID>
      <TimepointID>${time}</TimepointID><ChannelID>${channel}</ChannelID><ChannelName>${name}</ChannelName><ImageResolutionX>1E-06</ImageResolutionX>
      <PositionX>${x}E-06</PositionX><PositionY>${y}E-06</PositionY><OrientationMatrix>[[0.99,0,0,3],[0,1.01,0,5],[0,0,1.3,-5]]</OrientationMatrix></Image>`;
  });
  return `<EvaluationInputData xmlns="http://x/HarmonyV5">${root}<Plates><Plate><PlateID>P1</PlateID><PlateRows>8</PlateRows>
    <PlateColumns>12</PlateColumns></Plate></Plates><Images>${records.join("")}</Images></EvaluationInputData>`;
}

const INSTRUMENT = "<InstrumentType>Phenix</InstrumentType>";
const RING = FIELDS.map((_, i) => ({ field: i + 1 }));
const files = (images: readonly PhenixImage[], folder = "Images") =>
  images.map((image) => `${folder}/${nameOf(image)}`);
const PLACES = [
  [2, 3],
  [0, 0],
  [0, 3],
  [0, 6],
  [2, 6],
  [4, 6],
  [4, 3],
  [4, 0],
  [2, 0],
].map((place, i) => ["B03", i, place]);

describe("Opera Phenix", () => {
  const xml = phenix(RING, INSTRUMENT);
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(xml, "utf16le")]);
  test.each<
    [
      what: string,
      names: readonly string[],
      texts: Record<string, string | Uint8Array>,
      warnings: readonly unknown[],
    ]
  >([
    ["UTF-16", files(RING), { "Images/Index.idx.xml": utf16 }, []],
    [
      "line ends of Windows, a mark",
      files(RING),
      { "Images/Index.idx.xml": `\ufeff${xml.replaceAll("><", ">\r\n<")}` },
      [],
    ],
    ["Index.ref.xml", files(RING), { "Images/Index.ref.xml": xml }, []],
    [
      "files ending in .TIF",
      files(RING).map((name) => name.replace(".tiff", ".TIF")),
      { "Images/Index.idx.xml": xml },
      [],
    ],
    [
      "metadata above the images",
      files(RING),
      { "Index.idx.xml": xml },
      [`Index.idx.xml tells of other folders (${nameOf({ field: 1 })}): 9 images taken by name`],
    ],
    [
      "paths of another computer",
      files(RING),
      {
        "Images/Index.idx.xml": phenix(
          RING.map((image) => ({ ...image, url: `D:\\P1\\Images\\${nameOf(image)}` })),
          INSTRUMENT,
        ),
      },
      [
        `Images/Index.idx.xml tells of other folders (D:/P1/Images/${nameOf({ field: 1 })}): 9 images taken by name`,
      ],
    ],
  ])("%s", async (_, names, texts, warnings) => {
    const plan = await planOf(await folderOf(names, texts));
    expect(plan).toMatchObject({ sites: PLACES, missing: [], unmatched: [], warnings });
  });

  test("a missing row of fields moves no other field", async () => {
    const well = [2, 4] as const;
    const images = [
      ...RING,
      ...RING.filter(({ field }) => field < 2 || field > 4).map((image) => ({ ...image, well })),
    ];
    const plan = await planOf(
      await folderOf(files(images), { "Images/Index.idx.xml": phenix(images, INSTRUMENT) }),
    );
    const kept = PLACES.filter(([, site]) => Number(site) < 1 || Number(site) > 3);
    expect(plan.sites).toEqual([...PLACES, ...kept.map(([, site, place]) => ["B04", site, place])]);
    expect(plan.missing).toEqual(["plate P1: no sites 1, 2, 3 in B04"]);
  });

  test("the Operetta's matrix turns the stage's y", async () => {
    const plan = await planOf(await folderOf(files(RING), { "Images/Index.idx.xml": phenix(RING) }));
    const turned = PLACES.map(([well, site, place]) => {
      const [y, x] = [place].flat() as number[];
      return [well, site, [4 - y, x]];
    });
    expect(plan.sites).toEqual(turned);
  });

  test("times count from 0: a first one that is missing everywhere moves no other", async () => {
    const images = [1, 2].map((time) => ({ field: 1, time }));
    const plan = await planOf(await folderOf(files(images), { "Images/Index.idx.xml": phenix(images) }));
    expect(plan.images).toEqual(["B03 0 DAPI 1 0", "B03 0 DAPI 2 0"]);
    expect(plan.missing).toEqual(["plate P1: no images of the time point 0"]);
  });

  test("channels of one name stay apart; what is the same plane is said once for many", async () => {
    const two = [1, 2].flatMap((channel) => RING.map((image) => ({ ...image, channel })));
    const plan = await planOf(await folderOf(files(two), { "Images/Index.idx.xml": phenix(two) }));
    expect(plan).toMatchObject({ channels: ["DAPI 1 16", "DAPI 2 16"], warnings: [] });
    expect(plan.images).toHaveLength(18);
    const measurements = ["M1", "M2"];
    const again = await planOf(
      await folderOf(
        measurements.flatMap((folder) => files(RING, folder)),
        Object.fromEntries(measurements.map((folder) => [`${folder}/Index.idx.xml`, phenix(RING)])),
      ),
    );
    expect(again.images).toHaveLength(9);
    expect(again.warnings).toHaveLength(6);
    expect(again.warnings.at(-1)).toMatch(
      /^4 more files are the same planes as others: left out .*--plate or --cycle/,
    );
  });

  test("metadata without their images say so", async () => {
    const folder = await folderOf(["Images/else.tiff"], { "Images/Index.idx.xml": phenix(RING) });
    await expect(planImport(folder)).rejects.toMatchObject({
      code: "missing",
      message: expect.stringContaining("Images/Index.idx.xml tells of files that are not there"),
    });
  });
});

const HTD = [
  '"HTSInfoFile", Version 1.0',
  ...['"XWells", 4', '"YWells", 2', '"Sites", TRUE', '"XSites", 2', '"YSites", 2'],
  ...['"NWavelengths", 2', '"WaveName1", "DAPI"', '"WaveName2", "DAPI"'],
].join("\r\n");

describe("ImageXpress", () => {
  const names = (wells: readonly string[], sites = [1, 2, 3, 4]) =>
    wells.flatMap((well) => sites.flatMap((site) => [1, 2].map((wave) => `p_${well}_s${site}_w${wave}.TIF`)));
  const quarter = (well: string) =>
    [0, 1, 2, 3].map((site) => [well, site, [Math.floor(site / 2), site % 2]]);

  test("waves of one name stay apart, wells of files in lower case are wells", async () => {
    const plan = await planOf(await folderOf(names(["a01", "b04"]), { "p.HTD": HTD }));
    expect(plan).toMatchObject({
      plates: [["p", 2, 4, "A01", "B04"]],
      channels: ["DAPI 1 16", "DAPI 2 16"],
      sites: [...quarter("A01"), ...quarter("B04")],
    });
  });

  test("a well outside the plate is an error before anything is written", async () => {
    const folder = await folderOf(names(["A01", "C01"]), { "p.HTD": HTD });
    await expect(planImport(folder)).rejects.toMatchObject({
      code: "range",
      message: expect.stringMatching(/plate p well C01: expected a well of 2 rows and 4 columns/),
    });
    expect((await planOf(folder, { format: [8, 12] })).plates[0].slice(1, 3)).toEqual([8, 12]);
  });

  test("folders that are called by four figures are plates", async () => {
    const plan = await planOf(await folderOf(["1234/A01_s1_w1.tif", "1235/A01_s1_w1.tif"]), {
      format: [8, 12],
    });
    expect(plan.plates.map(([name]) => name)).toEqual(["1234", "1235"]);
    expect(plan.warnings).toEqual([]);
  });
});

test("CellVoyager: decimal commas, other cases of names, images in a folder of their own", async () => {
  const name = (field: number) => `MA\u0308_B03_T0001F00${field}L01A01Z01C01.tif`;
  const record = (field: number, x: string) =>
    `<bts:MeasurementRecord bts:Type="IMG" bts:Row="2" bts:Column="3" bts:TimePoint="1" bts:FieldIndex="${field}" bts:ZIndex="1"
     bts:ActionIndex="1" bts:X="${x}" bts:Y="0,0" bts:Ch="1">${name(field).normalize("NFC")}</bts:MeasurementRecord>`;
  const mlf = `<bts:MeasurementData xmlns:bts="b">${record(1, "-0,75")}${record(2, "0,75")}${record(2, "0,75")}</bts:MeasurementData>`;
  const mrf = `<bts:MeasurementDetail xmlns:bts="b" bts:RowCount="16" bts:ColumnCount="24">
    <bts:MeasurementChannel bts:Ch="1" bts:HorizontalPixelDimension="0,5" bts:InputBitDepth="16"/></bts:MeasurementDetail>`;
  const plan = await planOf(
    await folderOf([1, 2].map(name), { "measurementdata.mlf": mlf, "measurementdetail.mrf": mrf }),
  );
  expect(plan).toMatchObject({
    plates: [["MÄ", 16, 24, "B03"]],
    pixelSizeUm: 0.5,
    sites: [
      ["B03", 0, [0, 0]],
      ["B03", 1, [0, 3]],
    ],
    warnings: [],
  });
  const noDetail = await planOf(
    await folderOf([1, 2].map(name), {
      "MeasurementData.mlf": mlf,
      "P.wpi": '<bts:WellPlate xmlns:bts="b" bts:Name="P" bts:Rows="16" bts:Columns="24"/>',
    }),
    { pixelSizeUm: 0.5 },
  );
  expect(noDetail.plates).toEqual([["MÄ", 16, 24, "B03"]]);
});

test("InCell: offsets by their fields' numbers, a missing first field, plates that tell their type alone", async () => {
  const name = (field: number) => `B - 3(fld ${field + 1} wv DAPI - DAPI).tif`;
  const image = (field: number) =>
    `<Image filename="${name(field)}"><Row number="2"/><Column number="3"/><Identifier field_index="${field}" z_index="0" wave_index="0" time_index="0"/></Image>`;
  const point = (index: number, x: number) => `<offset_point index="${index}" x="${x}" y="0"/>`;
  const xdce = `<ImageStack><Plate name="96 well" rows="8" columns="12"/><ObjectiveCalibration pixel_width="0.5"/>
    <FieldOffsets>${point(2, 3)}${point(1, 1.5)}${point(0, 0)}</FieldOffsets><Images>${image(1)}${image(2)}</Images></ImageStack>`;
  const plan = await planOf(
    await folderOf(
      ["one", "two"].flatMap((folder) => [1, 2].map((field) => `${folder}/${name(field)}`)),
      { "one/first.xdce": xdce, "two/second.xdce": xdce },
    ),
  );
  expect(plan.plates).toEqual([
    ["first", 8, 12, "B03"],
    ["second", 8, 12, "B03"],
  ]);
  expect(plan.sites.slice(0, 2)).toEqual([
    ["B03", 1, [0, 0]],
    ["B03", 2, [0, 3]],
  ]);
  expect(plan.missing).toContain("plate first: no site 0 in any well");
});

describe("Micro-Manager", () => {
  const frame = (name: string, more: object) => ({
    ...{ FileName: "img_000000001_DAPI_000.tif", Channel: "DAPI", PositionName: name, PixelSizeUm: 0.5 },
    ...more,
  });
  const metadata = (name: string, more: object) =>
    JSON.stringify(
      { Summary: { PixelSize_um: 0.5, Frames: 2 }, "FrameKey-1-0-0": frame(name, more) },
      null,
      2,
    );
  const labels = ["A01-Site_0", "A01-Site_1", "B02-Site_0"];
  const images = labels.map((label) => `run/${label}/img_000000001_DAPI_000.tif`);
  const expected = ["A01 0 DAPI 1 0", "A01 1 DAPI 1 0", "B02 0 DAPI 1 0"];

  test("folders of positions are one plate; numbers as text, nothing or NaN cost no image; times count from 0", async () => {
    const odd = { BitDepth: "12", YPositionUm: null, PositionIndex: null };
    const texts = labels.map((label) => [
      `run/${label}/metadata.txt`,
      metadata(label, odd).replace('"PixelSizeUm": 0.5', '"PixelSizeUm": NaN'),
    ]);
    const plan = await planOf(await folderOf(images, Object.fromEntries(texts)), { format: [8, 12] });
    expect(plan).toMatchObject({
      plates: [["run", 8, 12, "A01", "B02"]],
      channels: ["DAPI 12"],
      images: expected,
      pixelSizeUm: 0.5,
    });
    expect(plan.missing).toContain("plate run: no images of the time point 0");
  });

  test("without metadata the folders' names tell the positions", async () => {
    const plan = await planOf(await folderOf(images), { format: [8, 12] });
    expect(plan.plates).toEqual([["run", 8, 12, "A01", "B02"]]);
    expect(plan.images).toEqual(expected.map((image) => image.replace(" 1 0", " 0 0")));
  });
});

test("Incucyte's folders of times are time points", async () => {
  const names = ["1230", "1830"].map((time) => `2401/15/${time}/77/B3-1-C1.tif`);
  expect((await planOf(await folderOf(names), { format: [8, 12] })).images).toEqual([
    "B03 0 C1 0 0",
    "B03 0 C1 1 0",
  ]);
});

test("a well's one site beside wells with several has no place that anything tells", async () => {
  const names = ["A01_1.tif", "A01_2.tif", "A02_2.tif"];
  const plan = await planOf(await folderOf(names), { pattern: "{well}_{site}.tif", format: [8, 12] });
  expect(plan.sites.at(-1)).toEqual(["A02", 1, null]);
  expect(plan.warnings.at(-1)).toMatch("plate plate");
});

test("a table's absolute paths are files; a line's wrong well is named with its line; ends of names may be .TIF", async () => {
  const elsewhere = await folderOf(["a.tif"]);
  const path = join(elsewhere, "a.tif");
  const folder = await folderOf(["b.TIF"], {
    "good.csv": `path,well\n${path},A01\nb.TIF,A02\n`,
    "bad.csv": `path,well\nb.TIF,A01\nb.TIF,7\n`,
  });
  const plan = await planImport(folder, { table: join(folder, "good.csv"), format: [8, 12] });
  expect(plan.content.images.map((image) => image.path)).toEqual([path, join(folder, "b.TIF")]);
  await expect(planImport(folder, { table: join(folder, "bad.csv") })).rejects.toThrow(
    /bad\.csv line 3 well: expected a name/,
  );
  expect((await planOf(folder, { pattern: "{channel}.tif" })).channels).toEqual(["b 16"]);
});

test("what many sites lack is one line", async () => {
  const wells = Array.from({ length: 24 }, (_, i) => `${"ABCD"[i % 4]}${1 + Math.floor(i / 4)}`);
  const names = wells.flatMap((well) =>
    [0, 1].flatMap((site) => [0, 1].map((z) => `${well}_y0_x${site}_z${z}.tif`)),
  );
  const plan = await planOf(await folderOf(names.filter((name) => !/x1_z1/.test(name) || /A1_/.test(name))), {
    pattern: "{well}_y{y}_x{x}_z{z}.tif",
    format: [8, 12],
  });
  expect(plan.missing).toEqual([
    "plate plate".concat(
      `${plan.plates[0][0]}`.slice(5),
      " site 1 of 23 wells, A02 to D06: no channel 0 t 0 z 1",
    ),
  ]);
});

test("wells of an absolute stage: a missing row or column moves no other site, another pattern is left as it is", () => {
  const side = 10;
  const well = (
    corner: readonly [number, number],
    sites: readonly (readonly [site: number, y: number, x: number])[],
  ) =>
    sites.map(([site, y, x]) => ({
      site,
      positionUm: [corner[0] + y * side, corner[1] + x * side] as const,
      ...{ height: side, width: side },
    }));
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((site) => [site, Math.floor(site / 3), site % 3] as const);
  const origins = wellOrigins(
    new Map([
      ["A01", well([-500, 300], all)],
      // without the uppermost row and the leftmost column; the stage was a pixel beside
      [
        "A02",
        well(
          [-500, 601],
          all.filter(([, y, x]) => y > 0 && x > 0),
        ),
      ],
      // two sites elsewhere
      [
        "A03",
        well(
          [-500, 900],
          [
            [4, 0, 0],
            [5, 2, 2],
          ],
        ),
      ],
    ]),
    { pixelSizeUm: 1, isFromWell: false },
  );
  expect([...origins]).toEqual([
    ["A01", [-505, 295]],
    ["A02", [-505, 596]],
    ["A03", [-505, 895]],
  ]);
});
