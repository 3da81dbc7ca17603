import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { acquireAll, acquireWell, openStampMicroscope, timePoints } from "../../../test/support/acquire.ts";
import { scratchFolder, writePython } from "../../../test/support/mmcore.ts";
import { python, requirement } from "../../../test/support/require.ts";
import { multiDAcquisitionEvents } from "../events/multiD.ts";
import { runPlan } from "../program.ts";
import { openPythonProcessor } from "./mmcore.node.ts";

const { available } = requirement("readers");
const folder = scratchFolder();
const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/cases/${name}`, import.meta.url));
const ringFiles = () => readdirSync(folder).filter((name) => name.startsWith("vitrine-ring-"));

const SOURCE = `
import os
import numpy as np

def process(image, metadata):
    metadata["Sum"] = int(image.sum())
    return image + 1, metadata

def grows(image, metadata):
    return np.tile(image, (5, 5)), metadata

def many(image, metadata):
    return [(image, dict(metadata, Axes=dict(metadata["Axes"], half=i))) for i in range(3)]

def feeds(image, metadata, event_queue):
    time = metadata["Axes"]["time"]
    event_queue.put({"axes": {"time": time + 1}} if time < 4 else None)
    return image, metadata

def raises(image, metadata):
    if metadata["Axes"]["time"] == 2:
        raise KeyError("too bright")
    return image, metadata

def dies(image, metadata):
    if metadata["Axes"]["time"] == 2:
        os.kill(os.getpid(), 9)
    return image, metadata

def flat(image, metadata):
    return image[0], metadata

def words(image, metadata):
    return "text"

def colours_first(image, metadata):
    return np.stack([image] * 3), metadata

def wide(image, metadata):
    return image.astype(np.int64) << 40, metadata

def mask(image, metadata):
    return image > 0, metadata

def masked(image, metadata):
    return np.ma.masked_array(image, np.arange(image.size).reshape(image.shape) == 3), metadata
`;

describe.skipIf(!available)("a function of Python and the simulated microscope", () => {
  const file = writePython(folder, "mine.py", SOURCE);
  const opened: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    expect(ringFiles()).toEqual([]);
  });
  const open = async (name?: string) => {
    const processor = name === undefined ? file : `${file}:${name}`;
    const imageProcessor = await openPythonProcessor({ processor, python, ringFolder: folder });
    const microscope = await openStampMicroscope();
    opened.push(imageProcessor, microscope);
    return { imageProcessor, microscope };
  };

  test("gets every frame in its order, and what it returns is kept", async () => {
    const { imageProcessor, microscope } = await open();
    expect(imageProcessor).toMatchObject({ name: "mine.py:process", takesQueue: false });
    const plain = await acquireWell({ microscope }, timePoints(40));
    const { dataset } = await acquireWell({ microscope, imageProcessor }, timePoints(40));
    expect(dataset.imageCoordinates()).toEqual(timePoints(40).map(({ axes }) => axes));
    const before = await plain.dataset.readImage({ time: 7 });
    const after = await dataset.readImage({ time: 7 });
    // 40 frames later, so that the stamp differs by 40, and 1 was added
    expect(after.data[0] - before.data[0]).toBe(41);
    const { Sum } = await dataset.readMetadata({ time: 7 });
    expect(Sum).toBe(Array.from(after.data, (value) => value - 1).reduce((sum, value) => sum + value, 0));
  });

  test("frames that grow get a larger ring; images larger than a slot come too", async () => {
    const { imageProcessor, microscope } = await open("grows");
    const sizes = [16, 64, 32, 128].map((side, time) => ({
      axes: { time },
      properties: [
        ["Camera", "OnCameraCCDXSize", String(side)],
        ["Camera", "OnCameraCCDYSize", String(side)],
      ] as [string, string, string][],
    }));
    const { dataset } = await acquireWell({ microscope, imageProcessor }, sizes);
    const widths = dataset.imageCoordinates().map((axes) => dataset.imageLayout(axes).width);
    expect(widths).toEqual([80, 320, 160, 640]);
  });

  test("several images, events until None, booleans as uint8", async () => {
    const many = await open("many");
    const { dataset } = await acquireWell(many, timePoints(2));
    expect(dataset.imageCoordinates()).toHaveLength(6);
    const mask = await open("mask");
    const masks = await acquireWell(mask, timePoints(1));
    expect(masks.dataset.imageLayout({ time: 0 }).dtype).toBe("uint8");
    const plan = golden("plans/one_image.json");
    const processor = golden("processors/adapt.py");
    const microscope = { kind: "demo", python } as const;
    const report = await runPlan(plan, { microscope, processor, save: "memory" });
    expect(report.images).toBe(5);
  });

  test.each([
    ["raises", /^mine\.py:raises: .*KeyError: .*too bright.* \(.*mine\.py, line \d+; image time 2\)/, 2],
    ["dies", /^mine\.py:dies: .*its end with signal SIGKILL \(image time 2\)/, 2],
    [
      "flat",
      /^mine\.py:flat: .*the image has the shape \(\d+,\); expected \(height, width\).* \(image time 0\)/,
      0,
    ],
    ["words", /^mine\.py:words: .*returned a str; expected \(image, metadata\)/, 0],
    ["colours_first", /np\.moveaxis\(image, 0, -1\)/, 0],
    ["masked", /the image is a masked array.*image\.filled\(0\)/, 0],
    ["wide", /type int64 and values from \d+ to \d+; cast it to float64 first/, 0],
  ])("%s ends the acquisition with what it says; images before it are kept", async (name, message, kept) => {
    const { dataset, error } = await acquireAll(await open(name), timePoints(6));
    expect(error).toMatchObject({ code: "worker", message: expect.stringMatching(message) });
    expect(dataset.imageCoordinates()).toHaveLength(kept);
  });

  test("what cannot be opened says why, and leaves no process", async () => {
    const lacking = writePython(folder, "lacking.py", "import nothing_like_this\n");
    const broken = writePython(folder, "broken.py", "def process(:\n");
    const cases = [
      [{ processor: join(folder, "none.py") }, "missing", /no such file/],
      [{ processor: `${file}:nothing` }, "missing", /There is process, grows, many/],
      [{ processor: lacking }, "worker", /No module named 'nothing_like_this' \(.*lacking\.py, line 1\)/],
      [{ processor: broken }, "worker", /SyntaxError: .*broken\.py, line 1/],
      [{ processor: file, python: "/no/python" }, "missing", /a Python that starts/],
      [{ processor: file, pyhton: "x" }, "format", /did you mean "python"/],
    ] as const;
    for (const [options, code, message] of cases)
      await expect(openPythonProcessor({ python, ...options })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
  });

  test("one that is closed refuses frames", async () => {
    const { imageProcessor, microscope } = await open();
    await imageProcessor.close();
    const { error } = await acquireAll({ microscope, imageProcessor }, multiDAcquisitionEvents({}));
    expect(error).toMatchObject({ code: "aborted" });
    expect(existsSync(`/proc/${imageProcessor.pid}`)).toBe(false);
  });
});
