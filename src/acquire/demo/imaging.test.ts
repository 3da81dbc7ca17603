import { expect, test } from "vitest";
import { focusAt, momentsOf, moveTo, snap } from "../../../test/support/demo.ts";
import { createSimulatedClock } from "../clock.ts";
import { openDemoMicroscope } from "./demoMicroscope.ts";
import type { DemoMicroscopeOptions } from "./options.ts";
import type { Specimen } from "./specimen.ts";
import { checkStamp } from "./stamp.ts";

const SMALL = { OnCameraCCDXSize: 128, OnCameraCCDYSize: 96 };

const open = (options: DemoMicroscopeOptions = {}) =>
  openDemoMicroscope({
    clock: createSimulatedClock(),
    ...options,
    properties: { ...options.properties, Camera: { ...SMALL, ...options.properties?.Camera } },
  });

/** Even light. */
const evenly = (electronsPerMs: number): Specimen => ({
  render: (_, out) => out.fill(electronsPerMs),
  focusUm: () => 0,
});

test("equal options and calls give equal bytes; noise differs from frame to frame and from seed to seed", async () => {
  await using a = await open({ seed: 9 });
  await using b = await open({ seed: 9 });
  await using c = await open({ seed: 10 });
  const first = await snap(a);
  expect(await snap(b)).toEqual(first);
  expect(await snap(a)).not.toEqual(first);
  expect(await snap(c)).not.toEqual(first);
});

test.each([
  [16, 40, 10],
  [16, 4, 1000],
  [12, 40, 10],
  [8, 6000, 10],
])(
  "at %i bits and %d electrons/ms for %d ms, mean and variance are those of photons",
  async (bits, light, ms) => {
    await using microscope = await open({
      specimen: evenly(light),
      properties: { Camera: { OnCameraCCDXSize: 512, OnCameraCCDYSize: 512, BitDepth: bits, Exposure: ms } },
    });
    const scale = 2 ** (bits - 16);
    const { mean, variance } = momentsOf(await snap(microscope));
    const electrons = light * ms;
    // 262,144 pixels: the mean lies within 5 standard errors, the variance within 5 * sqrt(2 / n) = 1.4 %
    const expectedVariance = scale ** 2 * (electrons + 1.6 ** 2) + 1 / 12;
    expect(Math.abs(mean - scale * (100 + electrons))).toBeLessThan(
      5 * Math.sqrt(expectedVariance / 512 ** 2),
    );
    expect(variance / expectedVariance).toBeGreaterThan(0.986);
    expect(variance / expectedVariance).toBeLessThan(1.014);
  },
);

test.each([8, 10, 12, 14, 16])("%i bits hold their range: saturation and darkness", async (bits) => {
  await using bright = await open({ specimen: evenly(1e6), properties: { Camera: { BitDepth: bits } } });
  const values = await snap(bright);
  expect(values.every((value) => value === 2 ** bits - 1)).toBe(true);
  expect(values).toBeInstanceOf(bits === 8 ? Uint8Array : Uint16Array);
  expect(await bright.core.getImageBitDepth()).toBe(bits);
  await bright.core.setAutoShutter(false);
  expect(momentsOf(await snap(bright)).mean).toBeCloseTo(100 * 2 ** (bits - 16), 0);
  await bright.core.setShutterOpen(true);
  expect(Math.max(...(await snap(bright)))).toBe(2 ** bits - 1);
});

test("exposure and binning scale the signal", async () => {
  await using microscope = await open({ specimen: evenly(10), noise: false });
  expect((await snap(microscope))[0]).toBe(200);
  await microscope.core.setExposure(30);
  expect((await snap(microscope))[0]).toBe(400);
  await microscope.core.setProperty("Camera", "Binning", 4);
  const binned = await snap(microscope);
  expect([binned.length, binned[0]]).toEqual([32 * 24, 100 + 16 * 300]);
  expect([await microscope.core.getImageWidth(), await microscope.core.getImageHeight()]).toEqual([32, 24]);
});

