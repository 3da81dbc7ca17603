import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openNdtiff, openOmeZarr } from "../../src/io/index.ts";
import { vitrineHere } from "../support/command.ts";
import { demoConfig, scratchFolder } from "../support/mmcore.ts";
import { requirement } from "../support/require.ts";

const scratch = scratchFolder();
const golden = fileURLToPath(new URL("../golden/cases/", import.meta.url));
const plan = (name: string) => join(golden, "plans", name);
const processor = (name: string) => join(golden, "processors", name);
const { available } = requirement("readers");

let runs = 0;
/** Runs a plan into a folder of its own. */
async function acquire(path: string, args: readonly string[] = []) {
  const name = `run${runs++}`;
  const saving = ["--dir", scratch, "--name", name, "--json"];
  const end = await vitrineHere(["acquire", path, ...saving, ...args]);
  const report = end.code === 0 ? JSON.parse(end.stdout) : undefined;
  return { ...end, report, folder: join(scratch, `${name}_1`) };
}
const timesOf = async (folder: string) => {
  await using dataset = await openNdtiff(folder);
  return dataset.imageCoordinates().map(({ time }) => time);
};
/** Writes a file beside the results. */
function written(name: string, text: string): string {
  writeFileSync(join(scratch, name), text);
  return join(scratch, name);
}

