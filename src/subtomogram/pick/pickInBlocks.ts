import { firstNotFinite, requireNotAborted, type Shape3, VitrineError } from "../../core/index.ts";
import type { RunChoice } from "../loaders/subvolumes.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import type { Tomogram } from "../sampling/tomogram.ts";

/** Scores of the voxels of a block, and which rotation has each. */
export interface ScoredBlock {
  readonly scores: Float32Array;
  readonly rotations?: Int32Array;
}

/** A voxel whose score is the highest about it. */
export interface Pick {
  readonly place: Zyx;
  readonly score: number;
  /** Index of the rotation. */
  readonly rotation: number;
}

/** How a tomogram is searched. */
export interface BlockSearch {
  /** Voxels that a score looks at on either side. */
  readonly reach: number;
  /** Two picks are farther apart than this, voxels. */
  readonly radius: number;
  /** Lowest score that is a pick. */
  readonly minScore: number;
  /** Scores of a block, the tomogram's edge repeated outside of it; `from` is the block's first voxel. */
  readonly score: (values: Float32Array, shape: Shape3, from: Zyx) => Promise<ScoredBlock>;
}

/** Voxels of a block without its margins, along each axis. */
const CORE = 96;

/** What all blocks together had: the scores' ends. */
export interface SearchResult {
  readonly picks: readonly Pick[];
  readonly lowest: number;
  readonly highest: number;
}

/**
 * Voxels of a tomogram whose score is the highest within a ball, in the order of their places. The division into blocks does not show.
 *
 * @throws {VitrineError} range: a value that is no number; aborted
 */
export async function pickInBlocks(
  tomogram: Tomogram,
  search: BlockSearch,
  { signal, onProgress }: RunChoice = {},
): Promise<SearchResult> {
  const cores = coresOf(tomogram.shape);
  const margin = search.reach + Math.ceil(search.radius);
  const neighbours = ballOf(search.radius);
  const began = performance.now();
  const picks: Pick[] = [];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, { from, to }] of cores.entries()) {
    requireNotAborted(signal, "picking");
    const start: Zyx = [from[0] - margin, from[1] - margin, from[2] - margin];
    const shape: Shape3 = [
      to[0] - from[0] + 2 * margin,
      to[1] - from[1] + 2 * margin,
      to[2] - from[2] + 2 * margin,
    ];
    const values = await readPadded(tomogram, start, { shape, signal });
    const scored = await search.score(values, shape, start);
    const found = maximaOf(scored, { shape, margin, neighbours, minScore: search.minScore });
    for (const { place, score, rotation } of found.picks)
      picks.push({ place: [place[0] + start[0], place[1] + start[1], place[2] + start[2]], score, rotation });
    [lowest, highest] = [Math.min(lowest, found.lowest), Math.max(highest, found.highest)];
    const seconds = (performance.now() - began) / 1000;
    onProgress?.({ done: i + 1, total: cores.length, unit: "blocks", rate: (i + 1) / seconds });
  }
  picks.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1] || a.place[2] - b.place[2]);
  return { picks, lowest, highest };
}

function coresOf(shape: Shape3): { readonly from: Zyx; readonly to: Zyx }[] {
  const ranges = shape.map((side) => {
    const count = Math.ceil(side / CORE);
    return Array.from({ length: count }, (_, i) => [
      Math.floor((i * side) / count),
      Math.floor(((i + 1) * side) / count),
    ]);
  });
  return ranges[0].flatMap(([z0, z1]) =>
    ranges[1].flatMap(([y0, y1]) =>
      ranges[2].map(([x0, x1]): { from: Zyx; to: Zyx } => ({ from: [z0, y0, x0], to: [z1, y1, x1] })),
    ),
  );
}

/** A block, the tomogram's edge repeated where it lies outside. */
export async function readPadded(
  tomogram: Tomogram,
  start: Zyx,
  { shape, signal }: { readonly shape: Shape3; readonly signal?: AbortSignal | undefined },
): Promise<Float32Array> {
  const clip = (at: number, axis: number) => Math.min(Math.max(at, 0), tomogram.shape[axis]);
  const from: Zyx = [clip(start[0], 0), clip(start[1], 1), clip(start[2], 2)];
  const to: Zyx = [clip(start[0] + shape[0], 0), clip(start[1] + shape[1], 1), clip(start[2] + shape[2], 2)];
  const inside = await tomogram.read(from, to, signal);
  const wrong = firstNotFinite(inside);
  if (wrong >= 0)
    throw new VitrineError({
      code: "range",
      at: tomogram.name,
      expected: "numbers",
      found: `${inside[wrong]}`,
    });
  const sides = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const places = shape.map((side, axis) =>
    Int32Array.from({ length: side }, (_, i) =>
      Math.min(Math.max(start[axis] + i - from[axis], 0), sides[axis] - 1),
    ),
  );
  const values = new Float32Array(shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (const z of places[0])
    for (const y of places[1]) {
      const row = (z * sides[1] + y) * sides[2];
      for (const x of places[2]) values[at++] = inside[row + x];
    }
  return values;
}

/** Offsets within a ball but its centre, and whether each comes before the centre. */
function ballOf(radius: number): readonly (readonly [z: number, y: number, x: number])[] {
  const reach = Math.floor(radius);
  const steps = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  return steps.flatMap((z) =>
    steps.flatMap((y) =>
      steps.flatMap((x): [number, number, number][] => {
        const square = z * z + y * y + x * x;
        return square > 0 && square <= radius * radius ? [[z, y, x]] : [];
      }),
    ),
  );
}

function maximaOf(
  { scores, rotations }: ScoredBlock,
  {
    shape,
    margin,
    neighbours,
    minScore,
  }: {
    readonly shape: Shape3;
    readonly margin: number;
    readonly neighbours: ReturnType<typeof ballOf>;
    readonly minScore: number;
  },
): SearchResult {
  const [depth, height, width] = shape;
  const offsets = neighbours.map(([z, y, x]) => (z * height + y) * width + x);
  const picks: Pick[] = [];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let z = margin; z < depth - margin; z++)
    for (let y = margin; y < height - margin; y++)
      for (let x = margin; x < width - margin; x++) {
        const at = (z * height + y) * width + x;
        const score = scores[at];
        if (score > highest) highest = score;
        if (score < lowest && score !== Number.NEGATIVE_INFINITY) lowest = score;
        if (!(score > minScore)) continue;
        // Of equal ones the first is the highest.
        const isHighest = offsets.every((offset) =>
          offset < 0 ? scores[at + offset] < score : scores[at + offset] <= score,
        );
        if (isHighest) picks.push({ place: [z, y, x], score, rotation: rotations?.[at] ?? 0 });
      }
  return { picks, lowest, highest };
}
