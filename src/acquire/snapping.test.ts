import { expect, test } from "vitest";
import { openStampMicroscope } from "../../test/support/acquire.ts";
import { Acquisition } from "./index.ts";

test("MMCore's calls that users write first work on the simulated microscope", async () => {
  await using microscope = await openStampMicroscope();
  const { core } = microscope;
  await expect(core.getImage()).rejects.toThrow("Call snapImage() first");
  await core.setPosition(5);
  await core.waitForDevice(await core.getFocusDevice());
  expect(await core.getPosition()).toBe(5);
  await core.setPosition("Z", 2);
  await core.waitForDevice("Z");
  expect(await core.getPosition("Z")).toBe(2);
  await core.snapImage();
  expect(await core.getImage()).toMatchObject({ width: 64, height: 48, channels: 1 });
  const { pix, tags } = await core.getTaggedImage();
  expect(pix.data).toHaveLength(64 * 48);
  expect(tags).toMatchObject({ FrameNumber: 0, Width: 64, Height: 48 });
  expect(await core.getTaggedImage(0)).toEqual({ pix, tags });
  await expect(core.getImage(1)).rejects.toThrow("expected a camera channel from 0 to 0, found 1");
});

test("unknown keys of options are errors with the nearest name", async () => {
  await using microscope = await openStampMicroscope();
  const open = (options: object) => Acquisition.open({ microscope, ...options });
  await expect(open({ imageProcesor: () => null })).rejects.toThrow('did you mean "imageProcessor"?');
  await expect(open({ image_process_fn: () => null })).rejects.toThrow('did you mean "imageProcessor"?');
  await expect(open({ hooks: { preHardwre: () => null } })).rejects.toThrow('did you mean "preHardware"?');
  await expect(open({ tiling: { overlap: 3 } })).rejects.toThrow('did you mean "overlapPx"?');
  await expect(open({ watchdogMs: { camra: 3 } })).rejects.toThrow('did you mean "camera"?');
});

test("submit is acquire, and tiles may have the axis col", async () => {
  await using microscope = await openStampMicroscope();
  const acquisition = await Acquisition.open({ microscope, save: "memory", tiling: { overlapPx: 4 } });
  acquisition.submit([0, 1].map((col) => ({ axes: { row: 0, col } })));
  await acquisition.done();
  expect(acquisition.dataset?.imageCoordinates()).toEqual([
    { row: 0, column: 0 },
    { row: 0, column: 1 },
  ]);
});

test("two names of one axis that differ, and milestones that there are not, are errors", async () => {
  await using microscope = await openStampMicroscope();
  const tiled = await Acquisition.open({ microscope, save: "memory", tiling: { overlapPx: 4 } });
  tiled.acquire({ axes: { row: 0, col: 0, column: 1 } });
  await expect(tiled.done()).rejects.toThrow("expected one column: col and column are the same axis");
  const acquisition = await Acquisition.open({ microscope, save: "memory" });
  const future = acquisition.acquire({ axes: { time: 0 } });
  const misspelt = future.awaitExecution("post_hardwar" as "post_hardware", { time: 0 });
  await expect(misspelt).rejects.toThrow(/milestone: expected one of .*post_hardware.*, found post_hardwar/);
  await acquisition.done();
});
