import { expect, test } from "vitest";
import { openStampMicroscope, openThreadMicroscope } from "../../test/support/acquire.ts";
import { runScript, runSequences, takeSequence } from "../../test/support/scriptCore.ts";
import { checkStamp, type DemoMicroscope } from "./index.ts";

test("scripts for Micro-Manager's demo configuration run on the simulated microscope", async () => {
  await using microscope = await openStampMicroscope();
  await runScript(microscope.core);
  expect(await microscope.core.getVersionInfo()).toContain("simulated");
});

test.each([
  ["on the calling thread", openStampMicroscope],
  ["on a thread of the camera", openThreadMicroscope],
])("sequences wait in a buffer, frame by frame, %s", async (_, open) => {
  await using microscope = await open();
  await runSequences(microscope.core);
  const taken = await takeSequence(microscope.core, 40);
  const first = Number(taken[0].tags.FrameNumber);
  expect(taken.map(({ tags }) => Number(tags.FrameNumber) - first)).toEqual(
    Array.from({ length: 40 }, (__, i) => i),
  );
  for (const { pix, tags } of taken) checkStamp(pix, Number(tags.FrameNumber));
});

// 64 x 48 pixels of 2 bytes: 170 images a MB
test("a full buffer stops the camera, or forgets what waited", async () => {
  await using microscope = await openStampMicroscope();
  const { core } = microscope;
  await core.setCircularBufferMemoryFootprint(1);
  await core.startSequenceAcquisition(500, 0, true);
  await expect.poll(() => core.isSequenceRunning()).toBe(false);
  expect([await core.getRemainingImageCount(), await core.isBufferOverflowed()]).toEqual([170, true]);
  await core.startSequenceAcquisition(500, 0, false);
  await expect.poll(() => core.isSequenceRunning()).toBe(false);
  expect([await core.getRemainingImageCount(), await core.isBufferOverflowed()]).toEqual([
    500 - 2 * 170,
    true,
  ]);
  const { tags } = await core.getLastTaggedImage();
  expect(Number(tags.FrameNumber)).toBeGreaterThanOrEqual(670);
  await expect(core.setCircularBufferMemoryFootprint(0)).rejects.toMatchObject({ code: "range" });
});

test("a camera that fails is an error of the next call, and the next sequence runs", async () => {
  await using microscope = await openStampMicroscope({ faults: [{ kind: "cameraError", frame: 3 }] });
  const { core } = microscope;
  await expect(takeSequence(core, 10)).rejects.toMatchObject({ code: "device" });
  expect(await takeSequence(core, 10)).toHaveLength(10);
});

test.each([
  [
    "setPositon",
    'core.setPositon: expected a method that is there, found no such method (did you mean "setPosition"?)',
  ],
  ["snap_image", 'did you mean "snapImage"?'],
  ["getTagedImage", 'did you mean "getTaggedImage"?'],
  ["isSequenceRuning", 'did you mean "isSequenceRunning"?'],
  ["loadSystemConfiguration", "openMMCoreMicroscope"],
])("the unknown method %s is an error that says what there is", async (name, message) => {
  await using microscope: DemoMicroscope = await openStampMicroscope();
  const method: unknown = Reflect.get(microscope.core, name);
  expect(typeof method).toBe("function");
  await expect((method as () => Promise<unknown>)()).rejects.toThrow(message);
});

test("a core is no promise, and has no other names", async () => {
  await using microscope = await openStampMicroscope();
  expect(await Promise.resolve(microscope.core)).toBe(microscope.core);
  expect(Reflect.get(microscope.core, "toJSON")).toBeUndefined();
});

test("a region outside the image, and labels of other devices, are errors", async () => {
  await using microscope = await openStampMicroscope();
  const { core } = microscope;
  await expect(core.setROI(0, 0, 10_000, 10)).rejects.toThrow("whole pixels within 64 x 48");
  await expect(core.getROI("Z")).rejects.toThrow("Z: expected a camera (Camera), found another device");
  await expect(core.setXYPosition("Z", 1, 2)).rejects.toThrow(
    "Z: expected the stage XY, found another device",
  );
  await expect(core.getState("White Light Shutter")).rejects.toThrow("a device with states (");
  const wrong: unknown = Reflect.apply(core.startSequenceAcquisition, core, [5]);
  await expect(wrong).rejects.toThrow("expected two numbers, and true or false, found 5");
});
