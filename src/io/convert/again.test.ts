import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { PixelArray } from "../../core/index.ts";
import { sourceAxis } from "../source/axes.ts";
import { memorySource } from "../source/memory.ts";
import { openImage } from "../source/open.ts";
import type { ImageSource } from "../source/source.ts";
import { convertDataset } from "./convert.ts";
import { type WriteSourceOptions, writeSource } from "./write.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-again-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const FORMATS: readonly (readonly [
  format: WriteSourceOptions["format"],
  ending: string,
  types: readonly (keyof typeof ARRAYS)[],
])[] = [
  ["mrc", ".mrc", ["uint8", "int8", "int16", "uint16", "float32"]],
  ["npy", ".npy", ["uint8", "int16", "uint16", "float32", "float64"]],
  ["tiff", ".tif", ["uint8", "uint16", "float32"]],
  ["ome-tiff", ".ome.tif", ["uint8", "int16", "uint16", "float32"]],
  ["ome-zarr", ".zarr", ["uint8", "int16", "uint16", "float32"]],
];

/** Axes in any order of those before the plane, but where the format knows but one; sides odd and even. */
const image = (format: string, types: readonly (keyof typeof ARRAYS)[]) =>
  fc.record({
    outer: (format === "ome-zarr" ? fc.subarray : fc.shuffledSubarray)(["time", "channel", "z"]),
    sides: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }),
    // wider than 256 has a second level
    plane: fc.tuple(fc.integer({ min: 1, max: 41 }), fc.integer({ min: 1, max: 400 })),
    dtype: fc.constantFrom(...types),
  });
type Made = ReturnType<typeof image> extends fc.Arbitrary<infer T> ? T : never;

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
};

function sourceOf({ outer, sides, plane, dtype }: Made): ImageSource {
  const names = [...outer, "y", "x"];
  const shape = [...sides.slice(0, outer.length), ...plane];
  const values = Array.from(
    { length: shape.reduce((product, side) => product * side, 1) },
    (_, i) => (i * 7 + (i >> 4)) % 120,
  );
  const axes = names.map((name) => sourceAxis(name, isSpace(name) ? { unit: "micrometer" } : {}));
  const scale = names.map((name) => (isSpace(name) ? 0.5 : 1));
  return memorySource({ axes: names, shape, data: ARRAYS[dtype].from(values) }, { axes, scale });
}

const isSpace = (name: string) => ["x", "y", "z"].includes(name);

/** Every file below a path with its bytes. */
function filesOf(path: string): Map<string, string> {
  if (!statSync(path).isDirectory()) return new Map([["", readFileSync(path, "latin1")]]);
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(path, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(path, name), "latin1")]));
}

test.each(FORMATS)(
  "%s: a region of a level is that of the level, in any order of axes; written, read and written again it is the same bytes",
  async (format, ending, types) => {
    await fc.assert(
      fc.asyncProperty(
        image(format, types),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
        async (made, cuts) => {
          // of one name, which the OME formats hold
          const [first, second, third] = [0, 1, 2].map(() =>
            join(mkdtempSync(join(scratch, "x")), `cells${ending}`),
          );
          await using source = sourceOf(made);
          await writeSource(source, first, { format, overwrite: false });
          await checkRegions(first, cuts);
          await convertDataset(first, second);
          await convertDataset(second, third);
          expect(filesOf(third)).toEqual(filesOf(second));
          // sources of OME-TIFF have one order of axes, whichever the file has
          const isOrdered =
            made.outer.toString() ===
            ["time", "channel", "z"].filter((name) => made.outer.includes(name)).toString();
          if (format !== "ome-tiff" || isOrdered) expect(filesOf(second)).toEqual(filesOf(first));
        },
      ),
      { seed: 7, numRuns: 8 },
    );
  },
);

/** What is read of a part, and what lies there in the whole. */
async function checkRegions(path: string, cuts: readonly number[]): Promise<void> {
  await using source = await openImage(path);
  for (const [level, { shape }] of source.levels.entries()) {
    const spans = shape.map((side, i) => {
      const ends = [cuts[2 * i], cuts[2 * i + 1]].map((cut) => Math.round(cut * side));
      return [Math.min(...ends), Math.max(...ends)] as const;
    });
    const whole = await source.read({ level });
    const region = Object.fromEntries(source.axes.map(({ name }, i) => [name, spans[i]] as const));
    const part = await source.read({ level, region });
    expect(part.shape).toEqual(spans.map(([from, to]) => to - from));
    expect(Array.from(part.data)).toEqual(cropped(whole.data, shape, spans));
  }
}

function cropped(
  data: PixelArray,
  shape: readonly number[],
  spans: readonly (readonly [number, number])[],
): number[] {
  let places = [0];
  for (const [axis, [from, to]] of spans.entries())
    places = places.flatMap((place) =>
      Array.from({ length: to - from }, (_, i) => place * shape[axis] + from + i),
    );
  return places.map((place) => data[place]);
}
