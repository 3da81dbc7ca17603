import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import {
  correctIllumination,
  correctionTable,
  createTiles,
  type IlluminationModel,
  pastePixels,
  scaleTable,
  type TilesPlan,
} from "../index.ts";
import { createSiteRooms } from "./siteRooms.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const SITE = { height: 61, width: 83 };
const AREA = SITE.height * SITE.width;
const { uniform, normal } = seededRandom(3);
const map = (value: (i: number) => number) => Float64Array.from({ length: AREA }, (_, i) => value(i));

/** Values of all sizes, both ends among them. */
const sites = [0, 1, 2, 3].map((k) =>
  Uint16Array.from({ length: AREA }, (_, i) => {
    if (i % 17 === 0) return i % 2 === 0 ? 0 : 65_535;
    return k % 2 === 0 ? 10 ** (4.8 * uniform()) : 100 + 4000 * uniform();
  }),
);

const models: Record<string, IlluminationModel> = {
  "z-score": {
    kind: "zscore",
    mean: map(() => 2.5 + 0.4 * uniform()),
    deviation: map(() => 0.2 + 0.2 * uniform()),
  },
  "z-score whose deviations are nothing or nearly so": {
    kind: "zscore",
    mean: map((i) => (i % 3 === 0 ? 3 : 2 + uniform())),
    deviation: map((i) => [0, 1e-9, 1e-4, 0.3, 40][i % 5]),
  },
  "z-score of images that are all alike": { kind: "zscore", mean: map(() => 3), deviation: map(() => 0) },
  "flat field": { kind: "flatfield", flat: Float32Array.from(map(() => 0.3 + uniform())), dark: 100 },
  "flat field whose dark is no float": {
    kind: "flatfield",
    flat: Float32Array.from(map((i) => [0.01, 0.4, 1, 2.5][i % 4] + 0.1 * uniform())),
    dark: 99.9,
  },
  "flat field of a dark above most values": {
    kind: "flatfield",
    flat: Float32Array.from(map(() => 0.8 + 0.4 * uniform())),
    dark: 3000.123456789,
  },
  "flat field with an image of the dark": {
    kind: "flatfield",
    flat: Float32Array.from(map(() => 0.01 + uniform())),
    dark: Float32Array.from(map(() => 100 + 5 * normal())),
  },
};
const tables: Record<string, Uint8Array> = {
  "100 to 4000": scaleTable({ lower: 100, upper: 4000 }),
  "0 to 65535": scaleTable({ lower: 0, upper: 65_535 }),
  "0 to 255": scaleTable({ lower: 0, upper: 255 }),
  // floats tell levels so high not finely enough apart
  "60000 to 60255": scaleTable({ lower: 60_000, upper: 60_255 }),
  "black and white": scaleTable({ lower: 999, upper: 1000 }),
  "one value": new Uint8Array(65_536).fill(7),
  "8 bits as they are": Uint8Array.from({ length: 65_536 }, (_, i) => Math.min(255, i)),
};
const PLACES = [
  { y: -7, x: -20 },
  { y: 40, x: 50 },
  { y: 3, x: 60 },
  { y: 90, x: -80 },
] as const;
const BLOCK = { height: 100, width: 120 };

/** A plan of blocks of one level, of sites that a model corrects. */
function planOf(
  model: IlluminationModel | undefined,
  {
    type,
    lookup,
    rooms,
  }: Pick<Parameters<typeof createTiles>[1], "type" | "rooms"> & { lookup?: Uint8Array },
): TilesPlan {
  const correction = model && correctionTable(model, lookup ?? tables["8 bits as they are"]);
  const site = { ...SITE, ...(correction && { correction: correction.kind }) };
  const plan = createTiles(pool, { ...BLOCK, levels: 1, type, site, ...(rooms && { rooms }) });
  if (correction === undefined) {
    if (type === "uint16" && lookup !== undefined) plan.set("lookup", lookup);
    return plan;
  }
  plan.set("correction", correction.head);
  if (correction.offset !== undefined) plan.set("offset", correction.offset);
  plan.set("divisor", correction.divisor);
  return plan;
}

