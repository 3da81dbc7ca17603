import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeGlobalIndex, globalIndex } from "../search/searchIndex.ts";
import { leopardGlobalIndex, leopardVisitOrder } from "./searchIndex.ts";

/**
 * Leopard-EM's bookkeeping, step by step: for every batch the table of numbers made for a full one, and the positions
 * in the order in which the correlations lie. Gives [true number, kept number] in the order of visits.
 */
function leopardWalk(
  { pixelSizes, defocusValues, orientations }: Parameters<typeof globalIndex>[1],
  batchSize: number,
): [number, number][] {
  const visits: [number, number][] = [];
  for (let first = 0; first < orientations; first += batchSize) {
    const table: number[] = [];
    for (let plane = 0; plane < pixelSizes * defocusValues; plane++) {
      for (let i = first; i < first + batchSize; i++) table.push(plane * orientations + i);
    }
    let position = 0;
    for (let pixelSize = 0; pixelSize < pixelSizes; pixelSize++) {
      for (let defocus = 0; defocus < defocusValues; defocus++) {
        for (
          let orientation = first;
          orientation < Math.min(first + batchSize, orientations);
          orientation++
        ) {
          const counts = { pixelSizes, defocusValues, orientations };
          visits.push([globalIndex({ pixelSize, defocus, orientation }, counts), table[position++]]);
        }
      }
    }
  }
  return visits;
}

const few = fc.integer({ min: 1, max: 4 });
const many = fc.integer({ min: 1, max: 40 });

test("kept numbers and order of visits are those of Leopard-EM's own steps", () => {
  fc.assert(
    fc.property(few, few, many, many, (pixelSizes, defocusValues, orientations, batchSize) => {
      const counts = { pixelSizes, defocusValues, orientations };
      leopardWalk(counts, batchSize).forEach(([index, kept], place) => {
        expect(leopardGlobalIndex(index, counts, batchSize)).toBe(kept);
        expect(leopardVisitOrder(index, counts, batchSize)).toBe(place);
        expect(globalIndex(decodeGlobalIndex(index, counts), counts)).toBe(index);
      });
    }),
  );
});

test("110 orientations in batches of 16 are misread at the end, in batches of 10 never", () => {
  const counts = { pixelSizes: 1, defocusValues: 3, orientations: 110 };
  const all = Array.from({ length: 330 }, (_, i) => i);
  expect(all.filter((i) => leopardGlobalIndex(i, counts, 10) !== i)).toEqual([]);
  const wrong = all
    .filter((i) => leopardGlobalIndex(i, counts, 16) !== i)
    .map((i) => decodeGlobalIndex(i, counts));
  // The last batch starts at 96; its first plane is right.
  expect(wrong).toHaveLength(2 * 14);
  expect(wrong.every(({ orientation, defocus }) => orientation >= 96 && defocus >= 1)).toBe(true);
  const reported = (defocus: number, orientation: number) =>
    decodeGlobalIndex(
      leopardGlobalIndex(globalIndex({ pixelSize: 0, defocus, orientation }, counts), counts, 16),
      counts,
    );
  expect(reported(0, 109)).toEqual({ pixelSize: 0, defocus: 0, orientation: 109 });
  // Position 14 of the table for a full batch is orientation 110, which is orientation 0 of the next plane.
  expect(reported(1, 96)).toEqual({ pixelSize: 0, defocus: 1, orientation: 0 });
  expect(reported(1, 98)).toEqual({ pixelSize: 0, defocus: 1, orientation: 96 });
  expect(reported(2, 109)).toEqual({ pixelSize: 0, defocus: 2, orientation: 105 });
});

test("one defocus value and one pixel size are never misread", () => {
  const counts = { pixelSizes: 1, defocusValues: 1, orientations: 23 };
  for (let i = 0; i < 23; i++) expect(leopardGlobalIndex(i, counts, 7)).toBe(i);
});

test("a pixel that nothing reached is read as the last correlation", () => {
  expect(leopardGlobalIndex(-1, { pixelSizes: 2, defocusValues: 3, orientations: 5 }, 2)).toBe(29);
});

test("a batch size is a count", () => {
  const counts = { pixelSizes: 1, defocusValues: 2, orientations: 5 };
  expect(() => leopardGlobalIndex(0, counts, 0)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: batch size: expected a whole number of at least 1, found 0.]`,
  );
  expect(() => leopardVisitOrder(0, counts, 1.5)).toThrow("batch size");
});
