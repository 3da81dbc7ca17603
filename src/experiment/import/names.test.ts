import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folderOf, planOf, scratch } from "../../../test/support/importCase.ts";
import { planImport } from "../index.ts";

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const NAMES: readonly (readonly [microscope: string, names: readonly string[], images: readonly string[]])[] =
  [
    ["CellVoyager", ["P_A01.b3_T0001F001L01A01Z01C01.tif"], ["B03 0 01 0 0"]],
    ["IN Carta", ["t2_B03_s1_w1_z1.tif"], ["B03 0 1 1 0"]],
    [
      "BD Pathway",
      ["Well B03/DAPI - n000000.tif", "Well B03/DAPI - n000001.tif"],
      ["B03 0 DAPI 0 0", "B03 0 DAPI 1 0"],
    ],
    ["ScanR", ["B3--W00015--P00002--Z00000--T00000--DAPI.tif"], ["B03 1 DAPI 0 0"]],
    [
      "NIS-Elements",
      ["WellB03_PointB03_0000_ChannelDAPI_Seq0001.tif".replace("PointB03_0000", "PointB3_0000")],
      ["B03 0 DAPI 0 0"],
    ],
    ["Incucyte (raw)", ["2401/09/1200/7/B3-1-C1.tif"], ["B03 0 C1 0 0"]],
    [
      "Incucyte",
      ["x_B3_1_00d00h00m.tif", "x_B3_1_00d06h00m.tif"],
      ["B03 0 channel 0 0 0", "B03 0 channel 0 1 0"],
    ],
    ["ZEN", ["x_s1t2z3c1m1_ORG.tif"], ["A01 0 1 1 2"]],
    ["Cytation", ["B3_02_SP1_C1_DAPI_T001.tif".replace("SP1_", "SP1_")], ["B03 0 DAPI 0 0"]],
    ["Cellomics", ["P_B03f00d0.tif"], ["B03 0 0 0 0"]],
    ["ImageXpress", ["P_B03_s2_w1.tif", "P_B03_s2_w2_thumb.tif"], ["B03 1 1 0 0"]],
    ["AxioVision", ["x_p2DAPI.tif"], ["A01 1 DAPI 0 0"]],
    ["VisiView or MetaMorph", ["x_B03_w1DAPI_s2_t3.tif"], ["B03 1 DAPI 2 0"]],
    ["Micro-Manager 1.4", ["img_000000001_DAPI_002.tif"], ["A01 0 DAPI 0 1"]],
    ["Micro-Manager 2", ["img_channel000_position001_time000000000_z000.tif"], ["A01 0 000 0 0"]],
  ];

test.each(NAMES)("%s by names of files", async (microscope, names, images) => {
  const plan = await planOf(await folderOf(names));
  expect(plan.understood[0]).toMatch(microscope);
  expect(plan.images).toEqual(images);
});

test("names that say a plate alone are nobody's: each file was a plate of its own", async () => {
  const names = ["P1_A01_y0_x0_DAPI_z0.tif", "P1_A01_y0_x1_DAPI_z0.tif", "overview.tif"];
  await expect(planImport(await folderOf(names))).rejects.toMatchObject({ code: "undeterminable" });
  const [stack] = names;
  const plan = await planImport(await folderOf([stack, "x_w1DAPI_s2.tif", "x_w1DAPI_s1.tif"]));
  expect(plan.understood[0]).toMatch("VisiView");
});

test("BD Pathway's mosaics and stacks, and ScanR's twelve bits, are said", async () => {
  const bd = ["Well B03/DAPI - n000000.tif", "Well B03/DAPI - n000001.tif"];
  const general = '[General]\r\nDyes=1\r\n[Dyes]\r\n1="DAPI"\r\n[Camera]\r\nBitdepthUsed=12\r\n';
  const exp = `${general}[Image]\r\nMontaged=1\r\nTilesX=2\r\nTilesY=1\r\n`;
  const plan = await planOf(await folderOf(bd, { "Experiment.exp": exp }), { format: [8, 12] });
  expect(plan).toMatchObject({
    ...{ images: ["B03 0 DAPI 0 0", "B03 0 DAPI 1 0"], unmatched: [] },
    channels: ["DAPI 12"],
  });
  expect(plan.warnings).toEqual([
    "Experiment.exp: images are mosaics of the fields of a well (Montaged=1): each is one site",
    expect.stringMatching(/^BD Pathway: no file .xyz says how many z planes there are: .* time points/),
  ]);
  const scanr = await planOf(await folderOf(["B3--W00015--P00001--Z00000--T00000--DAPI.tif"]), {
    format: [8, 12],
  });
  expect(scanr.channels).toEqual(["DAPI 12, mask 4095"]);
  expect(scanr.warnings).toEqual([expect.stringMatching(/^ScanR: cameras of 12 bits/)]);
});

test("BD Pathway's numbers are z planes within time points, as many as its .xyz says; .plt tells the plate", async () => {
  const names = Array.from({ length: 6 }, (_, n) => `run/Well B03/DAPI - n00000${n}.tif`);
  const axis = (mode: number) =>
    `[X]\r\na=1\r\n[Z1Axis]\r\nZ1AxisEnabled=1\r\nZ1AxisMode=${mode}\r\nZ1AxisValue=2.0\r\n`;
  const notes = {
    "run/Experiment.exp": "[General]\r\nDyes=1\r\n",
    "run/Plate.plt": '[PlateType]\r\nBrand="x"\r\nWells=384\r\n',
  };
  const stack = await planOf(await folderOf(names, { ...notes, "run/Scan.xyz": axis(1) }));
  expect(stack.images).toEqual([0, 1].flatMap((t) => [0, 1, 2].map((z) => `B03 0 DAPI ${t} ${z}`)));
  expect(stack).toMatchObject({ warnings: [], unmatched: [] });
  const series = await planOf(await folderOf(names, { ...notes, "run/Scan.xyz": axis(0) }));
  expect(series.images).toEqual([0, 1, 2, 3, 4, 5].map((t) => `B03 0 DAPI ${t} 0`));
  expect(series.warnings).toEqual([]);
});

test("positions and pixel sizes of MetaMorph's stacks are those of its tags", async () => {
  const folder = await folderOf([], { "notes.txt": "" });
  const golden = new URL("../../../test/golden/tiff-others/", import.meta.url);
  for (const [name, from] of [
    ["x_B03_w1DAPI_s1.stk", "stack.stk"],
    ["x_B03_w1DAPI_s2.stk", "moved.stk"],
  ] as const)
    copyFileSync(new URL(from, golden), join(folder, name));
  const plan = await planOf(folder, { format: [8, 12] });
  // 1.95 µm to the right are six pixels of 0.325
  expect(plan.sites).toEqual([
    ["B03", 0, [0, 0]],
    ["B03", 1, [0, 6]],
  ]);
  expect(plan.pixelSizeUm).toBeCloseTo(0.325, 9);
});

test("CQ1 numbers wells row by row and needs the plate's format", async () => {
  const folder = await folderOf(["W0015F0001T0001Z001C1.tif"]);
  await expect(planImport(folder)).rejects.toThrow("Give --format");
  expect((await planOf(folder, { format: [8, 12] })).images).toEqual(["B03 0 1 0 0"]);
});
