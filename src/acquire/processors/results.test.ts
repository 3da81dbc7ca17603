import fc from "fast-check";
import { expect, test } from "vitest";
import type { PixelImage } from "../../io/index.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import { imagesOf, originOf } from "./results.ts";

const image = (data: PixelImage["data"], width = data.length, height = 1, channels = 1): PixelImage => ({
  data,
  width,
  height,
  channels,
});
const grey = image(new Uint16Array(6), 3, 2);
const given = (): ImageMetadata => ({
  Axes: { time: 3, channel: "DAPI" },
  Channel: "DAPI",
  Width: 3,
  Height: 2,
  PixelType: "GRAY16",
  BitDepth: 12,
  Exposure: 7,
});

test("one pair, a list of pairs and nothing are what a processor may return", () => {
  const origin = originOf(given());
  expect(imagesOf([grey, given()], origin)).toEqual([[grey, given()]]);
  expect(imagesOf([[grey, given()]], origin)).toEqual([[grey, given()]]);
  for (const nothing of [null, undefined, []]) expect(imagesOf(nothing, origin)).toEqual([]);
});

test("a changed Channel is a changed axis, as in Pycro-Manager's documentation", () => {
  const origin = originOf(given());
  const second: ImageMetadata = { ...given(), Channel: "A_new_channel" };
  const axes = imagesOf(
    [
      [grey, given()],
      [grey, second],
    ],
    origin,
  ).map(([, { Axes }]) => Axes);
  expect(axes).toEqual([
    { time: 3, channel: "DAPI" },
    { time: 3, channel: "A_new_channel" },
  ]);
  expect(second.Axes).toEqual({ time: 3, channel: "DAPI" }); // the caller's own stays
});

test("a Channel appears in axes that had none; axes that were changed themselves stand", () => {
  const origin = originOf({ Axes: { time: 0 } });
  const masked: ImageMetadata = { Axes: { time: 0 }, Channel: "mask" };
  expect(imagesOf([grey, masked], origin)[0]![1].Axes).toEqual({
    time: 0,
    channel: "mask",
  });
  const renamed = { ...given(), Channel: "x", Axes: { time: 3, channel: "y" } };
  expect(imagesOf([grey, renamed], originOf(given()))[0]![1].Axes).toEqual({ time: 3, channel: "y" });
});

test("metadata say what the pixels are, of any type and shape", () => {
  const types = [
    Uint8Array,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    Float32Array,
    Float64Array,
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(1, 3),
      (Pixels, width, height, channels) => {
        const changed = image(new Pixels(width * height * channels), width, height, channels);
        const [[, metadata]] = imagesOf([changed, given()], originOf(given())) as [
          [PixelImage, ImageMetadata],
        ];
        expect([metadata.Width, metadata.Height]).toEqual([width, height]);
        const isSame = Pixels === Uint16Array && channels === 1;
        expect(metadata.BitDepth).toBe(isSame ? 12 : Pixels.BYTES_PER_ELEMENT * 8);
        expect(metadata.PixelType === "GRAY16").toBe(isSame);
      },
    ),
  );
});

test.each<[string, unknown, RegExp]>([
  ["a bare image", grey, /image processor, what it returned: expected \[image, metadata\]/],
  ["an image without metadata", [grey], /image processor, image: expected \[image, metadata\]/],
  ["metadata first", [given(), grey], /image processor, image: expected \[image, metadata\]/],
  ["bare pixels", [new Uint16Array(6), given()], /image processor, image: expected/],
  ["pixels that do not fit", [image(new Uint16Array(5), 3, 2), given()], /5 values for 3 x 2 x 1/],
  [
    "an array of numbers",
    [{ ...grey, data: [1, 2, 3, 4, 5, 6] }, given()],
    /image data: expected an array of uint8.* found Array\. Convert it: Uint8Array\.from/,
  ],
  [
    "an array of 64-bit integers",
    [{ ...grey, data: new BigInt64Array(6) }, given()],
    /image data: expected an array of uint8.* found BigInt64Array\. Convert it: Int32Array\.from/,
  ],
  ["axes that are none", [grey, { ...given(), Axes: { time: 1.5 } }], /metadata.Axes: expected axes/],
  ["no axes", [grey, {}], /metadata.Axes: expected axes.*found nothing/],
])("%s is refused", (_, result, message) => {
  expect(() => imagesOf(result as never, originOf(given()))).toThrow(message);
});

test("two images with equal axes are an error that names them", () => {
  const same = [
    [grey, given()],
    [grey, given()],
  ] as const;
  expect(() => imagesOf(same, originOf(given()))).toThrow(
    /image processor: expected images with different axes, found two with time 3, channel DAPI/,
  );
});
