import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createOmeTiff, createOmeZarrImage, writeNpy } from "../../io/index.ts";
import { basicModel, correctedValues, medianModel, readDark, readIlluminationFiles } from "../index.ts";

const folder = mkdtempSync(join(tmpdir(), "illumination-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const size = { height: 24, width: 40 };
const AREA = 24 * 40;
/** Light from 0.5 to 1.5, mean 1. */
const light = Float32Array.from({ length: AREA }, (_, i) => 0.5 + (i % 40) / 39);
const dark = Float32Array.from({ length: AREA }, (_, i) => 100 + (i % 7));
const path = (name: string) => join(folder, name);

async function npy(name: string, data: Float32Array | Uint16Array, shape = [24, 40]): Promise<string> {
  await writeNpy(path(name), { data, shape });
  return path(name);
}

const axis = (name: string) => ({ name, kind: name === "channel" ? "channel" : "space" }) as const;

async function tiff(name: string, data: Uint16Array): Promise<string> {
  const writer = await createOmeTiff({
    path: path(name),
    axes: ["y", "x"].map(axis),
    shape: [24, 40],
    dtype: "uint16",
  });
  await writer.write({ y: [0, 24] }, data);
  await writer.finish();
  return path(name);
}

describe("a lab's own maps", () => {
  test("of any scale are divided by their mean, which is said", async () => {
    const file = await npy(
      "light.npy",
      light.map((value) => 3 * value),
    );
    const { model, warnings } = await readIlluminationFiles({ flat: file, dark: 100 }, size);
    expect(warnings).toEqual([
      `${file}: divided by its mean, 3: corrected images stay as bright as they are`,
    ]);
    light.forEach((value, i) => void expect(model.flat[i]).toBeCloseTo(value, 5));
    const image = Uint16Array.from(light, (value) => 100 + 1000 * value);
    correctedValues(image, model).forEach((value) => void expect(Math.abs(value - 1000)).toBeLessThan(3));
  });

  test("that a camera took lose the dark as well; a mean of 1 goes unsaid", async () => {
    const raw = Uint16Array.from(light, (value, i) => Math.round(2000 * value + dark[i]));
    const file = await tiff("light.ome.tiff", raw);
    const darkFile = await tiff("dark.ome.tiff", Uint16Array.from(dark));
    const { model, warnings } = await readIlluminationFiles({ flat: file, dark: darkFile }, size);
    expect(model.dark).toEqual(dark);
    light.forEach((value, i) => void expect(Math.abs(model.flat[i] - value)).toBeLessThan(1e-3));
    expect(warnings[0]).toBe(
      `${file}: whole numbers, taken as the camera's: the dark is subtracted from it as well`,
    );
    const kept = await readIlluminationFiles({ flat: file, dark: darkFile, isFlatRaw: false }, size);
    expect(kept.warnings.join()).not.toContain("taken as the camera's");
    expect(kept.model.flat[0]).toBeGreaterThan(model.flat[0]);
    const fine = await npy("fine.npy", light);
    expect((await readIlluminationFiles({ flat: fine }, size)).warnings).toEqual([]);
  });

  test("of several channels, by name or number, from OME-Zarr", async () => {
    const directory = path("maps.zarr");
    const writer = await createOmeZarrImage({
      directory,
      axes: ["channel", "y", "x"].map(axis),
      shape: [2, 24, 40],
      dtype: "float32",
      channels: [{ name: "DAPI" }, { name: "GFP" }],
    });
    await writer.write({ channel: 0 }, light);
    await writer.write(
      { channel: 1 },
      light.map((value) => 2 - value),
    );
    await writer.finish();
    for (const channel of ["GFP", 1]) {
      const { model } = await readIlluminationFiles({ flat: directory, channel }, size);
      expect(model.flat[0]).toBeCloseTo(1.5, 5);
    }
    await expect(readIlluminationFiles({ flat: directory, channel: "Cy5" }, size)).rejects.toThrow(
      "expected one of DAPI, GFP, found Cy5",
    );
    await expect(readIlluminationFiles({ flat: directory }, size)).rejects.toThrow(
      "expected one channel, found 2",
    );
  });

  test("dark alone: light is even", async () => {
    const { model, warnings } = await readIlluminationFiles({ dark: await npy("dark.npy", dark) }, size);
    expect([model.flat, model.dark, warnings]).toEqual([new Float32Array(AREA).fill(1), dark, []]);
    expect(await readDark(12.5, size)).toBe(12.5);
  });

  test("that cannot be are refused with the file's name", async () => {
    const cases = {
      small: await npy("small.npy", light.slice(0, 80), [2, 40]),
      black: await npy(
        "black.npy",
        light.map((value, i) => (i === 5 ? 0 : value)),
      ),
      odd: await npy(
        "odd.npy",
        light.map((value, i) => (i === 9 ? Number.NaN : value)),
      ),
      stack: await npy("stack.npy", new Float32Array(2 * AREA).fill(1), [2, 24, 40]),
    };
    await expect(readIlluminationFiles({ flat: cases.small }, size)).rejects.toThrow(
      "small.npy: expected 24 x 40 pixels, as the sites have, found 2 x 40",
    );
    await expect(readIlluminationFiles({ flat: cases.black }, size)).rejects.toThrow(
      "black.npy: expected light above 0 everywhere, found 1 pixels that are not, the first 0 at pixel 5",
    );
    await expect(readIlluminationFiles({ flat: cases.odd }, size)).rejects.toThrow(
      "odd.npy: expected a number in every pixel, found NaN at pixel 9",
    );
    await expect(readIlluminationFiles({ flat: cases.stack }, size)).rejects.toMatchObject({
      code: "missing",
    });
    await expect(readIlluminationFiles({ flat: path("nowhere.tif") }, size)).rejects.toMatchObject({
      code: "missing",
    });
    await expect(readDark(Number.NaN, size)).rejects.toMatchObject({ code: "range" });
  });
});

test("models of the light take an image of the dark", () => {
  const images = Array.from({ length: 12 }, (_, k) =>
    Uint16Array.from(light, (value, i) => Math.round((1000 + 50 * k) * value + dark[i])),
  );
  for (const model of [medianModel(size, images, { dark }), basicModel(size, images, { dark })]) {
    const error = Math.max(...model.flat.map((value, i) => Math.abs(value - light[i])));
    expect(error).toBeLessThan(0.03);
    expect(model.dark).toBe(dark);
  }
  expect(() => medianModel(size, images, { dark: new Float32Array(3) })).toThrow(
    "expected 24 x 40 pixels, found 3",
  );
});

test("a few images that are black or saturated are left out, and said", () => {
  const images = Array.from({ length: 30 }, (_, k) => {
    if (k === 4) return new Uint16Array(AREA).fill(65_535);
    if (k === 20) return new Uint16Array(AREA).fill(100);
    return Uint16Array.from(light, (value) => 100 + Math.round((1000 + 10 * k) * value));
  });
  for (const model of [medianModel, basicModel]) {
    const leftOut: number[] = [];
    const { flat } = model(size, images, { dark: 100, onLeftOut: (found) => leftOut.push(...found) });
    expect(leftOut).toEqual([4, 20]);
    expect(Math.max(...flat.map((value, i) => Math.abs(value - light[i])))).toBeLessThan(0.03);
  }
});
