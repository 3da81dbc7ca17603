import { expect } from "vitest";
import type { ScriptCore, TaggedImage } from "../../src/acquire/index.ts";

/**
 * What scripts for Micro-Manager's demo configuration do, with the answers of MMCore 12.5.1 (pymmcore, MMConfig_demo.cfg). The XY stage of
 * that has steps of 0.015 µm.
 */
export async function runScript(core: ScriptCore): Promise<void> {
  await moveStages(core);
  await askForRoles(core);
  await cutRegions(core);
  await readConfigs(core);
  await readProperties(core);
}

async function moveStages(core: ScriptCore): Promise<void> {
  await core.setXYPosition(10, 20);
  await core.waitForSystem();
  expect(await core.getXPosition()).toBeCloseTo(10, 1);
  expect(await core.getYPosition("XY")).toBeCloseTo(20, 1);
  await core.setRelativeXYPosition(5, -5);
  await core.waitForDevice("XY");
  await core.setRelativeXYPosition("XY", 1, 1);
  await core.waitForDevice("XY");
  const [x, y] = await core.getXYPosition("XY");
  expect([x, y].map(Math.round)).toEqual([16, 16]);
  await core.setXYPosition("XY", 0, 0);
  while (await core.deviceBusy("XY"));
  await core.setPosition(0);
  await core.setRelativePosition(3);
  await core.waitForDevice("Z");
  const reached = await core.getPosition();
  await core.setRelativePosition("Z", 3);
  await core.waitForDevice(await core.getFocusDevice());
  expect((await core.getPosition("Z")) - reached).toBeCloseTo(3, 6);
  expect(await core.systemBusy()).toBe(false);
}

async function askForRoles(core: ScriptCore): Promise<void> {
  await core.setFocusDevice("Z");
  await core.setXYStageDevice("XY");
  await core.setShutterDevice("White Light Shutter");
  expect(await core.getShutterDevice()).toBe("White Light Shutter");
  await core.setAutoShutter(false);
  expect([await core.getAutoShutter(), await core.getProperty("Core", "AutoShutter")]).toEqual([false, "0"]);
  await core.setShutterOpen(true);
  expect([await core.getShutterOpen(), await core.getShutterOpen("White Light Shutter")]).toEqual([
    true,
    true,
  ]);
  await core.setShutterOpen("White Light Shutter", false);
  expect(await core.getShutterOpen()).toBe(false);
  await core.setAutoShutter(true);
  expect(await core.getAutoShutter()).toBe(true);
  await core.setExposure("Camera", 12);
  expect([await core.getExposure(), await core.getExposure("Camera")]).toEqual([12, 12]);
  await expect(core.setXYPosition("Z", 0, 0)).rejects.toMatchObject({ code: "device" });
  await expect(core.setShutterOpen("Z", true)).rejects.toMatchObject({ code: "device" });
  await expect(core.setFocusDevice("XY")).rejects.toMatchObject({ code: "device" });
  await expect(core.setShutterDevice("Nope")).rejects.toMatchObject({ code: "missing" });
}

async function cutRegions(core: ScriptCore): Promise<void> {
  const [, , width, height] = await core.getROI();
  expect([await core.getImageWidth(), await core.getImageHeight()]).toEqual([width, height]);
  await core.setROI(10, 20, 30, 15);
  expect(await core.getROI("Camera")).toEqual([10, 20, 30, 15]);
  expect([await core.getImageWidth(), await core.getImageHeight()]).toEqual([30, 15]);
  await core.snapImage();
  expect(await core.getImage()).toMatchObject({ width: 30, height: 15 });
  await core.setROI("Camera", 0, 0, 8, 8);
  expect(await core.getROI()).toEqual([0, 0, 8, 8]);
  await core.clearROI();
  expect(await core.getROI()).toEqual([0, 0, width, height]);
  const formats = [
    ["32bitRGB", 4, 4],
    ["8bit", 1, 1],
    ["16bit", 2, 1],
  ] as const;
  for (const [pixelType, bytes, components] of formats) {
    await core.setProperty("Camera", "PixelType", pixelType);
    expect([await core.getBytesPerPixel(), await core.getNumberOfComponents()]).toEqual([bytes, components]);
    expect(await core.getImageBufferSize()).toBe(bytes * width * height);
  }
}

