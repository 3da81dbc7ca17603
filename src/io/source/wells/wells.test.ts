import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { convertDataset } from "../../convert/convert.ts";
import { createOmeZarrPlate } from "../../omezarr/multiscale/plate.ts";
import { sourceAxis } from "../axes.ts";
import { memorySource } from "../memory.ts";
import { openImage, openImages } from "../open.ts";
import type { ImageSource } from "../source.ts";
import { viewLevel } from "../viewLevels.ts";
import { readView } from "../views.ts";
import { pasteFields } from "./paste.ts";
import { placeFields } from "./place.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-wells-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const AXES = [
  sourceAxis("channel"),
  sourceAxis("y", { unit: "micrometer" }),
  sourceAxis("x", { unit: "micrometer" }),
];

interface FieldOptions {
  readonly shape?: readonly [channels: number, height: number, width: number];
  /** µm; a pixel has 0.5. */
  readonly at?: readonly [y: number, x: number];
  /** Of all pixels, unless each has its own. */
  readonly value?: number;
  readonly unit?: string;
  readonly stepUm?: number;
}

/** A field in memory, whose values no other field has. */
function fieldOf({ shape = [1, 4, 6], at = [0, 0], value, unit, stepUm = 0.5 }: FieldOptions): ImageSource {
  const length = shape.reduce((product, side) => product * side, 1);
  const data = Uint16Array.from({ length }, (_, i) => value ?? 1 + i);
  const axes = AXES.map((axis) => (unit === undefined || axis.name === "channel" ? axis : { ...axis, unit }));
  const names = AXES.map(({ name }) => name);
  return memorySource(
    { data, axes: names, shape },
    { axes, scale: [1, stepUm, stepUm], translation: [0, ...at] },
  );
}

function wellOf(sources: readonly ImageSource[]) {
  const placed = placeFields(sources.map((source, i) => ({ image: `A/1/${i}`, source })));
  return { placed, well: pasteFields(placed, { name: "well", sources, warnings: placed.warnings }) };
}

const partsOf = ({ parts = [] }: ImageSource) =>
  parts.map(({ y, x, height, width }) => [y, x, height, width]);

describe("places", () => {
  test("are those that the fields tell, in pixels from the first row and column", () => {
    const { well } = wellOf([fieldOf({ at: [100, 203] }), fieldOf({ at: [102.1, 200], shape: [1, 8, 2] })]);
    expect(partsOf(well)).toEqual([
      [0, 6, 4, 6],
      [4, 0, 8, 2],
    ]);
    expect(well.warnings).toEqual([]);
    expect([well.levels[0].shape, well.levels[0].translation]).toEqual([
      [1, 12, 12],
      [0, 100, 200],
    ]);
  });

  test("may be told in other units", () => {
    const { well } = wellOf([
      fieldOf({ at: [0, 0] }),
      fieldOf({ at: [0, 5000], unit: "nanometer", stepUm: 500 }),
    ]);
    expect(partsOf(well)).toEqual([
      [0, 0, 4, 6],
      [0, 10, 4, 6],
    ]);
  });

  test.each([
    [[7, 7], /^fields have no positions: placed in a grid/],
    [[0, 1e300], /^positions of fields span more than 16777216 pixels: placed in a grid/],
  ] as const)("second field at %j: a grid, row by row, which is said", (second, message) => {
    const at = [[7, 7], second, [7, 7], [7, 7], [7, 7]] as const;
    const { well } = wellOf(at.map((place, i) => fieldOf({ at: place, shape: [1, 4 + (i % 2), 6] })));
    expect(partsOf(well)).toEqual([
      [0, 0, 4, 6],
      [0, 6, 5, 6],
      [0, 12, 4, 6],
      [5, 0, 5, 6],
      [5, 6, 4, 6],
    ]);
    expect(well.warnings).toEqual([expect.stringMatching(message)]);
  });

  test("fields of another pixel size, type or other axes are left out, which is said", () => {
    const bytes = memorySource({ data: new Uint8Array(4), axes: ["channel", "y", "x"], shape: [1, 2, 2] });
    const plane = memorySource({ data: new Uint16Array(4), axes: ["y", "x"], shape: [2, 2] });
    const { well } = wellOf([fieldOf({}), fieldOf({ stepUm: 0.51, at: [0, 3] }), bytes, plane]);
    expect(well.parts).toHaveLength(1);
    expect(well.warnings).toEqual([
      "field A/1/1 is left out: its pixel size along y is 0.51, not 0.5, open it alone (image A/1/1)",
      "field A/1/2 is left out: its type is uint8, not uint16, open it alone (image A/1/2)",
      "field A/1/3 is left out: its axes are y, x, not channel, y, x, open it alone (image A/1/3)",
    ]);
  });
});

