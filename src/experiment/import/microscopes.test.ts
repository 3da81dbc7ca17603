import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folderOf, PAGE, planOf, scratch } from "../../../test/support/importCase.ts";
import { createNdtiff, createOmeTiff, createOmeZarrPlate, makeFolder } from "../../io/index.ts";

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function phenixImage(
  field: number,
  [y, x]: readonly [number, number],
  name = `r02c03f0${field}p01-ch1sk1fk1fl1.tiff`,
) {
  return `<Image Version="1"><id>0203K1F${field}</id><State>Ok</State><URL>${name}</URL><Row>2</Row><Col>3</Col>
    <FieldID>${field}</FieldID><PlaneID>1</PlaneID><TimepointID>0</TimepointID><ChannelID>1</ChannelID>
    <ChannelName>DAPI</ChannelName><MaxIntensity>4095</MaxIntensity><ImageResolutionX Unit="m">5E-07</ImageResolutionX>
    <PositionX Unit="m">${x}</PositionX><PositionY Unit="m">${y}</PositionY></Image>`;
}

test("Opera Phenix: metres from the well's centre, y up, field 1 in the middle", async () => {
  const name = (field: number) => `Images/r02c03f0${field}p01-ch1sk1fk1fl1.tiff`;
  const images = [
    phenixImage(1, [0, 0]),
    phenixImage(2, [1e-6, -1.5e-6]),
    phenixImage(3, [1e-6, 0]),
    phenixImage(4, [0, 1.5e-6]),
  ];
  const xml = `<?xml version="1.0"?><EvaluationInputData xmlns="http://www.perkinelmer.com/PEHH/HarmonyV5">
    <Plates><Plate><PlateID>P7</PlateID><PlateRows>16</PlateRows><PlateColumns>24</PlateColumns>
    <Well id="0203"/><Well id="0204"/></Plate></Plates><Images>${images.join("")}</Images></EvaluationInputData>`;
  const folder = await folderOf([name(1), name(2), name(3), "Images/stray.tiff"], {
    "Images/Index.idx.xml": xml,
  });
  const plan = await planOf(folder);
  expect(plan).toMatchObject({
    understood: ["Opera Phenix or Operetta (Images/Index.idx.xml): 3 files or planes"],
    pixelSizeUm: 0.5,
    channels: ["DAPI 12"],
    plates: [["P7", 16, 24, "B03"]],
    // field 2 is above and left of the centre
    sites: [
      ["B03", 0, [2, 3]],
      ["B03", 1, [0, 0]],
      ["B03", 2, [0, 3]],
    ],
    missing: ["plate P7: no images of the well B04, that the microscope was told to image"],
    unmatched: ["Images/stray.tiff"],
    warnings: [
      "Images/Index.idx.xml tells of files that are not there: Images/r02c03f04p01-ch1sk1fk1fl1.tiff",
    ],
  });
});

test("CellVoyager: failed images, y up, steps rounded to 0.1 µm (fractal-tasks-core#91)", async () => {
  const name = (field: number) => `AS_B03_T0001F00${field}L01A01Z01C01.tif`;
  // 2 pixels of 0.25 µm
  const record = (field: number, y: number) =>
    `<bts:MeasurementRecord bts:Time="" bts:Type="IMG" bts:Row="2" bts:Column="3" bts:TimePoint="1" bts:FieldIndex="${field}" bts:ZIndex="1"
     bts:ActionIndex="1" bts:X="-0.4" bts:Y="${y}" bts:Z="0" bts:Ch="1">${name(field)}</bts:MeasurementRecord>`;
  const error =
    '<bts:MeasurementRecord bts:Type="ERR" bts:Row="2" bts:Column="3" bts:FieldIndex="4" bts:Ch="1">failed</bts:MeasurementRecord>';
  const mlf = `<bts:MeasurementData xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0">${record(1, 0.5)}${record(2, 0.1)}${record(3, -0.5)}${error}</bts:MeasurementData>`;
  const mrf = `<bts:MeasurementDetail xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0" bts:RowCount="8" bts:ColumnCount="12">
    <bts:MeasurementChannel bts:Ch="1" bts:HorizontalPixelDimension="0.25" bts:InputBitDepth="14"/></bts:MeasurementDetail>`;
  const folder = await folderOf([1, 2, 3].map(name), {
    "MeasurementData.mlf": mlf,
    "MeasurementDetail.mrf": mrf,
  });
  expect(await planOf(folder)).toMatchObject({
    plates: [["AS", 8, 12, "B03"]],
    channels: ["A01_C01 14"],
    sites: [
      ["B03", 0, [0, 0]],
      ["B03", 1, [2, 0]],
      ["B03", 2, [4, 0]],
    ],
    warnings: ["MeasurementData.mlf: 1 image failed while being taken (ERR)"],
    unmatched: [],
  });
});