/** What a block of one level shows, from its only read. */
async function block(model: IlluminationModel | undefined, lookup: Uint8Array): Promise<Uint8Array> {
  const plan = planOf(model, { type: "uint16", lookup });
  try {
    const pixels = new Uint8Array(BLOCK.height * BLOCK.width);
    // Twice: a block begins black, whatever was in the one before.
    for (let round = 0; round < 2; round++) {
      let placed: Promise<unknown> = Promise.resolve([]);
      for (const [k, place] of PLACES.entries()) {
        // while the one before is placed
        plan.set("site", sites[k]);
        expect(await placed).toEqual([]);
        placed = plan.run({ place });
      }
      await placed;
      expect(await plan.run({ quality: 90 })).toHaveLength(1);
    }
    plan.read("last", pixels);
    return pixels;
  } finally {
    plan.dispose();
  }
}

function expected(model: IlluminationModel | undefined, lookup: Uint8Array): Uint8Array {
  const target = { y: 0, x: 0, ...BLOCK, data: new Uint8Array(BLOCK.height * BLOCK.width) };
  for (const [k, place] of PLACES.entries()) {
    const values = model === undefined ? sites[k] : correctIllumination(sites[k], model);
    pastePixels({ ...place, ...SITE, data: Uint8Array.from(values, (value) => lookup[value]) }, target);
  }
  return target.data;
}

describe("sites in a block are those that are corrected, looked up and pasted one after the other", () => {
  for (const [name, model] of [...Object.entries(models), ["no correction", undefined] as const]) {
    test.each(Object.entries(tables))(`${name}: %s`, async (_, lookup) => {
      const [found, wanted] = [await block(model, lookup), expected(model, lookup)];
      expect(found.filter((value, i) => value !== wanted[i])).toHaveLength(0);
    });
  }
});

/** What of a site is shown, and where. */
interface Placed {
  readonly y: number;
  readonly x: number;
  readonly site: { readonly height: number; readonly width: number };
  readonly window: {
    readonly y: number;
    readonly x: number;
    readonly height: number;
    readonly width: number;
  };
}

describe("windows of sites of several sizes in blocks of several sizes", () => {
  const blockOf = fc.record({
    height: fc.integer({ min: 1, max: 100 }),
    width: fc.integer({ min: 1, max: 120 }),
  });
  const placedOf = (sizes: fc.Arbitrary<{ height: number; width: number }>): fc.Arbitrary<Placed> =>
    fc
      .record({
        y: fc.integer({ min: -70, max: 110 }),
        x: fc.integer({ min: -90, max: 130 }),
        site: sizes,
        part: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
      })
      .map(({ part: [a, b, c, d], site, ...place }) => {
        const [y, x] = [Math.floor(a * (site.height - 1)), Math.floor(b * (site.width - 1))];
        const height = 1 + Math.floor(c * (site.height - y - 1));
        const window = { y, x, height, width: 1 + Math.floor(d * (site.width - x - 1)) };
        return { ...place, site, window };
      });
  const anySize = fc.record({
    height: fc.integer({ min: 1, max: 61 }),
    width: fc.integer({ min: 1, max: 83 }),
  });

  /** What a block shows by TypeScript alone: results of whole sites, cut and pasted. */
  function wanted(
    block: { height: number; width: number },
    placed: readonly (Placed & { shown: Uint8Array })[],
  ) {
    const target = { y: 0, x: 0, ...block, data: new Uint8Array(block.height * block.width) };
    for (const { y, x, site, window, shown } of placed) {
      const part = { ...window, data: new Uint8Array(window.height * window.width) };
      pastePixels({ y: 0, x: 0, ...site, data: shown }, part);
      pastePixels({ ...part, y, x }, target);
    }
    return target.data;
  }

  const [table, model] = [tables["100 to 4000"], models["z-score"]];
  const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 5)) % 256);
  const kinds = {
    "16 bits": { lookup: table, corrected: undefined, from: (length: number) => sites[1].slice(0, length) },
    "16 bits, corrected": { lookup: table, corrected: model, from: () => sites[1] },
    "8 bits": { lookup: undefined, corrected: undefined, from: bytes },
    "8 bits, corrected": { lookup: undefined, corrected: models["flat field"], from: bytes },
    "8 bits, corrected by z-scores": { lookup: undefined, corrected: model, from: bytes },
  } as const;

  test.each(Object.entries(kinds))("%s", async (_, { lookup, corrected, from }) => {
    const isCorrected = corrected !== undefined;
    const type = lookup === undefined ? "uint8" : "uint16";
    const rooms = createSiteRooms(pool);
    const plan = planOf(corrected, { type, rooms, ...(lookup && { lookup }) });
    const correct = lookup ?? tables["8 bits as they are"];
    const property = fc.asyncProperty(
      blockOf,
      fc.array(placedOf(isCorrected ? fc.constant(SITE) : anySize), { maxLength: 4 }),
      async (block, placed) => {
        const all = placed.map((one) => {
          const data = from(one.site.height * one.site.width);
          const values = isCorrected ? correctIllumination<Uint8Array | Uint16Array>(data, corrected) : data;
          return { ...one, data, shown: Uint8Array.from(values, (value) => correct[value]) };
        });
        await plan.run({ block });
        for (const { y, x, site, window, data } of all) {
          plan.set("site", data);
          await plan.run({ place: { y, x }, site, window });
        }
        const shown = async () => {
          await plan.run({ quality: 50 });
          const found = new Uint8Array(block.height * block.width);
          plan.read("last", found);
          return found;
        };
        expect(await shown()).toEqual(wanted(block, all));
        const inRooms = all.map(({ data, y, x, site, window }) => {
          const { buffer, byteOffset } = rooms.take(data.byteLength);
          const room =
            data instanceof Uint8Array
              ? new Uint8Array(buffer, byteOffset, data.length)
              : new Uint16Array(buffer, byteOffset, data.length);
          room.set(data);
          return { place: { y, x }, site, window, data: room };
        });
        await plan.run({ block });
        // none leave a block as it is, which begins black
        await plan.run({ sites: [] });
        await plan.run({ sites: inRooms });
        expect(await shown()).toEqual(wanted(block, all));
        for (const { data } of inRooms) rooms.give(data);
      },
    );
    await fc.assert(property, { numRuns: 40, seed: 5 });
    plan.dispose();
    rooms[Symbol.dispose]();
  });
});

