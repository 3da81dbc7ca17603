import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { featureColumn } from "./features.ts";
import type { Molecules } from "./molecules.ts";

/**
 * Molecules without those that lie closer than a distance to a better one: what was picked twice, or moved onto another by an alignment. Copies
 * of a molecule in both halves make a Fourier shell correlation too good.
 *
 * @param distanceNm  two that are kept are at least so far apart; those of different tomograms (`tomogram`, `image-id`) never meet
 * @param options     `by`: feature whose larger values are better; default `score` where there is one, else the first is kept
 * @throws {VitrineError} range: a distance not above 0; missing: no such feature
 */
export function dropNeighbours(
  molecules: Molecules,
  distanceNm: number,
  options: { readonly by?: string } = {},
): Molecules {
  requireKnownOptions("dropNeighbours", options, { by: true });
  const { by } = options;
  if (!(Number.isFinite(distanceNm) && distanceNm > 0))
    throw new VitrineError({
      code: "range",
      at: "dropNeighbours",
      expected: "a distance above 0, nm",
      found: `${distanceNm}`,
    });
  const { features, count } = molecules;
  const name = by ?? (Object.hasOwn(features, "score") ? "score" : undefined);
  const worth = name === undefined ? undefined : featureColumn(features, name).map(Number);
  const order = Array.from({ length: count }, (_, i) => i);
  if (worth !== undefined) order.sort((a, b) => worth[b] - worth[a] || a - b);
  const cells = new Map<string, number[]>();
  const tomogramOf = (i: number) => `${features["image-id"]?.[i] ?? features.tomogram?.[i] ?? ""}`;
  const cellOf = (i: number) => molecules.place(i).map((nm) => Math.floor(nm / distanceNm));
  const isFar = (a: number, b: number) => {
    const [p, q] = [molecules.place(a), molecules.place(b)];
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) >= distanceNm;
  };
  const kept = order.filter((i) => {
    const [z, y, x] = cellOf(i);
    const around = CELLS_AROUND.flatMap(
      ([dz, dy, dx]) => cells.get(`${tomogramOf(i)}:${z + dz},${y + dy},${x + dx}`) ?? [],
    );
    if (!around.every((other) => isFar(i, other))) return false;
    const cell = `${tomogramOf(i)}:${z},${y},${x}`;
    cells.set(cell, [...(cells.get(cell) ?? []), i]);
    return true;
  });
  return molecules.subset(kept.sort((a, b) => a - b));
}

/** Steps from a cell of a grid to itself and to those beside it. */
export const CELLS_AROUND = [-1, 0, 1].flatMap((z) =>
  [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x) => [z, y, x] as const)),
);
