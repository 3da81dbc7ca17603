import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoConfig, resetCamera, scratchFolder } from "../../../test/support/mmcore.ts";
import { requirement } from "../../../test/support/require.ts";
import { runScript, runSequences } from "../../../test/support/scriptCore.ts";
import type { MMCoreCore } from "./core.ts";
import { openMMCoreMicroscope as openInPage } from "./mmcore.browser.ts";
import { openMMCoreMicroscope } from "./mmcore.node.ts";
import type { MMCoreMicroscope } from "./mmcore.ts";

const { available } = requirement("readers");
const ringFolder = scratchFolder();

test("a page has no Python", async () => {
  await expect(openInPage()).rejects.toMatchObject({ code: "unsupported" });
});

describe.skipIf(!available)("commands to MMCore's demonstration devices", () => {
  let microscope: MMCoreMicroscope;
  beforeAll(async () => {
    microscope = await openMMCoreMicroscope({ config: demoConfig(), ringFolder, ringSlots: 4 });
    await resetCamera(microscope);
  });
  afterAll(() => microscope.close());

  test("devices, properties and config groups read and write", async () => {
    const { core } = microscope;
    expect(microscope.name).toBe("MMConfig_demo.cfg");
    expect(await core.getLoadedDevices()).toEqual(expect.arrayContaining(["Camera", "XY", "Z", "Core"]));
    expect(await core.getDevicePropertyNames("Camera")).toContain("Gain");
    expect(await core.hasProperty("Camera", "Gain")).toBe(true);
    expect(await core.hasProperty("Camera", "Gian")).toBe(false);
    await core.setProperty("Camera", "Gain", 2);
    expect(await core.getProperty("Camera", "Gain")).toBe("2");
    await core.setProperty("Camera", "FastImage", true);
    expect(await core.getProperty("Camera", "FastImage")).toBe("1");
    expect(await core.getAvailableConfigGroups()).toContain("Channel");
    expect(await core.getAvailableConfigs("Channel")).toEqual(["Cy5", "DAPI", "FITC", "Rhodamine"]);
    expect(await core.getConfigData("Channel", "FITC")).toContainEqual(["Dichroic", "Label", "Q505LP"]);
    await core.setConfig("Channel", "FITC");
    expect(await core.getCurrentConfig("Channel")).toBe("FITC");
    expect(await core.getProperty("Dichroic", "Label")).toBe("Q505LP");
  });

  test("stages, shutter, autofocus and what the camera says of itself", async () => {
    const { core } = microscope;
    await core.setPosition("Z", 12.5);
    await core.setXYPosition(100, -50);
    await core.waitForDevice("XY");
    await core.waitForDevice("Z");
    expect(await core.getPosition("Z")).toBeCloseTo(12.5, 3);
    const [x, y] = await core.getXYPosition();
    expect([x, y].map(Math.round)).toEqual([100, -50]);
    await core.setAutoShutter(true);
    await core.setShutterOpen(false);
    await core.setAutoFocusOffset(3);
    await core.fullFocus();
    expect(await core.getCameraDevice()).toBe("Camera");
    expect(await core.getFocusDevice()).toBe("Z");
    expect(await core.getXYStageDevice()).toBe("XY");
    expect(await core.getAutoFocusDevice()).toBe("Autofocus");
    expect(await core.getSLMDevice()).toBe("");
    await core.setExposure(7);
    expect(await core.getExposure()).toBe(7);
    expect([await core.getImageWidth(), await core.getImageHeight()]).toEqual([96, 64]);
    expect(await core.getImageBitDepth()).toBe(16);
    expect(await core.getNumberOfCameraChannels()).toBe(1);
    expect(await core.getPixelSizeUm()).toBe(1);
    expect(await core.getPixelSizeAffine()).toEqual([1, 0, 0, 0, 1, 0]);
  });

  test("what is not sequenceable has room for 0 values, and loading a sequence is refused", async () => {
    const { core } = microscope;
    expect(await core.getExposureSequenceMaxLength("Camera")).toBe(0);
    expect(await core.getStageSequenceMaxLength("Z")).toBe(0);
    expect(await core.getXYStageSequenceMaxLength("XY")).toBe(0);
    expect(await core.getPropertySequenceMaxLength("Camera", "Gain")).toBe(0);
    await expect(core.loadExposureSequence("Camera", [1, 2])).rejects.toMatchObject({ code: "device" });
    await expect(core.startStageSequence("Z")).rejects.toMatchObject({ code: "device" });
  });

  test("a stage with sequences plays them", async () => {
    const { core } = microscope;
    await core.setProperty("Z", "UseSequences", "Yes");
    expect(await core.getStageSequenceMaxLength("Z")).toBeGreaterThan(2);
    await core.loadStageSequence("Z", [1, 2, 3]);
    await core.startStageSequence("Z");
    await core.stopStageSequence("Z");
    await core.setProperty("Z", "UseSequences", "No");
  });

  test("any other method of CMMCore is called by its name", async () => {
    const { core } = microscope;
    expect(await core.call("getAllowedPropertyValues", "Camera", "Binning")).toEqual(["1", "2", "4", "8"]);
    expect(await core.call("getVersionInfo")).toMatch(/^MMCore version/);
    expect(await core.call("getROI")).toEqual([0, 0, 96, 64]);
    expect(await core.call("getConfigGroupState", "Channel")).toContainEqual(
      expect.arrayContaining(["Dichroic"]),
    );
    await expect(core.call("getNothing")).rejects.toMatchObject({ code: "missing" });
    await expect(core.call("__init__")).rejects.toMatchObject({ code: "missing" });
    await expect(core.call("setPosition", "Z", "high")).rejects.toMatchObject({ code: "type" });
    await core.call("snapImage");
    await expect(core.call("getImage")).rejects.toThrow(/startExposure/);
  });

  test("scripts get what the simulated microscope gives", async () => {
    await runScript(microscope.core);
    await resetCamera(microscope);
    await runSequences(microscope.core);
  });

  test("methods of CMMCore go by their own names too, and misspelt ones name the nearest", async () => {
    const method = (name: string): unknown => Reflect.get(microscope.core, name);
    const call = (name: string, ...args: readonly unknown[]) =>
      (method(name) as (...values: readonly unknown[]) => Promise<unknown>)(...args);
    expect(await call("getDeviceLibrary", "Camera")).toBe("DemoCamera");
    await expect(call("getDeviceLibary", "Camera")).rejects.toThrow('did you mean "getDeviceLibrary"?');
    await expect(call("snap_image")).rejects.toThrow('did you mean "snapImage"?');
  });

  const refused: readonly [(core: MMCoreCore) => Promise<unknown>, string, RegExp][] = [
    [(core) => core.getProperty("Camra", "Gain"), "missing", /Camra.*There is .*Camera/],
    [(core) => core.getProperty("Camera", "Gian"), "missing", /Gian.*There is .*Gain/],
    [(core) => core.setProperty("Camera", "PixelType", "7bit"), "device", /PixelType/],
    [(core) => core.getDevicePropertyNames("Nothing"), "missing", /a device that is there/],
    [(core) => core.hasProperty("Nothing", "Gain"), "missing", /a device that is there/],
    [(core) => core.getAvailableConfigs("Chanel"), "missing", /a config group that is there.*Channel/],
    [(core) => core.getCurrentConfig("Chanel"), "missing", /config group/],
    [(core) => core.getConfigData("Channel", "GFP"), "missing", /a preset of Channel.*FITC/],
    [(core) => core.setConfig("Channel", "GFP"), "missing", /a preset of Channel.*FITC/],
    [(core) => core.waitForDevice("Nothing"), "missing", /a device that is there/],
    [(core) => core.setCameraDevice("Nothing"), "missing", /a device that is there/],
    [(core) => core.setCameraDevice("XY"), "device", /XY/],
    [(core) => core.getPosition("Nothing"), "missing", /a device that is there/],
    [(core) => core.setPosition("Z", 1e9), "device", /out of range/],
  ];
  test.each(refused)("%s is an error that says why", async (command, code, message) => {
    const error: unknown = await command(microscope.core).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
