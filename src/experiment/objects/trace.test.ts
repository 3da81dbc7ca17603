import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillShape } from "./fill.ts";
import { areaOf, doubleArea } from "./shape.ts";
import { traceLabels } from "./trace.ts";

/** A label image of characters: a full stop is background. */
function labels(...rows: readonly string[]) {
  const data = Uint32Array.from(rows.join(""), (letter) =>
    letter === "." ? 0 : Number.parseInt(letter, 36),
  );
  return { data, height: rows.length, width: rows[0].length };
}

function filled(
  traced: ReturnType<typeof traceLabels>,
  { height, width, y = 0, x = 0 }: Window,
): Uint32Array {
  const image = new Uint32Array(height * width);
  for (const { label, polygons } of traced)
    fillShape({ kind: "polygons", polygons }, { y, x, height, width }, (row, from, to) => {
      for (let column = from; column < to; column++) {
        expect(image[row * width + column]).toBe(0);
        image[row * width + column] = label;
      }
    });
  return image;
}

interface Window {
  readonly height: number;
  readonly width: number;
  readonly y?: number;
  readonly x?: number;
}

const rings = (traced: ReturnType<typeof traceLabels>) =>
  traced.map(({ polygons }) => polygons.map((polygon) => polygon.map((ring) => [...ring].join(" "))));

describe("outlines of labels", () => {
  test("a square, and one with a hole", () => {
    const traced = traceLabels(labels("11.", "11.", "..."));
    expect(rings(traced)).toEqual([[["0 0 2 0 2 2 0 2 0 0"]]]);
    const block = { ...labels("222", "2.2", "222"), y: 10, x: 100 };
    expect(rings(traceLabels(block))).toEqual([
      [["100 10 103 10 103 13 100 13 100 10", "101 12 102 12 102 11 101 11 101 12"]],
    ]);
  });

  test("pixels that touch at corners: parts of their own, or holes that touch", () => {
    expect(rings(traceLabels(labels("1.", ".1")))).toEqual([
      [["0 0 1 0 1 1 0 1 0 0"], ["1 1 2 1 2 2 1 2 1 1"]],
    ]);
    const [{ polygons }] = traceLabels(labels("1111", "1.11", "11.1", "1111"));
    expect(polygons).toHaveLength(1);
    expect(polygons[0]).toHaveLength(3);
    expect(areaOf({ kind: "polygons", polygons })).toBe(14);
    // the two tips of a C touch at a corner: what it encloses is a hole
    const [tips] = traceLabels(labels("111", "1.1", ".11"));
    expect(tips.polygons.map((polygon) => polygon.length)).toEqual([2]);
    // a part that encloses another one of the same label
    const [nested] = traceLabels(labels("11111", "1...1", "1.1.1", "1...1", "11111"));
    expect(nested.polygons.map((polygon) => polygon.length)).toEqual([2, 1]);
  });

  test("only those that are asked for; none of an empty image", () => {
    expect(traceLabels(labels("123"), new Set([2])).map(({ label }) => label)).toEqual([2]);
    expect(traceLabels({ data: new Uint8Array(0), height: 0, width: 0 })).toEqual([]);
  });

  const image = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }))
    .chain(([height, width, most]) =>
      fc.record({
        height: fc.constant(height),
        width: fc.constant(width),
        y: fc.integer({ min: -20, max: 20 }),
        x: fc.integer({ min: 0, max: 1e6 }),
        data: fc.array(fc.integer({ min: 0, max: most }), {
          minLength: height * width,
          maxLength: height * width,
        }),
      }),
    );

  test("filled again they are the image, whatever it is, in rings that meet themselves nowhere", () => {
    fc.assert(
      fc.property(image, (block) => {
        const traced = traceLabels(block);
        expect([...filled(traced, block)]).toEqual(block.data);
        for (const { polygons } of traced)
          for (const polygon of polygons)
            polygon.forEach((ring, i) => {
              const corners = new Set<string>();
              for (let k = 0; k + 2 < ring.length; k += 2) corners.add(`${ring[k]} ${ring[k + 1]}`);
              expect(corners.size).toBe(ring.length / 2 - 1);
              expect(doubleArea(ring) > 0).toBe(i === 0);
            });
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
