import { expect, test } from "vitest";
import { focusAt, momentsOf, moveTo, snap } from "../../../test/support/demo.ts";
import { createSimulatedClock } from "../clock.ts";
import { openDemoMicroscope } from "./demoMicroscope.ts";
import { demoMicroscopeOptions } from "./options.ts";

const open = (options: Parameters<typeof openDemoMicroscope>[0] = {}) =>
  openDemoMicroscope({ clock: createSimulatedClock(), ...options });

test("the devices, their properties and the config groups have Micro-Manager's names", async () => {
  await using microscope = await open();
  const { core } = microscope;
  const devices = await core.getLoadedDevices();
  const properties = await Promise.all(devices.map((device) => core.getDevicePropertyNames(device)));
  expect(
    Object.fromEntries(devices.map((device, i) => [device, properties[i].join(", ")])),
  ).toMatchInlineSnapshot(`
    {
      "Autofocus": "Offset",
      "Camera": "PixelType, BitDepth, Exposure, Binning, OnCameraCCDXSize, OnCameraCCDYSize, ReadNoise (electrons), Offset, Pattern",
      "Core": "Camera, AutoShutter, Focus, XYStage, AutoFocus, SLM, Shutter, TimeoutMs",
      "Dichroic": "Label, State",
      "Emission": "Label, State",
      "Excitation": "Label, State",
      "Objective": "Label, State",
      "SLM": "Width, Height",
      "White Light Shutter": "State",
      "XY": "Label, SpeedUmPerS, PositionX, PositionY, LimitsX, LimitsY",
      "Z": "Label, SpeedUmPerS, Position, Limits",
    }
  `);
  const groups = await core.getAvailableConfigGroups();
  const presets = await Promise.all(groups.map((group) => core.getAvailableConfigs(group)));
  expect(Object.fromEntries(groups.map((group, i) => [group, presets[i].join(", ")]))).toMatchInlineSnapshot(`
    {
      "Camera": "LowRes, MedRes, HighRes",
      "Channel": "DAPI, FITC, Rhodamine, Cy5, BF",
      "Objective": "10X, 20X, 40X",
      "System": "Startup",
    }
  `);
  expect(await core.getConfigData("Channel", "DAPI")).toEqual([
    ["Dichroic", "Label", "400DCLP"],
    ["Excitation", "Label", "Chroma-D360"],
    ["Emission", "Label", "Chroma-D460"],
  ]);
  expect(await core.getCurrentConfig("System")).toBe("Startup");
  for (const group of groups)
    for (const preset of await core.getAvailableConfigs(group)) {
      await core.setConfig(group, preset);
      expect(await core.getCurrentConfig(group)).toBe(preset);
    }
});

test("properties are text and refuse what they cannot be", async () => {
  await using microscope = await open();
  const { core } = microscope;
  expect(await core.getProperty("Camera", "Exposure")).toBe("10.0000");
  await core.setProperty("Camera", "Binning", 2);
  expect(await core.getProperty("Camera", "Binning")).toBe("2");
  await core.setProperty("Dichroic", "State", "1");
  expect(await core.getProperty("Dichroic", "Label")).toBe("Q505LP");
  expect([await core.hasProperty("Camera", "Gain"), await core.hasProperty("Camera", "Offset")]).toEqual([
    false,
    true,
  ]);
  const messages = await Promise.all(
    [
      () => core.setProperty("Camera", "Binning", "3"),
      () => core.setProperty("Camera", "OnCameraCCDXSize", "wide"),
      () => core.setProperty("Camera", "OnCameraCCDXSize", 0.5),
      () => core.setExposure(-1),
      () => core.setProperty("Core", "Focus", "XY"),
      () => core.getProperty("Camera", "Bining"),
      () => core.getProperty("Camer", "Binning"),
      () => core.setConfig("Channel", "GFP"),
      () => core.setConfig("Chanel", "DAPI"),
      () => core.getPosition("XY"),
      () => core.setCameraDevice("Z"),
      () => core.loadPropertySequence("Objective", "Label", ["Nikon 10X S Fluor"]),
      () => core.displaySLMImage("SLM"),
    ].map((call) => call().then(String, (error) => `${error.code}: ${error.message}`)),
  );
  expect(messages.join("\n")).toMatchInlineSnapshot(`
    "device: Camera Binning: expected one of 1, 2, 4, 8, found 3.
    device: Camera OnCameraCCDXSize: expected a whole number from 1 to 16384, found wide.
    device: Camera OnCameraCCDXSize: expected a whole number from 1 to 16384, found 0.5.
    device: Camera Exposure: expected a number from 0 to 600000, found -1.
    device: Core Focus: expected a property that can be set, found one that can only be read.
    missing: Camera Bining: expected one of PixelType, BitDepth, Exposure, Binning, OnCameraCCDXSize, OnCameraCCDYSize, ReadNoise (electrons), Offset, Pattern, found no such property (did you mean "Binning"?).
    missing: device Camer: expected one of Camera, Dichroic, Excitation, Emission, Objective, Z, XY, White Light Shutter, Autofocus, SLM, Core, found no such device (did you mean "Camera"?).
    missing: config Channel GFP: expected one of DAPI, FITC, Rhodamine, Cy5, BF, found no such preset.
    missing: config group Chanel: expected one of Camera, Channel, Objective, System, found no such group (did you mean "Channel"?).
    device: XY: expected the stage Z, found another device.
    device: Z: expected a camera (Camera), found another device.
    device: Objective Label: expected a property that the device can play, found one that it cannot.
    device: SLM image: expected to be set before it is shown, found none."
  `);
});