test("a region shows that part of the whole image", async () => {
  await using microscope = await open({ noise: false, bleachingMs: 0 });
  const whole = await snap(microscope);
  await microscope.core.setROI(40, 20, 50, 30);
  const part = await snap(microscope);
  for (let row = 0; row < 30; row++) {
    const same = whole.subarray((row + 20) * 128 + 40, (row + 20) * 128 + 90);
    const found = part.subarray(row * 50, (row + 1) * 50);
    // places differ in their last bits, so a value may round to its neighbour
    expect(found.every((value, i) => Math.abs(value - same[i]) <= 2)).toBe(true);
  }
  await microscope.core.clearROI();
  expect((await snap(microscope)).length).toBe(128 * 96);
  await expect(microscope.core.setROI(100, 0, 50, 30)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: Camera region: expected whole pixels within 128 x 96, found 50 x 30 at 100, 0.]`,
  );
});

test("moving the stage by whole pixels moves the image by as many; the affine says where pixels are", async () => {
  await using microscope = await open({
    noise: false,
    bleachingMs: 0,
    focus: { tiltUmPerMm: [0, 0], waveUm: 0 },
  });
  const first = await snap(microscope);
  const [a, b, , c, d] = await microscope.core.getPixelSizeAffine();
  await moveTo(microscope, a * 10 + b * 4, c * 10 + d * 4);
  const second = await snap(microscope);
  const differences = Array.from({ length: 90 * 110 }, (_, i) => {
    const [row, column] = [Math.floor(i / 110), i % 110];
    return Math.abs(second[row * 128 + column] - first[(row + 4) * 128 + column + 10]);
  });
  // sharp parts are the same; wide ones were drawn in halved images
  expect(Math.max(...differences)).toBeLessThan(0.02 * Math.max(...first));
});

test("channels, objectives and unmatched filters", async () => {
  await using microscope = await open({ noise: false });
  const { core } = microscope;
  const images: string[] = [];
  for (const channel of await core.getAvailableConfigs("Channel")) {
    await core.setConfig("Channel", channel);
    expect(await core.getCurrentConfig("Channel")).toBe(channel);
    images.push((await snap(microscope)).join());
  }
  expect(new Set(images).size).toBe(5);
  await core.setProperty("Emission", "Label", "Chroma-HQ700");
  expect(await core.getCurrentConfig("Channel")).toBe("");
  expect(new Set(await snap(microscope))).toEqual(new Set([100]));
  await core.setConfig("Objective", "40X");
  expect(await core.getPixelSizeUm()).toBeCloseTo(0.1625);
});

test("a colour camera gives red, green and blue", async () => {
  await using microscope = await open({
    specimen: evenly(1000),
    noise: false,
    properties: { Camera: { PixelType: "32bitRGB" } },
  });
  await microscope.core.setConfig("Channel", "FITC");
  const pixels = await snap(microscope);
  expect(pixels.length).toBe(128 * 96 * 3);
  expect([...pixels.slice(0, 6)]).toEqual([4, 39, 8, 4, 39, 8]);
});

test("light bleaches: at its place, in its channel, by its amount, and never back", async () => {
  const options = { noise: false, bleachingMs: 1000, focus: { tiltUmPerMm: [0, 0], waveUm: 0 } } as const;
  await using microscope = await open({ ...options, properties: { Camera: { Exposure: 100 } } });
  const { core } = microscope;
  await core.setConfig("Channel", "FITC");
  const means: number[] = [];
  for (let i = 0; i < 8; i++) means.push(momentsOf(await snap(microscope)).mean - 100);
  for (let i = 1; i < means.length; i++) expect(means[i]).toBeLessThan(means[i - 1]);
  await using fresh = await open({ ...options, properties: { Camera: { Exposure: 100 } } });
  await core.setConfig("Channel", "DAPI");
  expect(await snap(microscope)).toEqual(await snap(fresh));
  await moveTo(microscope, 5000, 5000);
  await moveTo(fresh, 5000, 5000);
  expect(await snap(microscope)).toEqual(await snap(fresh));
  await core.setConfig("Channel", "BF");
  const bright = await snap(microscope);
  expect(await snap(microscope)).toEqual(bright);
});

test("the autofocus finds the focal surface of the place, with its offset", async () => {
  await using microscope = await open({ noise: false, bleachingMs: 0, focus: { offsetUm: 12 } });
  const { core } = microscope;
  const found: number[] = [];
  for (const xUm of [0, 40_000]) {
    await moveTo(microscope, xUm, 1000);
    await core.fullFocus();
    const z = await core.getPosition("Z");
    found.push(z);
    const contrast: number[] = [];
    for (const offset of [-6, -3, 0, 3, 6]) {
      await focusAt(microscope, z + offset);
      contrast.push(momentsOf(await snap(microscope)).variance);
    }
    expect(contrast.indexOf(Math.max(...contrast))).toBe(2);
  }
  expect(found[1] - found[0]).toBeCloseTo(60, 0);
  await core.setAutoFocusOffset(2.5);
  await core.fullFocus();
  expect(await core.getPosition("Z")).toBeCloseTo(found[1] + 2.5);
});

test("the light modulator darkens what its pattern says", async () => {
  await using microscope = await open({ specimen: evenly(100), noise: false });
  const { core } = microscope;
  const pattern = new Uint8Array(64 * 64).map((_, i) => (i % 64 < 32 ? 255 : 0));
  await core.setSLMImage("SLM", pattern);
  expect((await snap(microscope))[127]).toBe(1100);
  await core.displaySLMImage("SLM");
  const image = await snap(microscope);
  expect([image[0], image[63], image[64], image[127]]).toEqual([1100, 1100, 100, 100]);
  await expect(core.setSLMImage("SLM", new Uint8Array(5))).rejects.toThrow("expected 4096 values");
});

test.each(["8bit", "16bit", "32bitRGB"])(
  "pattern Stamp carries the frame's number in every row of %s",
  async (type) => {
    const camera = { OnCameraCCDXSize: 70, OnCameraCCDYSize: 333, Pattern: "Stamp", PixelType: type };
    await using microscope = await open({ properties: { Camera: camera } });
    const exposure = await microscope.startExposure({ frames: 3 });
    const seen: number[] = [];
    for await (const frame of exposure.frames) {
      const image = { data: frame.copy(), ...frame.layout };
      checkStamp(image, frame.index);
      seen.push(frame.index);
      expect(momentsOf(image.data).variance).toBeGreaterThan(100);
      image.data[(image.data.length / 333) * 200] ^= 3;
      expect(() => checkStamp(image, frame.index)).toThrow("row 200: expected frame");
      frame.release();
    }
    expect(seen).toEqual([0, 1, 2]);
  },
);

test("a row too short for a stamp is refused", async () => {
  await using microscope = await open({ properties: { Camera: { OnCameraCCDXSize: 1, Pattern: "Stamp" } } });
  await expect(snap(microscope)).rejects.toThrow("expected rows of at least 4 bytes, found 2 bytes");
});
