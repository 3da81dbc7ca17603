import { expect, test } from "vitest";
import { describeDatabases } from "../../../../test/support/databases.ts";
import { seededRandom } from "../../../core/index.ts";
import {
  createOmeZarrImage,
  createOmeZarrLabels,
  openImage,
  openImages,
  writeNpy,
  writeTiff,
} from "../../../io/index.ts";
import {
  addContent,
  addMapobjects,
  createStaticMapobjects,
  type Experiment,
  exportLabels,
  importLabels,
  readMapobjects,
  windowOfPart,
} from "../../index.ts";

/** Blobs of labels with holes, neighbours that touch and diagonal contacts: every pixel takes after one of its neighbours, or of no one. */
function labelImage(height: number, width: number, seed: number): Uint16Array {
  const random = seededRandom(seed);
  const data = new Uint16Array(height * width);
  for (let i = 0; i < data.length; i++) {
    const draw = random.uniform();
    const [left, up] = [i % width > 0 ? data[i - 1] : 0, i >= width ? data[i - width] : 0];
    data[i] = draw < 0.46 ? left : draw < 0.92 ? up : Math.floor(random.uniform() * 60);
  }
  return data;
}

async function objects(experiment: Experiment, type = "Cells") {
  const found = [];
  for await (const object of readMapobjects(experiment, type)) found.push(object);
  return found;
}

async function pixels(path: string, image?: string): Promise<number[]> {
  await using source = await openImage(path, image === undefined ? {} : { image });
  return [...(await source.read()).data];
}

const [HEIGHT, WIDTH] = [60, 71];
const WINDOW = { y: 1000, x: 2000, height: HEIGHT, width: WIDTH };