test("bits and pixel type go together", async () => {
  await using microscope = await open();
  const { core } = microscope;
  const both = async () => [await core.getProperty("Camera", "PixelType"), await core.getImageBitDepth()];
  await core.setProperty("Camera", "BitDepth", 8);
  expect(await both()).toEqual(["8bit", 8]);
  await core.setProperty("Camera", "BitDepth", 12);
  expect(await both()).toEqual(["16bit", 12]);
  await core.setProperty("Camera", "PixelType", "32bitRGB");
  expect(await both()).toEqual(["32bitRGB", 8]);
  await core.setProperty("Camera", "PixelType", "16bit");
  expect(await both()).toEqual(["16bit", 16]);
});

test("stages take their time, are on their way meanwhile, and end at their limits", async () => {
  const clock = createSimulatedClock();
  const stages = { xySpeedUmPerS: 1000, zSpeedUmPerS: 100, zLimitsUm: [-50, 200] } as const;
  await using microscope = await open({ clock, stages });
  const { core } = microscope;
  await core.setXYPosition(300, -400);
  expect(await core.getXYPosition()).toEqual([0, 0]);
  await clock.sleep(250);
  expect(await core.getXYPosition()).toEqual([150, -200]);
  await core.waitForDevice("XY");
  expect([clock.now(), ...(await core.getXYPosition())]).toEqual([500, 300, -400]);
  await focusAt(microscope, 200);
  expect([clock.now(), await core.getPosition("Z")]).toEqual([2500, 200]);
  await expect(core.setPosition("Z", 201)).rejects.toThrow(
    "Z position: expected -50 to 200 µm, found 201 µm",
  );
  await expect(core.setXYPosition(0, Number.NaN)).rejects.toMatchObject({ code: "device" });
  expect(await core.getPosition("Z")).toBe(200);
});

test("a config waits for its wheels", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock });
  await microscope.core.setConfig("Channel", "FITC");
  expect(clock.now()).toBe(40);
  await microscope.core.setConfig("Channel", "FITC");
  expect(clock.now()).toBe(40);
});

test("a move longer than the timeout is an error, and the stage goes on", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({ clock, deviceTimeoutMs: 1000, stages: { xySpeedUmPerS: 1000 } });
  await expect(moveTo(microscope, 1500, 0)).rejects.toMatchObject({ code: "timeout" });
  await microscope.core.waitForDevice("XY");
  expect(await microscope.core.getXYPosition()).toEqual([1500, 0]);
});

test("ordered failures of stages, properties and autofocus come at their counts and pass", async () => {
  const clock = createSimulatedClock();
  await using microscope = await open({
    clock,
    faults: [
      { kind: "stageTimeout", move: 1 },
      { kind: "stageError", move: 3, times: 2 },
      { kind: "propertyError", device: "Camera", property: "Exposure", write: 1 },
      { kind: "autofocusError", run: 0 },
    ],
  });
  const { core } = microscope;
  await moveTo(microscope, 100, 100);
  const before = clock.now();
  await expect(focusAt(microscope, 50)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: Z: expected to come to rest within 5000 ms, found that it is still busy.]`,
  );
  expect([clock.now() - before, await core.getPosition("Z")]).toEqual([5000, 0]);
  await focusAt(microscope, 50);
  await expect(core.setPosition("Z", 60)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: Z: expected to move, found a failure of the stage at move 3.]`,
  );
  await expect(core.setXYPosition(1, 1)).rejects.toMatchObject({ code: "device" });
  await focusAt(microscope, 60);
  expect(await core.getPosition("Z")).toBe(60);
  await core.setExposure(20);
  await expect(core.setExposure(30)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: Camera Exposure: expected to be set, found a failure of the device at write 1.]`,
  );
  expect(await core.getExposure()).toBe(20);
  await core.setExposure(30);
  await expect(core.fullFocus()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: Autofocus: expected a sharp plane, found none at run 0.]`,
  );
  await core.fullFocus();
});

test("options are checked, and JSON is enough for them", async () => {
  await expect(open({ seed: 0.5 })).rejects.toMatchObject({ code: "type" });
  const misspelt: object = { slot: 3 };
  await expect(open(misspelt)).rejects.toThrow('found "slot" (did you mean "slots"?)');
  const fault: object = { faults: [{ kind: "dropFrame", frames: 3 }] };
  await expect(open(fault)).rejects.toThrow('(did you mean "frame"?)');
  await expect(open({ properties: { Camera: { Gain: 3 } } })).rejects.toMatchObject({ code: "missing" });
  await expect(open({ cameraThread: true })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: openDemoMicroscope(options) cameraThread: expected the system's clock, threads with shared memory, and no specimen of one's own, found another clock. Leave cameraThread out.]`,
  );
  await expect(open({ cameras: ["A", "Z"] })).rejects.toThrow("device Z: expected a label of its own");
  const settings = demoMicroscopeOptions.parse({ specimen: { plate: { wells: 96 } } });
  await using microscope = await open(JSON.parse(JSON.stringify(settings)));
  await moveTo(microscope, 4500, 0);
  expect(momentsOf(await snap(microscope)).mean).toBeCloseTo(100, 0);
});
