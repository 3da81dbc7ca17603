import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Dataset, openNdtiff, openOmeZarr } from "../../src/io/index.ts";
import { type CommandOptions, complaint, vitrine, vitrineHere } from "../support/command.ts";
import { demoConfig, scratchFolder } from "../support/mmcore.ts";
import { python, requirement } from "../support/require.ts";

/** A camera of 32 x 24 pixels, without noise, fading or a tilted focus: equal events give equal images. */
const MICROSCOPE = {
  properties: { Camera: { OnCameraCCDXSize: 32, OnCameraCCDYSize: 24 } },
  focus: { tiltUmPerMm: [0, 0], waveUm: 0 },
  noise: false,
  bleachingMs: 0,
};

const INVERT = `
export const stateless = true;
export default (image, metadata) => {
  for (let i = 0; i < image.data.length; i++) image.data[i] = 65535 - image.data[i];
  return [image, metadata];
};`;

const DOUBLE = `
export default async (image, metadata) => {
  const data = Float32Array.from(image.data, (value) => value / 2);
  return [{ ...image, data }, { ...metadata, Axes: { ...metadata.Axes, half: "yes" } }];
};`;

const THROWS = `
export default (image, metadata) => {
  if (metadata.Axes.time === 2) throw new RangeError("too bright");
  return [image, metadata];
};`;

/** Two exposures of which one light is twice the other. */
const TWO = [
  { axes: { time: 0 }, exposure: 10 },
  { axes: { time: 1 }, exposure: 20 },
];

const scratch = scratchFolder();
let folders = 0;

/** A folder with a plan, the microscope and processors, and a way to run them as a user who is in that folder. */
function planFolder(plan: unknown) {
  const folder = join(scratch, String(folders++));
  mkdirSync(folder);
  const text = typeof plan === "string" ? plan : JSON.stringify(plan);
  const files = { "plan.json": text, "demo.json": JSON.stringify(MICROSCOPE) };
  const modules = { "invert.mjs": INVERT, "double.mjs": DOUBLE, "throws.mjs": THROWS, "no.mjs": "" };
  for (const [name, content] of Object.entries({ ...files, ...modules }))
    writeFileSync(join(folder, name), content);
  const run = (args: readonly string[], options?: CommandOptions) => {
    const whole = ["acquire", "plan.json", ...args];
    return options === undefined
      ? vitrineHere(whole, { cwd: folder })
      : vitrine(whole, { cwd: folder, ...options });
  };
  return { folder, run, saved: join(folder, "out", "run_1") };
}

const DEMO = ["--config", "demo.json"];
const SAVED = ["--dir", "out", "--name", "run"];

const axesOf = (dataset: Dataset) => dataset.imageCoordinates();
const times = (count: number) => Array.from({ length: count }, (_, time) => ({ time }));