test("InCell: offsets by field, y up; names with time and z", async () => {
  const name = (field: number) => `B - 3(fld ${field + 1} wv DAPI - DAPI).tif`;
  const image = (
    field: number,
  ) => `<Image filename="${name(field)}"><Well label="B - 3"><Row number="2"/><Column number="3"/></Well>
    <Identifier field_index="${field}" z_index="0" wave_index="0" time_index="0"/></Image>`;
  const xdce = `<ImageStack><Plate name="96 well" rows="8" columns="12"/><ObjectiveCalibration pixel_width="0.5" pixel_height="0.5"/>
    <Wavelengths><Wavelength index="0" imaging_mode="2-D"><EmissionFilter name="DAPI"/></Wavelength></Wavelengths>
    <PlateMap><FieldOffsets><offset_point index="0" x="-1.5" y="0"/><offset_point index="1" x="0" y="1"/></FieldOffsets></PlateMap>
    <Images>${image(0)}${image(1)}</Images></ImageStack>`;
  expect(await planOf(await folderOf([name(0), name(1)], { "p.xdce": xdce }))).toMatchObject({
    sites: [
      ["B03", 0, [2, 0]],
      ["B03", 1, [0, 3]],
    ],
    channels: ["DAPI 16"],
    warnings: [],
  });
  const names = [
    "B - 3(fld 1 wv DAPI - DAPI z 1 - time 1 - 0 ms).tif",
    "B - 3(fld 1 wv DAPI - DAPI z 2 - time 2 - 60 ms).tif",
  ];
  expect((await planOf(await folderOf(names))).images).toEqual([
    "B03 0 DAPI - DAPI 0 0",
    "B03 0 DAPI - DAPI 1 1",
  ]);
});

test("ImageXpress: sites that were selected, waves by their names, projections left out, a stopped series", async () => {
  const htd = [
    '"HTSInfoFile", Version 1.0',
    '"TimePoints", 3',
    '"XWells", 12',
    '"YWells", 8',
    '"WellsSelection1", FALSE, TRUE, TRUE',
  ]
    .concat([
      '"Sites", TRUE',
      '"XSites", 2',
      '"YSites", 2',
      '"SiteSelection1", TRUE, FALSE',
      '"SiteSelection2", TRUE, TRUE',
    ])
    .concat(['"NWavelengths", 1', '"WaveName1", "DAPI"', '"EndFile"']);
  const names = [1, 2].flatMap((t) =>
    [0, 1].flatMap((z) => [1, 2, 3].map((s) => `TimePoint_${t}/ZStep_${z}/scan_A02_s${s}_w1.TIF`)),
  );
  const plan = await planOf(await folderOf(names, { "scan.HTD": htd.join("\r\n") }));
  expect(plan).toMatchObject({
    plates: [["scan", 8, 12, "A02"]],
    channels: ["DAPI 16"],
    sites: [
      ["A02", 0, [0, 0]],
      ["A02", 1, [1, 0]],
      ["A02", 2, [1, 1]],
    ],
    missing: [
      "plate scan: no images of the well A03, that the microscope was told to image",
      "plate scan: no images of the time point 2",
    ],
    warnings: ["ZStep_0: 6 projections of the z planes are left out"],
    unmatched: [],
  });
  expect(plan.images).toHaveLength(6);
});

test("several plates in one folder: each .HTD and .xdce tells of its own images", async () => {
  const htd = (wave: string) =>
    [
      '"HTSInfoFile", Version 1.0',
      '"XWells", 12',
      '"YWells", 8',
      '"NWavelengths", 1',
      `"WaveName1", "${wave}"`,
    ].join("\r\n");
  const names = ["p_A01_w1.TIF", "p_A02_w1.TIF", "p_2_B01_w1.TIF"];
  const plan = await planOf(await folderOf(names, { "p.HTD": htd("DAPI"), "p_2.HTD": htd("GFP") }));
  expect(plan).toMatchObject({
    plates: [
      ["p", 8, 12, "A01", "A02"],
      ["p_2", 8, 12, "B01"],
    ],
    channels: ["DAPI 16", "GFP 16"],
    ...{ warnings: [], unmatched: [] },
  });
  const xdce = (name: string) => `<ImageStack><Plate name="${name}" rows="8" columns="12"/>
    <Images><Image filename="${name} B - 3(fld 1 wv DAPI).tif"><Row number="2"/><Column number="3"/><Identifier field_index="0"/></Image></Images></ImageStack>`;
  const files = ["one B - 3(fld 1 wv DAPI).tif", "two B - 3(fld 1 wv DAPI).tif"];
  const two = await planOf(await folderOf(files, { "a.xdce": xdce("one"), "b.xdce": xdce("two") }));
  expect(two.plates).toEqual([
    ["one", 8, 12, "B03"],
    ["two", 8, 12, "B03"],
  ]);
});

