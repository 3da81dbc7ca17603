import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PixelType } from "../../core/index.ts";
import { pixelView } from "../../core/index.ts";
import { axisOrder, binned, sourceAxis } from "./axes.ts";
import { copyBox, strides } from "./box.ts";
import { type Chunk, ChunkCache } from "./cache.ts";
import { type ChunkRequest, chunkedSource } from "./chunked.ts";
import { memorySource } from "./memory.ts";
import type { ImageSource, SourceRegion } from "./source.ts";
import { convertUnit, unitName } from "./units.ts";

const NAMES = ["time", "channel", "z", "y", "x"];

function ramp(shape: readonly number[], dtype: PixelType = "uint16") {
  const length = shape.reduce((product, side) => product * side, 1);
  const layout = { width: length, height: 1, channels: 1, dtype };
  const data = pixelView(layout, new ArrayBuffer(length * 8));
  for (let i = 0; i < length; i++) data[i] = i + 1;
  return { data, shape, axes: NAMES.slice(NAMES.length - shape.length) };
}

/** What a region is, value by value: slow and plain. */
function plainRegion(
  { data, shape }: ReturnType<typeof ramp>,
  spans: readonly (readonly [number, number])[],
): number[] {
  const steps = strides(shape);
  const values = (axis: number, offset: number): number[] => {
    if (axis === shape.length) return [data[offset]];
    const [from, to] = spans[axis];
    return Array.from({ length: to - from }, (_, i) =>
      values(axis + 1, offset + (from + i) * steps[axis]),
    ).flat();
  };
  return values(0, 0);
}

const side = fc.integer({ min: 1, max: 7 });
const imageWithRegion = fc
  .array(fc.tuple(side, side, fc.nat(), fc.nat()), { minLength: 2, maxLength: 5 })
  .map((axes) => ({
    shape: axes.map(([length]) => length),
    chunkShape: axes.map(([, chunk]) => chunk),
    spans: axes.map(([length, , a, b]): [number, number] => {
      const [from, to] = [a % (length + 1), b % (length + 1)].sort((p, q) => p - q);
      return [from, to];
    }),
  }));

function regionOf(names: readonly string[], spans: readonly [number, number][]): SourceRegion {
  return Object.fromEntries(names.map((name, i) => [name, spans[i]]));
}

interface Fake {
  readonly origin?: readonly number[];
  readonly cacheBytes?: number;
  readonly load?: (request: ChunkRequest) => Promise<void>;
  readonly leaveOut?: (index: readonly number[]) => boolean;
}

/** An array as a source of chunks that are padded to their whole shape. */
function inChunks(
  array: ReturnType<typeof ramp>,
  chunkShape: readonly number[],
  fake: Fake = {},
): ImageSource {
  const { shape, axes } = array;
  const origin = fake.origin ?? shape.map(() => 0);
  const facts = memorySource(array);
  const readChunk = async (request: ChunkRequest): Promise<Chunk | undefined> => {
    await fake.load?.(request);
    if (fake.leaveOut?.(request.index)) return undefined;
    const chunk = { ...ramp(chunkShape), at: shape.map(() => 0) };
    chunk.data.fill(9999);
    const first = request.index.map((n, i) => n * chunkShape[i] - origin[i]);
    const at = first.map((place) => Math.max(0, place));
    const counts = first.map((place, i) => Math.min(shape[i], place + chunkShape[i]) - at[i]);
    copyBox({ ...array, at }, { ...chunk, at: at.map((place, i) => place - first[i]) }, counts);
    return chunk;
  };
  return chunkedSource(
    { ...facts, axes: axes.map((name) => sourceAxis(name)), levels: [{ ...facts.levels[0], chunkShape }] },
    {
      readChunk,
      close: async () => {},
      ...(fake.origin && { origins: [fake.origin] }),
      ...(fake.cacheBytes !== undefined && { cacheBytes: fake.cacheBytes }),
      fill: fake.leaveOut === undefined ? 0 : 7,
    },
  );
}