describe("plans", () => {
  test.each([
    ["a plain list", [{ axes: { time: 0 } }, { axes: { time: 1 } }], times(2)],
    [
      "a list under events",
      { events: [{ axes: { a: "x" } }, { axes: { a: "y" } }] },
      [{ a: "x" }, { a: "y" }],
    ],
    [
      "parameters",
      { num_time_points: 2, z_start: 0, z_end: 1, z_step: 1, order: "tz" },
      [
        { time: 0, z: 0 },
        { time: 0, z: 1 },
        { time: 1, z: 0 },
        { time: 1, z: 1 },
      ],
    ],
    [
      "a useq sequence",
      { axis_order: "tc", time_plan: { interval: 0.01, loops: 2 }, channels: ["DAPI", "FITC"] },
      [
        { time: 0, channel: 0 },
        { time: 0, channel: 1 },
        { time: 1, channel: 0 },
        { time: 1, channel: 1 },
      ],
    ],
  ])("%s, to NDTiff", async (_, plan, axes) => {
    const { run, saved } = planFolder(plan);
    const end = await run([...DEMO, ...SAVED]);
    expect(end.stderr).toBe("");
    expect(end.stdout).toMatch(
      new RegExp(
        `^${axes.length} images in out/run_1, [\\d.]+ s\\n  events ${axes.length}( \\([\\d.]+/s\\))?\\n`,
      ),
    );
    await using dataset = await openNdtiff(saved);
    expect([axesOf(dataset), dataset.isFinished, dataset.recovered]).toEqual([axes, true, 0]);
    const { width, height, data } = await dataset.readImage(axes[0]);
    expect([width, height, data.length]).toEqual([32, 24, 768]);
  });

  test("to OME-Zarr, the same pixels; the next run gets the next folder; JSON and nothing else to stdout", async () => {
    const { folder, run, saved } = planFolder(TWO);
    await run([...DEMO, ...SAVED]);
    const end = await run([...DEMO, ...SAVED, "--format", "ome-zarr", "--json"]);
    expect([end.code, end.stderr]).toEqual([0, ""]);
    const report = JSON.parse(end.stdout);
    expect(report).toMatchObject({ folder: "out/run_2", images: 2 });
    expect(Object.keys(report.results)).toEqual(["folder", "images", "stages", "seconds"]);
    const stages = ["events", "camera", "processor", "saving", "imageSaved", "subscribers"];
    expect(report.stages.map(({ stage }: { stage: string }) => stage)).toEqual(stages);
    await using first = await openNdtiff(saved);
    await using second = await openOmeZarr(join(folder, "out", "run_2"));
    expect(axesOf(second)).toEqual(times(2));
    for (const axes of times(2)) expect(await second.readImage(axes)).toEqual(await first.readImage(axes));
  });

  test("without --dir and --name nothing is saved", async () => {
    const { folder, run } = planFolder(TWO);
    const before = readdirSync(folder);
    const end = await run(DEMO);
    expect([end.code, end.stdout.split(",")[0]]).toEqual([0, "nothing was saved"]);
    expect(readdirSync(folder)).toEqual(before);
  });

  test("--name alone, as Pycro-Manager allows, saves nothing, and says so", async () => {
    const { folder, run } = planFolder(TWO);
    const before = readdirSync(folder);
    const end = await run([...DEMO, "--name", "run", "--json"]);
    expect([end.code, readdirSync(folder)]).toEqual([0, before]);
    expect(JSON.parse(end.stdout).warnings).toEqual([
      "--name has no effect here without --dir: nothing is saved (--memory keeps the images until the command ends)",
    ]);
    const kept = await run([...DEMO, "--name", "run", "--memory", "--json"]);
    expect([kept.code, JSON.parse(kept.stdout).warnings, JSON.parse(kept.stdout).images]).toEqual([0, [], 2]);
  });

  test("--tile-overlap makes a pyramid of rows and columns", async () => {
    const tiles = [0, 1].flatMap((row) => [0, 1].map((column) => ({ axes: { row, column } })));
    const { run, saved } = planFolder(tiles);
    expect((await run([...DEMO, ...SAVED, "--tile-overlap", "8,4"])).code).toBe(0);
    await using dataset = await openNdtiff(saved);
    expect(axesOf(dataset)).toEqual(tiles.map(({ axes }) => axes));
    expect(dataset.summaryMetadata).toMatchObject({ GridPixelOverlapX: 8, GridPixelOverlapY: 4 });
    const { XPosition_um_Intended: x, YPosition_um_Intended: y } = await dataset.readMetadata({
      row: 1,
      column: 1,
    });
    expect([x, y]).toEqual([(32 - 8) * 0.65, (24 - 4) * 0.65]);
    await using level = await openNdtiff(join(saved, "Downsampled_x2"));
    expect(axesOf(level)).toEqual([{ row: 0, column: 0 }]);
  });
});

describe("processors", () => {
  test.each([[[]], [["--workers", "2"]]])("a module that keeps nothing, %j", async (workers) => {
    const plan = Array.from({ length: 6 }, (_, time) => ({ axes: { time }, exposure: 10 + 5 * (time % 2) }));
    const { folder, run, saved } = planFolder(plan);
    await run([...DEMO, ...SAVED]);
    const end = await run([...DEMO, ...SAVED, "--processor", "invert.mjs", ...workers]);
    expect([end.code, end.stderr]).toEqual([0, ""]);
    await using plain = await openNdtiff(saved);
    await using inverted = await openNdtiff(join(folder, "out", "run_2"));
    expect(axesOf(inverted)).toEqual(times(6));
    for (const axes of times(6)) {
      const [a, b] = [await plain.readImage(axes), await inverted.readImage(axes)];
      expect(b.data).toEqual(a.data.map((value) => 65_535 - value));
    }
  });

  test("a module that changes type and axes", async () => {
    const { run, saved } = planFolder(TWO);
    const end = await run([...DEMO, ...SAVED, "--format", "ome-zarr", "--processor", "double.mjs"]);
    expect([end.code, end.stderr]).toEqual([0, ""]);
    await using dataset = await openOmeZarr(saved);
    expect(axesOf(dataset)).toEqual(times(2).map((axes) => ({ ...axes, half: "yes" })));
    const { data } = await dataset.readImage({ time: 0, half: "yes" });
    expect(data).toBeInstanceOf(Float32Array);
  });

  test.skipIf(!requirement("readers").available)(
    "Micro-Manager's devices and a function of Python",
    async () => {
      const { folder, run, saved } = planFolder(times(3).map((axes) => ({ axes, exposure: 5 })));
      writeFileSync(
        join(folder, "halve.py"),
        "def halve(image, metadata):\n  print('halved', metadata['Axes']['time'])\n  metadata['seen'] = int(image[0, 0])\n  return image // 2, metadata\n",
      );
      const mmcore = ["--microscope", "mmcore", "--config", demoConfig(), "--python", python];
      const end = await run([...mmcore, ...SAVED, "--processor", "halve.py:halve"]);
      expect([end.code, end.stdout.split(",")[0]]).toEqual([0, "3 images in out/run_1"]);
      expect(end.stderr.match(/^vitrine: halved \d$/gm)).toEqual(
        [0, 1, 2].map((i) => `vitrine: halved ${i}`),
      );
      await using dataset = await openNdtiff(saved);
      expect(axesOf(dataset)).toEqual(times(3));
      for (const axes of times(3)) {
        const { seen } = await dataset.readMetadata(axes);
        expect((await dataset.readImage(axes)).data[0]).toBe(Math.floor(Number(seen) / 2));
      }
    },
  );
});