function micromanager(frames: readonly string[]): string {
  return `{\n  "Summary": {\n    "ChNames": ["DAPI"],\n    "Frames": 3,\n    "PixelSize_um": 0.5\n  },\n${frames.join(",\n")}\n}`;
}

test("Micro-Manager: tiles are named column first, the stage's directions by PixelSizeAffine, a file that is cut off", async () => {
  const frame = (t: number, x: number) => `  "FrameKey-${t}-0-0": {
    "FileName": "img_00000000${t}_DAPI_000.tif", "Channel": "DAPI", "PositionName": "1-Pos_00${x / 1.5}_000",
    "XPositionUm": ${-x}, "YPositionUm": 0, "PixelSizeAffine": "-0.5;0.0;0.0;0.0;0.5;0.0"\n  }`;
  const folder = await folderOf(
    ["1-Pos_000_000", "1-Pos_001_000"].flatMap((pos) =>
      [0, 1].map((t) => `${pos}/img_00000000${t}_DAPI_000.tif`),
    ),
    {
      "1-Pos_000_000/metadata.txt": micromanager([frame(0, 0), frame(1, 0)]),
      "1-Pos_001_000/metadata.txt": micromanager([frame(0, 1.5), frame(1, 1.5)]).slice(0, -2),
    },
  );
  expect(await planOf(folder, { format: [1, 1], plate: "slide" })).toMatchObject({
    plates: [["slide", 1, 1, "A01"]],
    sites: [
      ["A01", 0, [0, 0]],
      ["A01", 1, [0, 3]],
    ],
    missing: ["plate slide: no images of the time point 2"],
    warnings: ["1-Pos_001_000/metadata.txt is cut off: the acquisition was stopped"],
  });
});

test("NDTiff: positions of wells by their names", async () => {
  const folder = join(scratch, "ndtiff");
  await makeFolder(folder);
  const writer = await createNdtiff({
    directory: folder,
    name: "run",
    summaryMetadata: { PixelSize_um: 0.5 },
  });
  for (const position of ["A01-Site_0", "A01-Site_1", "B03-Site_0"])
    for (const channel of ["DAPI", "GFP"]) {
      const metadata = { XPositionUm: position.endsWith("1") ? 1.5 : 0, YPositionUm: 0 };
      await writer.put({ image: PAGE, axes: { position, channel }, metadata });
    }
  await writer.finish();
  const plan = await planOf(folder, { format: [8, 12] });
  expect(plan).toMatchObject({
    sites: [
      ["A01", 0, [0, 0]],
      ["A01", 1, [0, 3]],
      ["B03", 0, [0, 0]],
    ],
    channels: ["DAPI 16", "GFP 16"],
  });
  expect(plan.content.images[3]).toMatchObject({
    siteIndex: 1,
    channel: "GFP",
    plane: { position: 1, channel: 1 },
  });
});

test("VisiView: wells by the stage positions that the .nd names", async () => {
  const nd = [
    '"NDInfoFile", Version 1.0',
    '"NStagePositions", 2',
    '"Stage1", "row:A,column:1,site:1"',
    '"Stage2", "row:B,column:3,site:1"',
  ].concat(['"NWavelengths", 1', '"WaveName1", "DAPI/_x"', '"NTimePoints", 1', '"EndFile"']);
  const folder = await folderOf(["e_w1DAPI--x_s1.tif", "e_w1DAPI--x_s2.tif"], { "e.nd": nd.join("\r\n") });
  expect(await planOf(folder, { format: [8, 12] })).toMatchObject({
    plates: [["e", 8, 12, "A01", "B03"]],
    channels: ["DAPI/_x 16"],
    sites: [
      ["A01", 0, [0, 0]],
      ["B03", 0, [0, 0]],
    ],
    warnings: [],
  });
});

