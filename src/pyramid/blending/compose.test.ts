import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { syntheticPlate } from "../../../test/support/syntheticPlate.ts";
import { seededRandom } from "../../core/index.ts";
import { type ComposeOptions, composeBlock, type MapPixels, pastePixels } from "../index.ts";

type Site = MapPixels<Uint16Array>;

function compose(sites: readonly Site[], box: Omit<Site, "data">, options?: ComposeOptions): Uint16Array {
  const block = { ...box, data: new Uint16Array(box.height * box.width) };
  composeBlock(sites, block, options);
  return block.data;
}

/** Sites of random values with some zeros, anywhere. */
const site = fc
  .record({
    y: fc.double({ min: -5, max: 30, noNaN: true }),
    x: fc.double({ min: -5, max: 30, noNaN: true }),
    height: fc.integer({ min: 1, max: 20 }),
    width: fc.integer({ min: 1, max: 20 }),
    seed: fc.nat(),
  })
  .map(({ seed, ...box }): Site => {
    const { uniform } = seededRandom(seed);
    const data = Uint16Array.from({ length: box.height * box.width }, () =>
      Math.max(0, 70_000 * uniform() - 7000),
    );
    return { ...box, data };
  });
const options = fc.record({
  blend: fc.constantFrom("last", "nearest", "linear"),
  resample: fc.constantFrom("round", "bilinear", "lanczos"),
  featherPx: fc.constantFrom(1, 4, Number.POSITIVE_INFINITY),
}) as fc.Arbitrary<ComposeOptions>;

test("a map is the same however it is cut into blocks, and leaves the sites as they were", () => {
  const cut = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(fc.array(site, { maxLength: 5 }), options, cut, cut, (sites, how, rows, columns) => {
      const before = sites.map(({ data }) => data.slice());
      const whole = compose(sites, { y: -6, x: -6, height: 50, width: 50 }, how);
      for (let y = 0; y < 50; y += rows) {
        for (let x = 0; x < 50; x += columns) {
          const [height, width] = [Math.min(rows, 50 - y), Math.min(columns, 50 - x)];
          const part = compose(sites, { y: y - 6, x: x - 6, height, width }, how);
          const same = part.every(
            (value, i) => value === whole[(y + Math.floor(i / width)) * 50 + x + (i % width)],
          );
          expect(same).toBe(true);
        }
      }
      expect(sites.map(({ data }) => data)).toEqual(before);
    }),
  );
});

test("by default it is what pasting one site after the other makes", () => {
  fc.assert(
    fc.property(fc.array(site, { maxLength: 5 }), (sites) => {
      const box = { y: -6, x: -6, height: 50, width: 50 };
      const pasted = { ...box, data: new Uint16Array(2500) };
      for (const one of sites) pastePixels({ ...one, y: Math.round(one.y), x: Math.round(one.x) }, pasted);
      expect(compose(sites, box)).toEqual(pasted.data);
    }),
  );
});

describe("where sites overlap", () => {
  const flat = (x: number, value: number): Site => ({
    y: 0,
    x,
    height: 1,
    width: 8,
    data: new Uint16Array(8).fill(value),
  });
  const box = { y: 0, x: 0, height: 1, width: 12 };
  const sites = [flat(0, 100), flat(4, 200)];

  test.each([
    [{ blend: "last" }, [100, 100, 100, 100, 200, 200, 200, 200, 200, 200, 200, 200]],
    [{ blend: "nearest" }, [100, 100, 100, 100, 100, 100, 200, 200, 200, 200, 200, 200]],
    [{ blend: "linear" }, [100, 100, 100, 100, 120, 140, 160, 180, 200, 200, 200, 200]],
    [{ blend: "linear", featherPx: 1 }, [100, 100, 100, 100, 150, 150, 150, 150, 200, 200, 200, 200]],
  ] as const)("%o", (how, expected) => {
    expect([...compose(sites, box, how)]).toEqual(expected);
  });

  test.each(["bilinear", "lanczos", "round"] as const)(
    "holes of value 0 in a world of 100 make no other value, blended and %s",
    (resample) => {
      const { uniform } = seededRandom(2);
      const holed = (y: number, x: number): Site => {
        const data = Uint16Array.from({ length: 400 }, () => (uniform() < 0.05 ? 0 : 100));
        return { y, x, height: 20, width: 20, data };
      };
      const world = [holed(0, 0), holed(0.4, 14.3), holed(13.6, 0.2)];
      for (const blend of ["linear", "nearest"] as const) {
        const values = new Set(compose(world, { y: 0, x: 0, height: 40, width: 40 }, { blend, resample }));
        expect([...values].sort((a, b) => a - b)).toEqual([0, 100]);
      }
    },
  );
});

test("fractions of pixels: a field photographed at places between pixels becomes one image without seams", () => {
  const plate = syntheticPlate({
    rows: 2,
    columns: 2,
    height: 120,
    width: 120,
    overlapPx: 40,
    noise: 0,
    density: 6,
  });
  const sites = plate.true.map((place, i) => ({ ...place, height: 120, width: 120, data: plate.image(i) }));
  // The same field as one camera at whole pixels would have shown it.
  const ideal = syntheticPlate({
    rows: 2,
    columns: 2,
    height: 120,
    width: 120,
    overlapPx: 40,
    noise: 0,
    density: 6,
  });
  const at = { y: Math.ceil(plate.true[0].y) + 8, x: Math.ceil(plate.true[0].x) + 8 };
  const truth = ideal.image(0, { shift: { y: plate.true[0].y - at.y, x: plate.true[0].x - at.x } });
  const rmsOf = (resample: "round" | "bilinear" | "lanczos") => {
    const block = compose(sites, { ...at, height: 100, width: 100 }, { blend: "linear", resample });
    let sum = 0;
    block.forEach((value, i) => {
      sum += (value - truth[Math.floor(i / 100) * 120 + (i % 100)]) ** 2;
    });
    return Math.sqrt(sum / block.length);
  };
  const [round, bilinear, lanczos] = [rmsOf("round"), rmsOf("bilinear"), rmsOf("lanczos")];
  // Values are whole numbers: 0.3 rms is their rounding. Cells are 400 high with details of 1.5 pixels.
  expect(lanczos).toBeLessThan(0.6);
  expect(bilinear).toBeLessThan(5);
  expect(round).toBeGreaterThan(bilinear);
});

test("values below 0 and above what the type holds are held at its ends", () => {
  const data = Uint8Array.from({ length: 64 }, (_, i) => ((i % 8) + (i >> 3) < 7 ? 0 : 255));
  const block = { y: 0, x: 0, height: 8, width: 8, data: new Uint8Array(64) };
  composeBlock([{ y: 0.4, x: 0.4, height: 8, width: 8, data }], block, { resample: "lanczos" });
  expect(Math.max(...block.data)).toBe(255);
  const floats = { ...block, data: new Float32Array(64) };
  composeBlock([{ y: 0, x: 0, height: 8, width: 8, data: new Float32Array(64).fill(1.25) }], floats);
  expect(floats.data).toEqual(new Float32Array(64).fill(1.25));
});