describeDatabases("label images", ({ isSkipped, create, path }) => {
  test.skipIf(isSkipped)("TIFF, .npy and OME-Zarr go in, and come out as they were", async () => {
    await using experiment = await create();
    const data = labelImage(HEIGHT, WIDTH, 5);
    const [tiff, npy] = [path("cells.tif"), path("cells.npy")];
    await writeTiff(tiff, { pages: [{ data, height: HEIGHT, width: WIDTH, channels: 1 }] });
    await writeNpy(npy, { data, shape: [HEIGHT, WIDTH] });
    const zarr = path("cells.zarr");
    const axes = [
      { name: "y", kind: "space" as const },
      { name: "x", kind: "space" as const },
    ];
    const layout = { directory: zarr, shape: [HEIGHT, WIDTH], axes };
    await using image = await createOmeZarrImage({ ...layout, dtype: "uint16" });
    await image.write({}, data);
    await image.finish();
    await using labels = await createOmeZarrLabels({ ...layout, dtype: "uint32", name: "nuclei" });
    await labels.write({}, Uint32Array.from(data));
    await labels.finish();
    const placement = { y: WINDOW.y, x: WINDOW.x };
    const count = new Set(data.filter((value) => value > 0)).size;
    for (const [type, file] of [
      ["Tiff", tiff],
      ["Npy", npy],
      ["Zarr", zarr],
    ]) {
      expect(await importLabels(experiment, { path: file, type }, { placement })).toMatchObject({
        objects: count,
        skipped: 0,
      });
      const out = path("out.tif");
      expect(await exportLabels(experiment, { path: out, type }, { window: WINDOW })).toEqual({
        ...{ path: out, height: HEIGHT, width: WIDTH, objects: count, values: "labels" },
      });
      expect(await pixels(out)).toEqual([...data]);
    }
    const out = path("out.npy");
    await exportLabels(experiment, { path: out, type: "Npy" }, { window: WINDOW });
    expect(await pixels(out)).toEqual([...data]);
    const store = path("out.zarr");
    await exportLabels(experiment, { path: store, type: "Npy" }, { window: WINDOW });
    expect(await pixels(store)).toEqual([...data]);
    await exportLabels(experiment, { path: zarr, type: "Npy" }, { window: WINDOW });
    await using opened = await openImages(zarr);
    expect(opened.labels).toEqual(["labels/nuclei", "labels/Npy"]);
    expect(await pixels(zarr, "labels/Npy")).toEqual([...data]);
    await expect(importLabels(experiment, { path: zarr, type: "Zarr" })).rejects.toMatchObject({
      code: "undeterminable",
    });
    const part = { y: 1010, x: 2020, height: 7, width: 5 };
    await exportLabels(experiment, { path: path("part.tif"), type: "Npy" }, { window: part });
    await expect(
      exportLabels(experiment, { path: zarr, type: "Tiff" }, { window: part }),
    ).rejects.toMatchObject({ code: "shape" });
  });

  test.skipIf(isSkipped)(
    "a label is one object in all z planes, and in time where it is tracked",
    async () => {
      await using experiment = await create();
      const directory = path("stack.zarr");
      const names = ["time", "z", "y", "x"] as const;
      const kinds = { time: "time", z: "space", y: "space", x: "space" } as const;
      const axes = names.map((name) => ({ name, kind: kinds[name] }));
      await using image = await createOmeZarrImage({
        directory,
        shape: [2, 2, 2, 3],
        axes,
        dtype: "uint8",
        reduction: "nearest",
      });
      await image.write(
        {},
        Uint8Array.of(1, 0, 2, 1, 0, 2, 1, 0, 0, 1, 0, 0, 1, 3, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0),
      );
      await image.finish();
      await importLabels(experiment, { path: directory, type: "Cells" });
      const sizes = async (type: string) =>
        (await objects(experiment, type)).map(({ segmentations }) =>
          segmentations.map(({ label, timepoint, zplane }) => `${label}:${timepoint},${zplane}`).join(" "),
        );
      expect(await sizes("Cells")).toEqual(["1:0,0 1:0,1", "2:0,0", "1:1,0 1:1,1", "3:1,0"]);
      await importLabels(experiment, { path: directory, type: "Tracks" }, { isTracked: true });
      expect(await sizes("Tracks")).toEqual(["1:0,0 1:0,1 1:1,0 1:1,1", "2:0,0", "3:1,0"]);
      const window = { y: 0, x: 0, height: 2, width: 3 };
      const out = { path: path("plane.tif"), type: "Cells" };
      await expect(exportLabels(experiment, out, { window })).rejects.toThrow(
        /expected a time point .*found several: 0, 1/,
      );
      await exportLabels(experiment, out, { window, timepoint: 1, zplane: 0 });
      expect(await pixels(out.path)).toEqual([1, 3, 3, 0, 0, 0]);
    },
  );

  test.skipIf(isSkipped)(
    "numbers of objects where labels are double; overlaps are said; of sites, wells and plates",
    async () => {
      await using experiment = await create();
      const square = (x: number, label: number) => ({
        segmentations: [
          {
            label,
            geometry: {
              type: "Polygon" as const,
              coordinates: [
                [
                  [x, 0],
                  [x + 2, 0],
                  [x + 2, 2],
                  [x, 2],
                  [x, 0],
                ],
              ] as never,
            },
          },
        ],
      });
      await addMapobjects(experiment, { type: "Cells", objects: [square(0, 7), square(1, 7), square(4, 8)] });
      const [first] = await objects(experiment);
      const warnings: string[] = [];
      const onLog = (message: string) => warnings.push(message);
      const window = { y: 0, x: 0, height: 1, width: 6 };
      const report = await exportLabels(
        experiment,
        { path: path("ids.npy"), type: "Cells" },
        { window, onLog },
      );
      expect(report).toMatchObject({ values: "ids", objects: 3 });
      const { id } = first;
      expect(await pixels(report.path)).toEqual([id, id + 1, id + 1, 0, id + 2, id + 2]);
      expect(warnings).toEqual(["objects overlap: 1 pixel of 1 object is that of a later one"]);
      await expect(exportLabels(experiment, { path: path("all.npy"), type: "Cells" })).rejects.toMatchObject({
        code: "undeterminable",
      });
      await expect(
        exportLabels(experiment, { path: path("a.png"), type: "Cells" }, { window }),
      ).rejects.toMatchObject({ code: "unsupported" });

      const plate = { name: "P", nRows: 8, nColumns: 12, wells: [{ name: "B03" }] };
      const sites = [0, 1].map((siteIndex) => ({
        plate: "P",
        well: "B03",
        siteIndex,
        height: 40,
        width: 50,
      }));
      await addContent(experiment, { plates: [plate], sites });
      await expect(windowOfPart(experiment, { well: "B03", site: 1 })).rejects.toThrow(
        /expected a map on which Sites are/,
      );
      const boxes = {
        plates: [{ id: 1, y: 0, x: 0, height: 40, width: 100 }],
        wells: [{ id: 1, y: 0, x: 0, height: 40, width: 100 }],
      };
      const placed = [1, 2].map((id) => ({ id, y: 0, x: (id - 1) * 50, height: 40, width: 50 }));
      await createStaticMapobjects(experiment, { ...boxes, sites: placed, maxZoom: 4 });
      expect(await windowOfPart(experiment, { well: "b3", site: 1 })).toEqual({
        y: 0,
        x: 50,
        height: 40,
        width: 50,
      });
      expect(await windowOfPart(experiment, { plate: "P" })).toEqual({ y: 0, x: 0, height: 40, width: 100 });
      await expect(windowOfPart(experiment, { plate: "Q" })).rejects.toMatchObject({ code: "missing" });
      await expect(windowOfPart(experiment, { well: "B04" })).rejects.toMatchObject({ code: "missing" });
      await expect(windowOfPart(experiment, { well: "B03", site: 2 })).rejects.toMatchObject({
        code: "missing",
      });
    },
  );

  test.skipIf(isSkipped)("an image that is read in parts; values that are no labels", async () => {
    await using experiment = await create();
    const [height, width] = [4200, 4100];
    const data = new Uint8Array(height * width);
    const squares = [
      [10, 10],
      [4090, 100],
      [4095, 300],
      [2047, 4000],
    ];
    squares.forEach(([y, x], i) => {
      for (let row = y; row < y + 20; row++) data.fill(i + 1, row * width + x, row * width + x + 20);
    });
    const file = path("large.npy");
    await writeNpy(file, { data, shape: [height, width] });
    await importLabels(experiment, { path: file, type: "Cells" });
    const boxes = (await objects(experiment)).map(({ segmentations: [{ label, box }] }) => [
      label,
      box.minY,
      box.minX,
      box.maxY,
      box.maxX,
    ]);
    expect(boxes.sort(([a], [b]) => (a ?? 0) - (b ?? 0))).toEqual(
      squares.map(([y, x], i) => [i + 1, y, x, y + 20, x + 20]),
    );
    const faulty: readonly (readonly [string, Float32Array | Int16Array, string])[] = [
      ["float.npy", Float32Array.of(1, 2.5), "type"],
      ["nan.npy", Float32Array.of(1, Number.NaN), "type"],
      ["signed.npy", Int16Array.of(1, -1), "range"],
    ];
    for (const [name, values, code] of faulty) {
      const broken = path(name);
      await writeNpy(broken, { data: values, shape: [1, 2] });
      await expect(importLabels(experiment, { path: broken, type: "Broken" })).rejects.toMatchObject({
        code,
      });
    }
    const wide = path("wide.npy");
    await writeNpy(wide, { data: BigInt64Array.of(0n, 7n, 7n, 0n), shape: [2, 2] });
    await importLabels(experiment, { path: wide, type: "Wide" });
    expect((await objects(experiment, "Wide"))[0].segmentations).toMatchObject([
      { label: 7, geometry: { type: "MultiPolygon" } },
    ]);
    const colours = path("colours.tif");
    await writeTiff(colours, { pages: [{ data: new Uint8Array(12), height: 2, width: 2, channels: 3 }] });
    await expect(importLabels(experiment, { path: colours, type: "Broken" })).rejects.toMatchObject({
      code: "shape",
    });
  });
});