describe("wrong use is exit code 2", () => {
  test.each([
    [["acquire"], "error: missing required argument 'plan.json'"],
    [
      ["acquire", "a.json", "b.json"],
      "error: too many arguments for 'acquire'. Expected 1 argument but got 2.",
    ],
    [["acquire", "a.json", "--proc", "b"], "error: unknown option '--proc'"],
    [
      ["acquire", "a.json", "--microscope", "real"],
      "error: option '--microscope <kind>' argument 'real' is invalid. Allowed choices are demo, mmcore.",
    ],
    [
      ["acquire", "a.json", "--format", "tiff"],
      "error: option '--format <format>' argument 'tiff' is invalid. Allowed choices are ndtiff, ome-zarr.",
    ],
    [
      ["acquire", "a.json", "--workers", "0"],
      "error: option '--workers <number>' argument '0' is invalid. Expected a whole number of at least 1.",
    ],
    [
      ["acquire", "a.json", "--tile-overlap", "1,2,3"],
      "error: option '--tile-overlap <pixels>' argument '1,2,3' is invalid. Expected N or X,Y.",
    ],
    [
      ["acquire", "a.json", "--tile-overlap", "1,x"],
      "error: option '--tile-overlap <pixels>' argument '1,x' is invalid. Expected a number of at least 0.",
    ],
  ])("vitrine %j", async (args, message) => {
    const end = await vitrineHere(args);
    expect([end.code, end.stdout, end.stderr.split("\n")[0]]).toEqual([2, "", message]);
  });
});