async function readConfigs(core: ScriptCore): Promise<void> {
  await core.setConfig("Channel", "FITC");
  await core.waitForConfig("Channel", "FITC");
  expect(await core.getConfigGroupState("Channel")).toContainEqual(["Dichroic", "Label", "Q505LP"]);
  expect([await core.isGroupDefined("Channel"), await core.isGroupDefined("Chanel")]).toEqual([true, false]);
  expect(await core.isConfigDefined("Channel", "FITC")).toBe(true);
  expect(await core.isConfigDefined("Channel", "GFP")).toBe(false);
  expect(await core.getChannelGroup()).toBe("Channel");
  await expect(core.waitForConfig("Channel", "FITCC")).rejects.toThrow('did you mean "FITC"?');
  await expect(core.getConfigGroupState("Chanel")).rejects.toThrow('did you mean "Channel"?');
}

async function readProperties(core: ScriptCore): Promise<void> {
  expect(await core.getAllowedPropertyValues("Camera", "Binning")).toEqual(["1", "2", "4", "8"]);
  expect(await core.getAllowedPropertyValues("Camera", "OnCameraCCDXSize")).toEqual([]);
  await expect(core.getAllowedPropertyValues("Camera", "Bining")).rejects.toThrow('did you mean "Binning"?');
  expect(await core.isPropertyReadOnly("Camera", "Binning")).toBe(false);
  await expect(core.isPropertyReadOnly("Camrea", "Binning")).rejects.toThrow('did you mean "Camera"?');
  expect(await core.hasPropertyLimits("Camera", "Binning")).toBe(false);
  expect(await core.getPropertyUpperLimit("Camera", "Binning")).toBe(0);
  const labels = await core.getStateLabels("Objective");
  expect(await core.getNumberOfStates("Objective")).toBe(labels.length);
  await core.setStateLabel("Objective", "Nikon 20X Plan Fluor ELWD");
  const state = await core.getState("Objective");
  expect(labels[state]).toBe("Nikon 20X Plan Fluor ELWD");
  const halved = await core.getPixelSizeUm();
  await core.setState("Objective", labels.indexOf("Nikon 10X S Fluor"));
  expect(await core.getStateLabel("Objective")).toBe("Nikon 10X S Fluor");
  expect(await core.getPixelSizeUm()).toBe(2 * halved);
  await expect(core.setStateLabel("Objective", "100X")).rejects.toMatchObject({ code: "device" });
  await expect(core.getState("Z")).rejects.toMatchObject({ code: "device" });
}

/** A sequence of images as scripts take them while the camera runs, in a loop that only asks. */
export async function takeSequence(core: ScriptCore, frames: number): Promise<TaggedImage[]> {
  const taken: TaggedImage[] = [];
  await core.startSequenceAcquisition(frames, 0, true);
  while ((await core.isSequenceRunning()) || (await core.getRemainingImageCount()) > 0)
    if ((await core.getRemainingImageCount()) > 0) taken.push(await core.popNextTaggedImage());
  return taken;
}

/** Sequences, and what is refused meanwhile. */
export async function runSequences(core: ScriptCore): Promise<void> {
  await expect(core.popNextImage()).rejects.toMatchObject({ code: "missing" });
  await expect(core.getLastImage()).rejects.toMatchObject({ code: "missing" });
  expect(await takeSequence(core, 5)).toHaveLength(5);
  expect([await core.isSequenceRunning(), await core.getRemainingImageCount()]).toEqual([false, 0]);
  const size = { width: await core.getImageWidth(), height: await core.getImageHeight() };

  await core.startContinuousSequenceAcquisition(0);
  expect(await core.isSequenceRunning("Camera")).toBe(true);
  await expect(core.snapImage()).rejects.toMatchObject({ code: "busy" });
  await expect(core.startSequenceAcquisition(5, 0, true)).rejects.toMatchObject({ code: "busy" });
  await expect.poll(() => core.getRemainingImageCount(), { timeout: 30_000 }).toBeGreaterThan(2);
  expect(await core.getLastImage()).toMatchObject(size);
  await core.stopSequenceAcquisition();
  await core.stopSequenceAcquisition();
  expect(await core.isSequenceRunning()).toBe(false);
  await core.clearCircularBuffer();
  expect(await core.getRemainingImageCount()).toBe(0);

  await core.startSequenceAcquisition("Camera", 3, 0, true);
  await expect.poll(() => core.isSequenceRunning(), { timeout: 30_000 }).toBe(false);
  const { pix, tags } = await core.getLastTaggedImage();
  expect(pix).toMatchObject(size);
  expect(tags).toMatchObject({ Width: size.width });
  expect(await core.getRemainingImageCount()).toBe(3);
  await core.snapImage();
  await expect(core.isSequenceRunning("Camrea")).rejects.toMatchObject({ code: "missing" });
  await expect(core.startSequenceAcquisition(0, 0, true)).rejects.toMatchObject({ code: "range" });
}