describe("regions", () => {
  test("of an image in memory and of one in chunks are those of the plain array", async () => {
    await fc.assert(
      fc.asyncProperty(imageWithRegion, async ({ shape, chunkShape, spans }) => {
        const array = ramp(shape);
        const expected = plainRegion(array, spans);
        const origin = chunkShape.map((length) => Math.floor(length / 2));
        const sources = [
          memorySource(array),
          inChunks(array, chunkShape),
          inChunks(array, chunkShape, { origin }),
        ];
        for (const source of sources) {
          const block = await source.read({ region: regionOf(array.axes, spans) });
          expect(Array.from(block.data)).toEqual(expected);
          expect(block.shape).toEqual(spans.map(([from, to]) => to - from));
          expect(block.axes).toEqual(array.axes);
          const into = block.data.slice().fill(5);
          const again = await source.read({ region: regionOf(array.axes, spans), into });
          expect(again.data).toBe(into);
          expect(into).toEqual(block.data);
        }
      }),
    );
  });

  test("one index keeps its axis; axes that are not named are whole; reading twice gives the same, and copies", async () => {
    const array = ramp([2, 3, 4, 5]);
    for (const source of [memorySource(array), inChunks(array, [1, 2, 3, 4])]) {
      const block = await source.read({ region: { channel: 1, y: [1, 3] } });
      expect(block).toMatchObject({ axes: ["channel", "z", "y", "x"], shape: [1, 3, 2, 5] });
      block.data.fill(0);
      const again = await source.read({ region: { channel: 1, y: [1, 3] } });
      expect(Array.from(again.data)).toEqual(
        plainRegion(array, [
          [1, 2],
          [0, 3],
          [1, 3],
          [0, 5],
        ]),
      );
    }
  });

  test("chunks that are left out read as fill", async () => {
    const source = inChunks(ramp([4, 4]), [2, 2], { leaveOut: ([y]) => y === 1 });
    const { data } = await source.read({ region: { y: [1, 3], x: [1, 3] } });
    expect(Array.from(data)).toEqual([6, 7, 7, 7]);
    const into = data.slice().fill(1);
    await source.read({ region: { y: [1, 3], x: [1, 3] }, into });
    expect(into).toEqual(data);
  });

  test("what cannot be read is one clear error", async () => {
    const source = memorySource(ramp([3, 4, 5]), { name: "map" });
    const failure = (what: Parameters<ImageSource["read"]>[0]) =>
      source.read(what).catch((error: Error) => error.message);
    expect(await failure({ level: 1 })).toMatchInlineSnapshot(
      `"map level: expected 0, the only level, found 1."`,
    );
    expect(await failure({ region: { t: 0 } })).toMatchInlineSnapshot(
      `"map region: expected one of the axes z, y, x, found "t"."`,
    );
    expect(await failure({ region: { z: 3 } })).toMatchInlineSnapshot(
      `"map level 0 z: expected indices within 0..3, found 3."`,
    );
    expect(await failure({ region: { x: [4, 2] } })).toMatchInlineSnapshot(
      `"map level 0 x: expected indices within 0..5, found 4..2."`,
    );
    expect(await failure({ region: { x: [0.5, 2] } })).toMatchInlineSnapshot(
      `"map level 0 x: expected indices within 0..5, found 0.5..2."`,
    );
    expect(await failure({ into: new Float64Array(3) })).toMatchInlineSnapshot(
      `"map read into: expected 60 values of uint16, found 3 of float64."`,
    );
    expect(await failure({ signal: AbortSignal.abort() })).toMatchInlineSnapshot(
      `"map read: expected to finish, found an abort."`,
    );
    await source.close();
    expect(await failure({})).toMatchInlineSnapshot(`"map: expected an open image, found a closed one."`);
  });

  test("values and shapes that do not agree are refused", () => {
    const array = ramp([3, 4]);
    expect(() => memorySource({ ...array, shape: [3, 5] })).toThrow(/12 values along 2 axes/);
    const lower = { data: new Uint8Array(2), shape: [1, 2], factors: [3, 2] };
    expect(() => memorySource(array, { lower: [lower] })).toThrow(
      /memory level 1: expected uint16, found uint8/,
    );
  });
});

test("a chunk that is shorter than it must be is an error", async () => {
  const facts = memorySource(ramp([4, 4]));
  const source = chunkedSource(facts, {
    readChunk: async () => ({ data: new Uint16Array(8), shape: [2, 4] }),
    close: async () => {},
  });
  await expect(source.read({ region: { y: [1, 2] } })).resolves.toBeDefined();
  await expect(source.read()).rejects.toThrow(
    /level 0 chunk 0, 0: expected a chunk of at least 4 x 4, found 2 x 4/,
  );
});