describe("plans of the field", () => {
  test("useq's YAML is a plan", async () => {
    const { report } = await acquire(plan("mda.yaml"));
    expect(report.images).toBe(24); // 3 time points, 2 positions, 4 planes
  });

  test("an empty range is an error that names it", async () => {
    const { code, stderr } = await acquire(plan("z_empty.json"));
    expect([code, stderr]).toEqual([1, expect.stringContaining("found none from 5 to 4 in steps of 1")]);
  });

  test.each([
    [{ z_plan: { top: 0, bottom: 4, step: 1 }, channels: ["DAPI"] }, "z_plan: expected at least one plane"],
    [{ channels: [], channel_group: "Channel" }, "channels: expected at least one, found an empty list"],
    [{ xy_positions: [] }, "xy_positions: expected at least one, found an empty list"],
    [{ channels: ["DAPI"], num_time_points: 2 }, "expected channel_group beside channels"],
    [{ channel_group: "Channel", num_time_points: 2 }, "expected channels beside channel_group"],
    [{ num_time_points: 2, position_labels: ["a"] }, "expected xy_positions or xyz_positions beside"],
    [{ num_time_points: 2, z_start: 0, z_end: 1, z_step: 1, order: "tp" }, "expected the letter z"],
  ])("what a plan asks for and would not get is an error: %j", async (value, message) => {
    const { code, stderr } = await acquire(written("refused.json", JSON.stringify(value)));
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test("a processor that forgets to return is told that nothing is saved", async () => {
    const forgetful = written(
      "forgetful.mjs",
      "export default (image, metadata) => { image.data.fill(1); };\n",
    );
    const { report } = await acquire(plan("six_images.json"), ["--processor", forgetful]);
    expect(report).toMatchObject({
      images: 0,
      warnings: [
        "the image processor returned none of 6 images, and nothing is saved: it returns the image and its metadata to keep them",
      ],
    });
  });

  test("equal axes are said before, and counted after", async () => {
    const { report } = await acquire(plan("equal_labels.json"));
    expect(report).toMatchObject({ images: 1, replaced: 1 });
    expect(report.warnings).toEqual([
      expect.stringContaining("1 of 2 events have the axes of an earlier one (position Pos0)"),
      expect.stringContaining("1 images replaced an earlier one"),
    ]);
  });

  test("names of channels and positions, and a sequence's metadata, are in the files", async () => {
    const summary = {
      metadata: { experiment: "beads" },
      ChNames: ["DAPI", "FITC"],
      PositionNames: ["A1_0000", "B2 site/3"],
    };
    const tiff = await acquire(plan("names.json"));
    await using ndtiff = await openNdtiff(tiff.folder);
    expect(ndtiff.channelNames).toEqual(["DAPI", "FITC"]);
    expect(ndtiff.summaryMetadata).toMatchObject(summary);
    const axes = { position: 1, grid: 0, channel: 1 };
    expect(await ndtiff.readMetadata(axes)).toMatchObject({ Channel: "FITC", PositionName: "B2 site/3" });
    const zarr = await acquire(plan("names.json"), ["--format", "ome-zarr"]);
    await using store = await openOmeZarr(zarr.folder);
    expect(store.summaryMetadata).toMatchObject(summary);
    const image = JSON.parse(readFileSync(join(zarr.folder, "0", "zarr.json"), "utf8")).attributes.ome;
    expect(image.omero.channels.map(({ label }: { label: string }) => label)).toEqual(["DAPI", "FITC"]);
    expect(image.multiscales[0].name).toContain("position A1_0000");
  });

  test("autofocus loses no image", async () => {
    const sequence = {
      stage_positions: [
        [0, 0, 10],
        [1, 1, 20],
      ],
      z_plan: { range: 2, step: 1 },
      autofocus_plan: { axes: ["p"], autofocus_device_name: "Autofocus", autofocus_motor_offset: 5 },
    };
    const { report } = await acquire(written("autofocus.json", JSON.stringify(sequence)));
    expect(report.images).toBe(6);
  });

  test("tiles without a size are as large as the camera's field; without a pixel size they are an error", async () => {
    const { folder } = await acquire(plan("grid_without_fov.json"));
    await using dataset = await openNdtiff(folder);
    const { XPosition_um_Intended: x, YPosition_um_Intended: y } = await dataset.readMetadata(
      dataset.imageCoordinates()[0],
    );
    // 512 pixels of 0.65 µm
    expect([x, y]).toEqual([expect.closeTo(-166.4, 9), expect.closeTo(166.4, 9)]);
  });
});

describe("processors of the field", () => {
  test("one that takes the queue keeps the command going until it puts null; what it puts after null is not taken", async () => {
    const { folder, report } = await acquire(plan("one_image.json"), [
      "--processor",
      processor("infinite.mjs"),
    ]);
    // at time 5 it puts the event of time 6, and then null: what came first is acquired, as by Pycro-Manager 1.0.2, which was run
    expect(await timesOf(folder)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(report.warnings).toEqual([expect.stringContaining("put events after null")]);
  });

  test("one that puts nothing more ends the command after a while, which is said", async () => {
    const { folder, report } = await acquire(plan("one_image.json"), [
      "--processor",
      processor("add1.mjs"),
      "--idle",
      "0.2",
    ]);
    expect(report.warnings).toEqual([expect.stringContaining("put neither an event nor null for 0.2 s")]);
    expect(await timesOf(folder)).toEqual([0, 100]);
  });

  test("metadata that JSON would change are refused with their key", async () => {
    const { code, stderr } = await acquire(plan("one_image.json"), ["--processor", processor("nan.mjs")]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("metadata.c: expected a value that JSON holds"),
    ]);
  });

  const times = { time_plan: { interval: 0, loops: 6 } };
  const hangs = [
    ["hang.mjs", "export default (image, { Axes }) => {\n  while (Axes.time === 2);\n};\n"],
    [
      "waits.mjs",
      "export default (image, { Axes }) =>\n  Axes.time === 2 ? new Promise(() => {}) : undefined;\n",
    ],
    [
      "hang.py",
      "def process(image, metadata):\n    while metadata['Axes'].get('time') == 2:\n        pass\n",
    ],
  ];
  test.each(hangs.filter(([name]) => available || !name.endsWith(".py")))(
    "one that hangs is ended after --processor-timeout, with its name and its image: %s",
    async (name, text) => {
      const path = written("times.json", JSON.stringify(times));
      const args = ["--processor", written(name, text), "--processor-timeout", "0.5"];
      const { code, stderr } = await acquire(path, args);
      const what = new RegExp(
        `image processor \\S*${name}\\S* for time 2: expected an end within 0.5 s, found none. Allow more with --processor-timeout`,
      );
      expect([code, stderr]).toEqual([1, expect.stringMatching(what)]);
    },
    60_000,
  );

  test("one that hangs while it is loaded is ended as well", async () => {
    const path = written("loads.mjs", "for (;;);\nexport default () => {};\n");
    const args = ["--processor", path, "--processor-timeout", "0.5"];
    const { code, stderr } = await acquire(plan("one_image.json"), args);
    const expected = "loads.mjs: expected an end within 0.5 s, found none";
    expect([code, stderr]).toEqual([1, expect.stringContaining(expected)]);
  });

  test("a text that is no JavaScript is named with its line", async () => {
    const broken = written("broken.mjs", "export default (image, metadata) => {\n  const a = ;\n};\n");
    const { code, stderr } = await acquire(plan("one_image.json"), ["--processor", broken]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("broken.mjs, line 2: expected JavaScript")]);
  });
});

describe.skipIf(!available)("with the devices of Micro-Manager", () => {
  const mmcore = ["--microscope", "mmcore", "--config", available ? demoConfig() : ""];
  const onCamera = (name: string, file: string, args: readonly string[] = []) =>
    acquire(plan(name), [...mmcore, "--processor", processor(file), ...args]);

  test("properties of a setup come before its region", async () => {
    const { folder } = await acquire(plan("setup_roi.json"), mmcore);
    await using dataset = await openNdtiff(folder);
    expect(dataset.imageCoordinates()).toHaveLength(4);
    expect(dataset.imageLayout(dataset.imageCoordinates()[0])).toMatchObject({ width: 64, height: 32 });
  });

  test("tiles are as large as the camera's field", async () => {
    const { folder } = await acquire(plan("grid_without_fov.json"), mmcore);
    await using dataset = await openNdtiff(folder);
    const metadata = await Promise.all(dataset.imageCoordinates().map((axes) => dataset.readMetadata(axes)));
    const places = metadata.map((each) => [each.XPosition_um_Intended, each.YPosition_um_Intended]);
    expect(new Set(places.flat())).toEqual(new Set([-256, 256]));
  });

  test.each([
    ["z1.json", "event z: expected a microscope with a focus drive"],
    ["z2.json", "event z: expected a microscope with a focus drive"],
    ["x2.json", "event x and y: expected a microscope with a XY stage"],
  ])("%s on a microscope without stages says which is missing", async (name, message) => {
    const config = ["--microscope", "mmcore", "--config", plan("noxy.cfg")];
    const adapters = ["--adapters", dirname(demoConfig())];
    const { code, stderr } = await acquire(plan(name), [...config, ...adapters]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    const without = await acquire(plan(name), config);
    expect([without.code, without.stderr]).toEqual([1, expect.stringMatching(/DemoCamera.*--adapters/)]);
  });

  test("a function of Python feeds the acquisition until it puts None", async () => {
    const { folder } = await onCamera("one_image.json", "adapt.py");
    expect(await timesOf(folder)).toEqual([0, 1, 2, 3, 4]);
  });

  test("an exception says its file, line and image", async () => {
    const { code, stderr } = await onCamera("six_images.json", "zdiv.py");
    expect(code).toBe(1);
    expect(stderr).toMatch(/ZeroDivisionError: division by zero \(.*zdiv\.py, line 2; image time 2\)/);
  });

  test.each(["fork.py", "thread.py"])(
    "%s starts processes of its own, and nothing is printed",
    async (file) => {
      const { code, stderr } = await onCamera("one_image.json", file);
      expect([code, stderr]).toEqual([0, ""]);
    },
  );

  test("NaN in metadata stays NaN", async () => {
    const { folder } = await onCamera("one_image.json", "nanpy.py");
    await using dataset = await openNdtiff(folder);
    expect(await dataset.readMetadata({ time: 0 })).toMatchObject({ mean_of_objects: Number.NaN });
  });
});