/** A TIFF file with a text, in big-endian: 3 x 2 pixels of 16 bits. */
function tiffWithText(text: string): Buffer {
  const entries = [
    [256, 3, 1, 3],
    [257, 3, 1, 2],
    [258, 3, 1, 16],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
  ].concat([
    [270, 2, text.length + 1, 200],
    [273, 4, 1, 160],
    [277, 3, 1, 1],
    [278, 3, 1, 2],
    [279, 4, 1, 12],
  ]);
  const bytes = Buffer.alloc(201 + text.length);
  bytes.write("MM\0*", 0, "latin1");
  bytes.writeUInt32BE(8, 4);
  bytes.writeUInt16BE(entries.length, 8);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + 12 * i;
    bytes.writeUInt16BE(tag, at);
    bytes.writeUInt16BE(type, at + 2);
    bytes.writeUInt32BE(count, at + 4);
    if (type === 3) bytes.writeUInt16BE(value, at + 8);
    else bytes.writeUInt32BE(value, at + 8);
  }
  bytes.write(text, 200, "latin1");
  return bytes;
}

test("ImageXpress: stage positions and pixel size of MetaSeries, y down", async () => {
  const folder = join(scratch, "metaseries");
  await makeFolder(folder);
  for (const [s, x] of [
    [1, -1000],
    [2, -998.5],
  ] as const) {
    const props = [
      ["spatial-calibration-x", 0.5],
      ["stage-position-x", x],
      ["stage-position-y", -7 * s],
    ].map(([id, value]) => `<prop id="${id}" type="float" value="${value}"/>`);
    writeFileSync(
      join(folder, `p_B03_s${s}_w1.TIF`),
      tiffWithText(`<MetaData><PlaneInfo>${props.join("")}</PlaneInfo></MetaData>`),
    );
  }
  expect(await planOf(folder, { format: [8, 12] })).toMatchObject({
    pixelSizeUm: 0.5,
    sites: [
      ["B03", 0, [14, 0]],
      ["B03", 1, [0, 3]],
    ],
    warnings: [],
  });
});

const LAYOUT = {
  axes: [
    { name: "channel", kind: "channel" },
    { name: "z", kind: "space", unit: "micrometer" },
    { name: "y", kind: "space", unit: "micrometer" },
    { name: "x", kind: "space", unit: "micrometer" },
  ],
  shape: [2, 2, 2, 3],
  dtype: "uint16",
  scale: [1, 1, 0.5, 0.5],
  channels: [{ name: "DAPI", color: "0000FF" }, { name: "GFP" }],
} as const;

test("OME-Zarr plates: wells, fields, channels and planes of the stores", async () => {
  const directory = join(scratch, "hcs", "screen.zarr");
  await makeFolder(dirname(directory));
  const rows = ["A", "B"];
  const plate = await createOmeZarrPlate({
    directory,
    name: "P9",
    rows,
    columns: ["1", "2", "3"],
    threads: 0,
  });
  for (const column of ["3", "3", "1"]) {
    await using field = await plate.createField({ ...LAYOUT, row: "B", column });
    await field.finish();
  }
  await plate.close();
  const plan = await planOf(dirname(directory), { layout: { rows: 1, columns: 2 } });
  expect(plan).toMatchObject({
    understood: ["OME-Zarr plate: 3 files or planes"],
    plates: [["P9", 2, 3, "B01", "B03"]],
    channels: ["DAPI 16", "GFP 16"],
    pixelSizeUm: 0.5,
    missing: [
      "plate P9: no images of the well B02, between those that have some",
      "plate P9: no site 1 in B01",
    ],
  });
  expect(plan.sites).toEqual([
    ["B01", 0, [0, 0]],
    ["B03", 0, [0, 0]],
    ["B03", 1, [0, 1]],
  ]);
  expect(plan.content.images.at(-1)).toMatchObject({
    ...{ well: "B03", siteIndex: 1, channel: "GFP", zplane: 1, path: directory, imageIndex: 2 },
    plane: { channel: 1, z: 1 },
  });
});

test("OME-TIFF of Micro-Manager: wells by the names of files, places by OME-XML", async () => {
  const folder = join(scratch, "mmstack");
  await makeFolder(folder);
  for (const [i, label] of ["A01-Site_0", "A01-Site_1"].entries()) {
    const plane = {
      TheT: 0,
      TheC: 0,
      TheZ: 0,
      PositionX: 1.5 * i,
      PositionXUnit: "µm",
      PositionY: -3,
      PositionYUnit: "µm",
    };
    const path = join(folder, `run_MMStack_${label}.ome.tif`);
    await using writer = await createOmeTiff({ ...LAYOUT, path, metadata: { Planes: [plane] } });
    await writer.finish();
  }
  const plan = await planOf(folder, { format: [8, 12] });
  expect(plan).toMatchObject({
    sites: [
      ["A01", 0, [0, 0]],
      ["A01", 1, [0, 3]],
    ],
    channels: ["DAPI 16", "GFP 16"],
    missing: [],
  });
  expect(plan.images).toHaveLength(8);
});