describe("a failure is exit code 1 and one line", () => {
  test.each([
    ["[{", [], "plan.json line 1 column 3: expected JSON, here a key in double quotes"],
    [[], [], "plan.json: expected at least one event, found an empty list."],
    [{ axes: { time: 0 } }, [], "plan.json: expected a list of events, "],
    [
      [{ axes: { time: 0 }, expsure: 5 }],
      [],
      'plan.json [0] expsure: expected a known key, found "expsure" (did you mean "exposure"?). ',
    ],
    [
      [{ axes: { time: 0 }, config_group: ["Channel", "DAPY"] }],
      [],
      'config Channel DAPY: expected one of DAPI, FITC, Rhodamine, Cy5, BF, found no such preset (did you mean "DAPI"?).',
    ],
    [[{ axes: { time: 0 }, x: 1e9 }], [], "XY position: expected -150000 to 150000 µm, found 1000000000 µm."],
    [
      TWO,
      ["--dir", "out"],
      "acquire: expected --name with --dir, found --dir alone. Name both, or leave --dir out.",
    ],
    [
      TWO,
      ["--config", "none.json"],
      "none.json: expected a readable file, found no such file. Check the path.",
    ],
    [
      TWO,
      ["--processor", "none.mjs"],
      "none.mjs: expected a module whose default export is the image processor, found no such file. Check the path.",
    ],
    [
      TWO,
      ["--processor", "no.mjs"],
      "no.mjs: expected a default export that is a function, found undefined.",
    ],
    [
      TWO,
      ["--processor", "double.mjs", "--workers", "2"],
      "double.mjs: expected `export const stateless = true`, for 2 workers, found undefined.",
    ],
    [
      TWO,
      ["--workers", "2"],
      "--workers: expected a processor that is a module of JavaScript, found no processor.",
    ],
    [
      TWO,
      ["--processor", "a.py"],
      "a.py: expected an image processor's file, found no such file. Check the path.",
    ],
    [
      TWO,
      [...SAVED, "--processor", "double.mjs"],
      "out/run_1 image at time 0, half yes: expected uint8 or uint16, or three channels of uint8 for NDTiff, found 1 x float32. Save it with --format ome-zarr.",
    ],
    [
      TWO,
      [...SAVED, "--tile-overlap", "4"],
      'event of a tiled acquisition: expected axes row and column (or col), whole numbers, found {"time":0}.',
    ],
    [
      TWO,
      [...SAVED, "--tile-overlap", "600"],
      "--tile-overlap: expected 0 to less than a tile of 512 x 512, found 600 and 600.",
    ],
    [
      TWO,
      ["--microscope", "mmcore", "--python", "/no/python"],
      "/no/python: expected a Python that starts, found no such program. Install Python 3.9 or later, or name it with --python (`python`) or the variable VITRINE_PYTHON.",
    ],
  ] as [unknown, string[], string][])("%j %j", async (plan, args, message) => {
    const { folder, run } = planFolder(plan);
    const end = await run(args);
    expect([end.code, end.stdout]).toEqual([1, ""]);
    const line = complaint(end, folder);
    const isWhole = message.endsWith(".");
    expect(isWhole ? line : line.slice(0, message.length + 9)).toBe(`vitrine: ${message}`);
  });

  test("a processor's own error keeps its type and stack; images before it are saved", async () => {
    const { folder, run, saved } = planFolder(times(5).map((axes) => ({ axes })));
    const end = await run([...DEMO, ...SAVED, "--processor", "throws.mjs"]);
    expect([end.code, end.stdout]).toEqual([1, ""]);
    const [first, second] = end.stderr.replaceAll(`${folder}/`, "").split("\n");
    expect([first, second]).toEqual([
      "vitrine: RangeError: too bright",
      expect.stringMatching(/^ {4}at default \(file:\/\/throws\.mjs:3:\d+\)$/),
    ]);
    await using dataset = await openNdtiff(saved);
    expect(axesOf(dataset)).toEqual(times(2));
  });
});

/** Twenty images a second for a minute. */
const LONG = times(1_200).map(({ time }) => ({ axes: { time }, min_start_time: time / 20 }));

/** Waits until a dataset has so many images. */
async function haveImages(saved: string, count: number): Promise<void> {
  for (let found = 0; found < count; ) {
    await new Promise((resolve) => void setTimeout(resolve, 20));
    if (!existsSync(join(saved, "NDTiff.index"))) continue;
    await using dataset = await openNdtiff(saved);
    found = dataset.imageCoordinates().length;
  }
}

/** Images of a dataset, which are those of the first time points; each is read. */
async function firstTimes(saved: string): Promise<{ count: number; isFinished: boolean }> {
  await using dataset = await openNdtiff(saved);
  const count = dataset.imageCoordinates().length;
  expect(axesOf(dataset)).toEqual(times(count));
  for (const axes of times(count)) expect((await dataset.readImage(axes)).data.length).toBe(768);
  return { count, isFinished: dataset.isFinished };
}

describe("an acquisition that is ended from outside", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s: one line, and what was taken is saved", async (signal) => {
    const { folder, run, saved } = planFolder(LONG);
    const onStart: CommandOptions["onStart"] = (kill) => void haveImages(saved, 10).then(() => kill(signal));
    const end = await run([...DEMO, ...SAVED], { onStart });
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toBe(
      `vitrine: acquisition: expected to run to its end, found received ${signal}. Images that were taken before are saved.`,
    );
    const { count, isFinished } = await firstTimes(saved);
    expect(isFinished).toBe(true);
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThan(LONG.length);
  });

  test("kill -9: every image that it had told of is there", async () => {
    const { run, saved } = planFolder(LONG);
    const end = await run([...DEMO, ...SAVED], { onStderr: (_, kill) => kill("SIGKILL") });
    expect([end.code, end.stdout]).toEqual([null, ""]);
    const told = Number(/^vitrine: events .*, saving (\d+)\b/.exec(end.stderr)![1]);
    expect(told).toBeGreaterThan(0);
    const { count, isFinished } = await firstTimes(saved);
    expect(count).toBeGreaterThanOrEqual(told);
    expect(isFinished).toBe(false);
  });
});
