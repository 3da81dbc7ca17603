import { expect, test } from "vitest";
import { componentsOf, layersOf, packed } from "./tileAtlas.ts";
import { looksOf, tileShader } from "./tileShader.ts";

test("channels of a pixel lie side by side, four together", () => {
  const tile = (values: readonly number[]) => ({ data: Uint8Array.from(values), width: 2, height: 1 });
  const three = [tile([1, 2]), tile([3, 4]), tile([5, 6])];
  expect([...packed(three, { components: 4, isByte: true })]).toEqual([1, 3, 5, 0, 2, 4, 6, 0]);
  expect(packed(three.slice(0, 1), { components: 1, isByte: true })).toBe(three[0].data);
  const deep = [{ data: Uint16Array.of(65535, 7), width: 2, height: 1 }];
  expect(packed(deep, { components: 1, isByte: false })).toEqual(Float32Array.of(65535, 7));
  expect([1, 2, 3, 4, 5, 10].map((channels) => [componentsOf({ channels }), layersOf({ channels })])).toEqual(
    [
      [1, 1],
      [2, 1],
      [4, 1],
      [4, 1],
      [4, 2],
      [4, 3],
    ],
  );
});

test("a pixel of five channels takes two looks into the texture, whatever their colours", () => {
  const { fs } = tileShader(5, undefined);
  expect(fs.match(/texture\(/g)).toHaveLength(2);
  expect(fs.match(/looks\.color/g)).toHaveLength(5);
  expect(tileShader(1, "viridis").fs).toContain("mapped(");
});

test("limits of bytes are those of a texture whose full value is 1", () => {
  const looks = looksOf([{ low: 51, scale: 1 / 102, rgb: [1, 0.5, 0] }], 255);
  expect(looks.color0).toEqual([1, 0.5, 0, 0]);
  expect(looks.limits0[0]).toBeCloseTo(0.2);
  // 153 is full
  expect((153 / 255 - looks.limits0[0]) * looks.limits0[1]).toBeCloseTo(1);
});