describe("pixels", () => {
  const field = fc.record({
    shape: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
    ),
    at: fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })),
  });

  test("are those of the last field that covers them, else 0, in whichever part is read", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(field, { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        async (list, draw) => {
          const sources = list.map(({ shape, at: [y, x] }, i) =>
            fieldOf({ shape, at: [y / 2, x / 2], value: i + 1 }),
          );
          const { well, placed } = wellOf(sources);
          const [channels, height, width] = well.levels[0].shape;
          const span = (length: number) => {
            const [a, b] = [draw.next().value % (length + 1), draw.next().value % (length + 1)];
            return [Math.min(a, b), Math.max(a, b)] as const;
          };
          const region = { channel: span(channels), y: span(height), x: span(width) };
          const { data } = await well.read({ region });
          const expected: number[] = [];
          for (let c = region.channel[0]; c < region.channel[1]; c++)
            for (let y = region.y[0]; y < region.y[1]; y++)
              for (let x = region.x[0]; x < region.x[1]; x++) {
                const above = placed.fields.findLastIndex(
                  ({ part, source }) =>
                    c < source.levels[0].shape[0] &&
                    y >= part.y &&
                    y < part.y + part.height &&
                    x >= part.x &&
                    x < part.x + part.width,
                );
                expected.push(above + 1);
              }
          expect(Array.from(data)).toEqual(expected);
          const again = await well.read({ region, into: new Uint16Array(data.length).fill(9) });
          expect(again.data).toEqual(data);
        },
      ),
    );
  });

  test("of coarser levels are means of their fields', without gaps between neighbours", async () => {
    const shape = [1, 601, 701] as const;
    const sources = [0, 1, 2, 3].map((i) =>
      fieldOf({ shape, at: [(601 * (i >> 1)) / 2, (701 * (i % 2)) / 2], value: 100 * (i + 1) }),
    );
    const { well } = wellOf(sources);
    expect(well.levels.map((level) => level.shape)).toEqual([
      [1, 1202, 1402],
      [1, 601, 701],
      [1, 301, 351],
    ]);
    for (const level of [1, 2]) {
      const { data } = await well.read({ level });
      expect([...new Set(data)].sort()).toEqual([100, 200, 300, 400]);
      const view = viewLevel(sources[3], 2 ** level);
      expect(data.at(-1)).toBe(400);
      const box = { y: 0, x: 0, height: view.height, width: view.width };
      expect(new Set(await readView(sources[3], { level: view, box, region: { channel: 0 } }))).toEqual(
        new Set([400]),
      );
    }
    await well.close();
    await expect(well.read()).rejects.toMatchObject({ code: "missing" });
  });

  test("of files whose levels leave out an odd last row and column have no gaps either", async () => {
    const [full, half] = [
      [1, 301, 301],
      [1, 150, 150],
    ];
    const names = AXES.map(({ name }) => name);
    const sources = [0, 1, 2, 3].map((i) => {
      const filledWith = (shape: readonly number[]) => new Uint16Array(shape[1] * shape[2]).fill(i + 1);
      const lower = [{ data: filledWith(half), shape: half, factors: [1, 2, 2] }];
      const translation = [0, 301 * (i >> 1), 301 * (i % 2)];
      const block = { data: filledWith(full), axes: names, shape: full };
      return memorySource(block, { axes: AXES, scale: [1, 1, 1], translation, lower });
    });
    const { well } = wellOf(sources);
    const [, { shape }] = well.levels;
    expect(shape).toEqual([1, 301, 301]);
    const { data } = await well.read({ level: 1 });
    expect([...new Set(data)].sort()).toEqual([1, 2, 3, 4]);
    // also where a part begins with what is left out
    const corner = await well.read({ level: 1, region: { y: [150, 151], x: [150, 151] } });
    expect([...corner.data]).toEqual([data[150 * 301 + 150]]);
    // any part is that of the whole
    const span = fc
      .tuple(fc.nat(301), fc.nat(301))
      .map((ends) => ends.sort((a, b) => a - b) as [number, number]);
    await fc.assert(
      fc.asyncProperty(span, span, async (rows, columns) => {
        const part = await well.read({ level: 1, region: { y: rows, x: columns } });
        const lines = Array.from({ length: rows[1] - rows[0] }, (_, i) => (rows[0] + i) * 301);
        const expected = lines.flatMap((at) => [...data.subarray(at + columns[0], at + columns[1])]);
        expect([...part.data]).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

describe("plates", () => {
  const store = join(scratch, "plate.zarr");
  const FIELDS = [
    { row: "A", column: "1", acquisition: 0, at: [0, 0] },
    { row: "A", column: "1", acquisition: 0, at: [0, 128] },
    { row: "A", column: "1", acquisition: 4, at: [0, 0] },
    { row: "A", column: "1", acquisition: 4, at: [0, 0] },
    { row: "B", column: "2", acquisition: 0, at: [3, 3] },
    { row: "B", column: "1", acquisition: 0, at: [20, 20] },
    { row: "B", column: "1", acquisition: 0, at: [0, 0] },
    { row: "B", column: "1", acquisition: 0, at: [20, 0] },
  ] as const;

  async function makePlate(): Promise<void> {
    const acquisitions = [{ id: 0, name: "live" }, { id: 4 }];
    const named = { rows: ["A", "B"], columns: ["1", "2"], acquisitions };
    await using plate = await createOmeZarrPlate({ directory: store, ...named, threads: 0 });
    for (const [i, { at, ...place }] of FIELDS.entries()) {
      await using writer = await plate.createField({
        ...{ ...place, axes: AXES, shape: [2, 40, 40], dtype: "uint16" },
        ...{ scale: [1, 0.5, 0.5], translation: [0, ...at], channels: [{ name: "DAPI" }, { name: "GFP" }] },
      });
      await writer.write({}, new Uint16Array(2 * 40 * 40).fill(i + 1));
      await writer.finish();
    }
  }

  test("open their wells by name, an acquisition each, one field as what it is", async () => {
    await makePlate();
    await using plate = await openImages(store);
    expect(plate.wells).toEqual([
      {
        ...{ image: "A01 acquisition 0", well: "A01", rowIndex: 0, columnIndex: 0 },
        ...{ acquisition: 0, acquisitionName: "live", fields: ["A/1/0", "A/1/1"] },
      },
      {
        ...{ image: "A01 acquisition 4", well: "A01", rowIndex: 0, columnIndex: 0 },
        ...{ acquisition: 4, fields: ["A/1/2", "A/1/3"] },
      },
      {
        ...{ image: "B01", well: "B01", rowIndex: 1, columnIndex: 0 },
        ...{ acquisition: 0, acquisitionName: "live", fields: ["B/1/0", "B/1/1", "B/1/2"] },
      },
      {
        ...{ image: "B/2/0", well: "B02", rowIndex: 1, columnIndex: 1 },
        ...{ acquisition: 0, acquisitionName: "live", fields: ["B/2/0"] },
      },
    ]);
    expect(plate.images).toHaveLength(FIELDS.length);
    await using well = await plate.open("A01 acquisition 0");
    expect(well.levels[0].shape).toEqual([2, 40, 296]);
    const { data } = await well.read({ region: { channel: 1, y: 7 } });
    expect([data[39], data[40], data[255], data[256]]).toEqual([1, 0, 0, 2]);
    expect(well.axes[0].values).toEqual(["DAPI", "GFP"]);
    await using grid = await plate.open("A01 acquisition 4");
    expect(partsOf(grid)).toEqual([
      [0, 0, 40, 40],
      [0, 40, 40, 40],
    ]);
    expect(grid.warnings).toEqual([
      "fields have no positions: placed in a grid, in the order of the well's list",
    ]);
    await using placed = await openImage(store, { image: "B01" });
    expect(partsOf(placed).map(([y, x]) => [y, x])).toEqual([
      [40, 40],
      [0, 0],
      [40, 0],
    ]);
    await expect(plate.open("C01")).rejects.toThrow(
      'plate.zarr image: expected a well (A01 acquisition 0, A01 acquisition 4, B01, B/2/0) or a field (A/1/0 …), found "C01".',
    );
  });

  test("of OME-TIFF as well, by the positions of its planes", async () => {
    const file = join(scratch, "plate.ome.tif");
    await convertDataset(store, file, { onLog: () => {} });
    await using plate = await openImages(file);
    const name = plate.wells?.find(({ well }) => well === "B01")?.image;
    await using well = await plate.open(name);
    expect(partsOf(well).map(([y, x]) => [y, x])).toEqual([
      [40, 40],
      [0, 0],
      [40, 0],
    ]);
    const { data } = await well.read({ region: { channel: 0, y: 50, x: [0, 80] } });
    expect([data[0], data[79]]).toEqual([8, 6]);
  });

  test("show what there is of a well whose field is lost, and say which", async () => {
    const lost = join(store, "B", "1", "1");
    rmSync(lost, { recursive: true });
    await using plate = await openImages(store);
    await using well = await plate.open("B01");
    expect(partsOf(well).map(([y, x]) => [y, x])).toEqual([
      [0, 40],
      [0, 0],
    ]);
    expect(well.warnings).toEqual([
      expect.stringMatching(/^field B\/1\/1 is left out: .*plate.zarr\/B\/1\/1/),
    ]);
    for (const field of ["0", "2"]) rmSync(join(store, "B", "1", field), { recursive: true });
    await expect(plate.open("B01")).rejects.toMatchObject({ code: "missing" });
  });

  test("without translations lie in a grid", async () => {
    for (const field of ["0", "1"]) {
      const path = join(store, "A", "1", field, "zarr.json");
      const node = JSON.parse(readFileSync(path, "utf8"));
      for (const level of node.attributes.ome.multiscales[0].datasets) {
        const [scale] = level.coordinateTransformations;
        level.coordinateTransformations = [scale];
      }
      writeFileSync(path, JSON.stringify(node));
    }
    await using plate = await openImages(store);
    await using well = await plate.open("A01 acquisition 0");
    expect(partsOf(well)).toEqual([
      [0, 0, 40, 40],
      [0, 40, 40, 40],
    ]);
    expect(well.warnings).toEqual([
      "fields have no positions: placed in a grid, in the order of the well's list",
    ]);
  });

  test("of bioformats2raw lie where its OME-XML says that the stage was", async () => {
    const image = (id: number, [y, x]: readonly [number, number]) =>
      `<Image ID="Image:${id}"><Pixels ID="Pixels:${id}" DimensionOrder="XYZCT" Type="uint16" SizeX="40" SizeY="40" SizeZ="1" SizeC="2" SizeT="1">` +
      `<Plane TheZ="0" TheC="0" TheT="0" PositionX="${x}" PositionXUnit="mm" PositionY="${y}" PositionYUnit="mm"/></Pixels></Image>`;
    const sample = (id: number) =>
      `<WellSample ID="WellSample:${id}" Index="${id}"><ImageRef ID="Image:${id}"/></WellSample>`;
    const xml =
      '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">' +
      '<Plate ID="Plate:0" RowNamingConvention="letter" ColumnNamingConvention="number" Rows="2" Columns="2">' +
      `<Well ID="Well:0" Row="0" Column="0">${[0, 1].map(sample).join("")}</Well></Plate>` +
      `${image(0, [1.03, 0.02])}${image(1, [1, 0])}</OME>`;
    const file = join(store, "OME", "METADATA.ome.xml");
    mkdirSync(join(store, "OME"));
    writeFileSync(file, xml);
    await using plate = await openImages(store);
    await using well = await plate.open("A01 acquisition 0");
    expect([partsOf(well), well.warnings]).toEqual([
      [
        [60, 40, 40, 40],
        [0, 0, 40, 40],
      ],
      [],
    ]);
    writeFileSync(file, xml.slice(0, 500));
    await using other = await plate.open("A01 acquisition 0");
    expect(other.warnings).toEqual([
      expect.stringMatching(/^where the stage was cannot be read: .*METADATA.ome.xml/),
      expect.stringMatching(/^fields have no positions: placed in a grid/),
    ]);
  });
});
