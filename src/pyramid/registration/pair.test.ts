import { afterAll, beforeAll, expect, test } from "vitest";
import { syntheticPlate } from "../../../test/support/syntheticPlate.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { alignCycles, alignedWindow, registerCycle, registerPair, residuesOf } from "../index.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const size = { height: 301, width: 258 };
const plate = syntheticPlate({ rows: 1, columns: 1, ...size });
const reference = { ...size, data: plate.image(0) };
/** Another photograph of the site, which `shift` moves onto the reference. */
const moved = ({ y, x }: { y: number; x: number }) => ({
  ...size,
  data: plate.image(0, { shift: { y: -y, x: -x }, cycle: 1 }),
});

test.each([
  [0, 0],
  [3.3, -7.6],
  [-20.5, 12.25],
  [0.1, 40.9],
  [-64, -64],
])("a planted shift of %f, %f is found within 0.05 pixels", async (y, x) => {
  const found = await registerPair(pool, { reference, moved: moved({ y, x }) });
  expect(found.isTrusted).toBe(true);
  expect(Math.hypot(found.y - y, found.x - x)).toBeLessThan(0.05);
  expect(found.error).toBeLessThan(0.3);
});

test("images that share nothing, and those that show nothing, are not trusted", async () => {
  const other = syntheticPlate({ rows: 1, columns: 1, ...size, seed: 5 }).image(0);
  expect((await registerPair(pool, { reference, moved: { ...size, data: other } })).isTrusted).toBe(false);
  const black = { ...size, data: new Uint16Array(other.length) };
  const nothing = await registerPair(pool, { reference: black, moved: black });
  expect(nothing).toEqual({ y: 0, x: 0, error: Number.POSITIVE_INFINITY, isTrusted: false });
  await expect(alignCycles(pool, { reference, moved: black })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: alignCycles: expected the same cells in both images, found images that fit nowhere better than by chance. Raise maxShiftPx, or take the shift of the cycle's other sites (registerCycle).]`,
  );
});

test("a pattern that all images share draws the shift to 0 unless it is subtracted", async () => {
  const { normal } = seededRandom(8);
  const dark = Float32Array.from({ length: reference.data.length }, () => Math.round(60 + 40 * normal()));
  const add = (data: Uint16Array) => ({
    ...size,
    data: data.map((value, i) => Math.max(0, value + dark[i])),
  });
  const images = { reference: add(reference.data), moved: add(moved({ y: 4.5, x: -3.2 }).data) };
  const drawn = await registerPair(pool, images);
  expect(Math.hypot(drawn.y, drawn.x)).toBeLessThan(0.1);
  const found = await registerPair(pool, images, { dark });
  expect(Math.hypot(found.y - 4.5, found.x + 3.2)).toBeLessThan(0.1);
});

test("the alignment of a cycle is in whole pixels, and the windows that it gives show the same", async () => {
  const cycle = moved({ y: -7, x: 5 });
  const shift = await alignCycles(pool, { reference, moved: cycle });
  expect(shift).toEqual({ y: -7, x: 5 });
  const residues = residuesOf([{ y: 0, x: 0 }, shift]);
  const [a, b] = [alignedWindow(size, { y: 0, x: 0 }, residues), alignedWindow(size, shift, residues)];
  expect([b.y - a.y, b.x - a.x]).toEqual([7, -5]);
  const rms = Math.sqrt(
    Array.from({ length: a.height }, (_, y) => {
      const from = (offset: { y: number; x: number }) => (offset.y + y) * size.width + offset.x;
      return (reference.data[from(a) + 50] - cycle.data[from(b) + 50]) ** 2;
    }).reduce((sum, value) => sum + value, 0) / a.height,
  );
  // Twice the camera's noise of 3.
  expect(rms).toBeLessThan(6);
});

test("sites of a cycle that show nothing or something else take the shift of the others, which a turned plate has by place", async () => {
  const well = syntheticPlate({ rows: 3, columns: 3, height: 160, width: 160, density: 6, stageErrorPx: 0 });
  const site = { height: 160, width: 160 };
  const sites = well.nominal.map((place) => ({ ...place, ...site }));
  const planted = sites.map(({ y, x }) => ({ y: 6 + 0.01 * x, x: -9.5 - 0.01 * y }));
  const cycle = (i: number) => {
    if (i === 2) return undefined;
    if (i === 7) return { ...site, data: new Uint16Array(160 * 160) };
    return { ...site, data: well.image(i, { cycle: 1, shift: { y: -planted[i].y, x: -planted[i].x } }) };
  };
  const { shifts, warnings } = await registerCycle(pool, {
    sites,
    readReference: async (i) => ({ ...site, data: well.image(i) }),
    readCycle: async (i) => cycle(i),
  });
  expect(warnings).toEqual([]);
  expect(shifts.map(({ verdict }) => verdict)).toEqual([
    ...["trusted", "trusted", "missing", "trusted", "trusted", "trusted", "trusted", "chance", "trusted"],
  ]);
  shifts.forEach(({ y, x, how }, i) => {
    expect(Math.hypot(y - planted[i].y, x - planted[i].x)).toBeLessThan(how === "registered" ? 0.1 : 0.3);
  });
  const black = async () => ({ ...site, data: new Uint16Array(160 * 160) });
  await expect(
    registerCycle(pool, { sites, readReference: black, readCycle: black }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: registerCycle: expected a site that shows the same in both cycles, found none of 9. Raise maxShiftPx, or choose a channel that all cycles have.]`,
  );
});

test("sizes and limits that cannot be", async () => {
  const small = { height: 10, width: 258, data: new Uint16Array(2580) };
  await expect(registerPair(pool, { reference, moved: small })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: registerPair moved: expected 301 x 258 pixels, found 10 x 258.]`,
  );
  await expect(
    registerPair(pool, { reference, moved: reference }, { maxShiftPx: 200 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: registration maxShiftPx: expected from 1 to two fifths of the shorter side, 103, found 200.]`,
  );
  await expect(
    registerPair(pool, { reference, moved: reference }, { sigmaPx: 0 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: registration sigmaPx: expected above 0 to 8, found 0.]`,
  );
  await expect(
    registerPair(pool, { reference, moved: reference }, { dark: new Float32Array(3) }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: registration dark: expected 301 x 258 pixels, found 3.]`,
  );
});