test("tables that fall, and sites where there are none, are refused", async () => {
  const falling = Uint8Array.from({ length: 65_536 }, (_, i) => 255 - (i >> 8));
  expect(() => correctionTable(models["flat field"], falling)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: correctionTable lookup: expected values that never fall, found 255, then 254 for 256.]`,
  );
  expect(() => correctionTable(models["flat field"], new Uint8Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: correctionTable lookup: expected 65536 values, found 3.]`,
  );
  const plan = createTiles(pool, { ...BLOCK, levels: 1, type: "uint8" });
  await expect(plan.run({ place: { y: 0, x: 0 } })).rejects.toThrow("expected a plan with sites");
  plan.dispose();
  const sited = createTiles(pool, {
    ...BLOCK,
    levels: 1,
    type: "uint8",
    site: { ...SITE, correction: "zscore" },
  });
  const refused: readonly [Parameters<typeof sited.run>[0], string][] = [
    [{ place: { y: 0.5, x: 0 } }, "tiles place: expected whole pixels, found [0.5, 0]."],
    [{ place: { y: 0, x: 0 }, site: { height: 60, width: 83 } }, "expected 61 x 83 pixels, found 60 x 83."],
    [
      { place: { y: 0, x: 0 }, window: { y: 60, x: 0, height: 2, width: 3 } },
      'expected a window within 61 x 83 pixels, found {"y":60,"x":0,"height":2,"width":3}.',
    ],
    [
      { sites: [{ place: { y: 0, x: 0 }, data: new Uint8Array(AREA) }] },
      "tiles sites: expected 5063 values in a room of this plan, found 5063 values.",
    ],
    [{ block: { height: 101, width: 1 } }, "tiles block: expected at most 100 x 120 pixels, found 101 x 1."],
  ];
  for (const [work, message] of refused) await expect(sited.run(work)).rejects.toThrow(message);
  await expect(sited.run({ place: { y: 0, x: 0 } })).rejects.toThrow("expected a correction that is set");
  expect(() => sited.set("correction", new Float64Array(9))).toThrow("expected 65798 numbers in one piece");
  sited.dispose();
});