describe("the cache", () => {
  const chunkOf = (bytes: number): Chunk => ({ data: new Uint8Array(bytes), shape: [bytes] });

  test("keeps its bound and what was used last", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 60 })), { maxLength: 80 }),
        async (reads) => {
          const cache = new ChunkCache("test", 100);
          for (const [key, bytes] of reads) {
            await cache.read(`${key}`, async () => chunkOf(bytes));
            expect(cache.bytes).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
    const cache = new ChunkCache("test", 100);
    const loads: string[] = [];
    const read = (key: string) =>
      cache.read(key, async () => {
        loads.push(key);
        return chunkOf(40);
      });
    for (const key of ["a", "b", "a", "c", "a", "b"]) await read(key);
    expect(loads).toEqual(["a", "b", "c", "b"]);
  });

  test("readers of one chunk share a request, and an abort of one leaves the others", async () => {
    const loads: ChunkRequest[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const array = ramp([4, 4]);
    const source = inChunks(array, [4, 4], {
      load: async (request) => {
        loads.push(request);
        await gate;
      },
    });
    const first = new AbortController();
    const aborted = source.read({ signal: first.signal });
    const others = [source.read(), source.read({ region: { y: 1 } })];
    first.abort(new Error("enough"));
    await expect(aborted).rejects.toMatchObject({ code: "aborted", cause: new Error("enough") });
    release();
    expect(Array.from((await others[0]).data)).toEqual(Array.from(array.data));
    expect((await others[1]).data.length).toBe(4);
    expect(loads).toHaveLength(1);
    expect(loads[0].signal.aborted).toBe(true); // after the last reader had it
  });

  test("the last reader that gives up aborts the request; who comes then asks anew", async () => {
    const seen: AbortSignal[] = [];
    const cache = new ChunkCache("test", 100);
    const load = (signal: AbortSignal) => {
      seen.push(signal);
      return new Promise<Chunk>((resolve) => setTimeout(() => resolve(chunkOf(1)), 5));
    };
    const controller = new AbortController();
    const given = cache.read("a", load, controller.signal);
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    expect(seen[0].aborted).toBe(true);
    await cache.read("a", load);
    expect(seen).toHaveLength(2);
  });

  test("a damaged chunk is not kept", async () => {
    let fails = true;
    const array = ramp([4, 4]);
    const source = inChunks(array, [2, 2], {
      load: async ({ index }) => {
        if (fails && index[0] === 1) throw new Error("damaged");
      },
    });
    await expect(source.read()).rejects.toThrow("damaged");
    fails = false;
    expect(Array.from((await source.read()).data)).toEqual(Array.from(array.data));
  });
});

describe("names and units", () => {
  test("axes stand in one order", () => {
    expect(axisOrder(["x", "sample", "z", "y", "filter", "channel", "position", "time"])).toEqual([
      "position",
      "time",
      "channel",
      "filter",
      "z",
      "y",
      "x",
      "sample",
    ]);
    expect(sourceAxis("z", { unit: "angstrom" })).toEqual({ name: "z", kind: "space", unit: "angstrom" });
  });

  test("the first pixel of a level lies in the middle of those that it stands for", () => {
    const level = binned({ scale: [2, 0.5], translation: [10, 0] }, [1, 4]);
    expect(level).toEqual({ scale: [2, 2], translation: [10, 0.75] });
  });

  test("units go by the names of NGFF", () => {
    const names = [
      "µm",
      "μm",
      "um",
      "micron",
      "microns",
      "Micrometers",
      "micrometre",
      "Å",
      "\u212b",
      "nm",
      "NM",
      "ang",
      "sec",
      "ms",
      "min",
      "pixel",
      "m",
    ];
    expect(names.map((name) => unitName(name) ?? "-").join(" ")).toMatchInlineSnapshot(
      `"micrometer micrometer micrometer micrometer micrometer micrometer micrometer angstrom angstrom nanometer nanometer angstrom second millisecond minute - meter"`,
    );
    expect(convertUnit(1.5, "angstrom", "nanometer")).toBe(0.15);
    expect(convertUnit(0.00015, "micrometer", "angstrom")).toBeCloseTo(1.5, 12);
    expect(convertUnit(2, "minute", "millisecond")).toBe(120000);
    expect(convertUnit(2, "minute", "meter")).toBeUndefined();
  });
});
