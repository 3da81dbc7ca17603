import { firstNotFinite, requireNotAborted, type Shape3, VitrineError } from "../../core/index.ts";
import type { RunChoice } from "../loaders/subvolumes.ts";
import { CELLS_AROUND } from "../molecules/neighbours.ts";
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
  /** Two picks are farther apart than this, voxels; below 1 as 1: what is no maximum among the voxels beside it is no pick. */
  readonly radius: number;
  /** Scores that differ by no more are equal: what rounding makes of one score in two blocks. Default 0. */
  readonly tie?: number;
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
  const { tie = 0, minScore } = search;
  const radius = Math.max(1, search.radius);
  const margin = search.reach + Math.ceil(radius);
  const neighbours = ballOf(radius);
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
    const found = maximaOf(scored, { shape, margin, neighbours, minScore, tie });
    for (const { place, score, rotation } of found.picks)
      picks.push({ place: [place[0] + start[0], place[1] + start[1], place[2] + start[2]], score, rotation });
    [lowest, highest] = [Math.min(lowest, found.lowest), Math.max(highest, found.highest)];
    const seconds = (performance.now() - began) / 1000;
    onProgress?.({ done: i + 1, total: cores.length, unit: "blocks", rate: (i + 1) / seconds });
  }
  return { picks: firstOfEqual(picks, radius, tie), lowest, highest };
}

function byPlace(a: Pick, b: Pick): number {
  return a.place[0] - b.place[0] || a.place[1] - b.place[1] || a.place[2] - b.place[2];
}

/** Of equal maxima that lie within a radius the first, also where they are of two blocks; in the order of their places. */
function firstOfEqual(picks: readonly Pick[], radius: number, tie: number): readonly Pick[] {
  const rank = ({ score }: Pick) => (tie > 0 ? Math.round(score / tie) : score);
  const cells = new Map<string, Pick[]>();
  const cellOf = ({ place }: Pick) => place.map((at) => Math.floor(at / radius));
  const isNear = (a: Pick, b: Pick) =>
    a.place.reduce((sum, at, axis) => sum + (at - b.place[axis]) ** 2, 0) <= radius * radius;
  const kept = [...picks]
    .sort((a, b) => rank(b) - rank(a) || byPlace(a, b))
    .filter((pick) => {
      const [z, y, x] = cellOf(pick);
      for (const [dz, dy, dx] of CELLS_AROUND)
        if (cells.get(`${z + dz},${y + dy},${x + dx}`)?.some((other) => isNear(pick, other))) return false;
      const cell = cells.get(`${z},${y},${x}`);
      if (cell === undefined) cells.set(`${z},${y},${x}`, [pick]);
      else cell.push(pick);
      return true;
    });
  return kept.sort(byPlace);
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
  const sides = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const wrong = firstNotFinite(inside);
  if (wrong >= 0) {
    const inBox = [Math.floor(wrong / (sides[1] * sides[2])), Math.floor(wrong / sides[2]) % sides[1]];
    const place = [from[0] + inBox[0], from[1] + inBox[1], from[2] + (wrong % sides[2])];
    throw new VitrineError({
      code: "range",
      at: `${tomogram.name} voxel (z, y, x) ${place.join(", ")}`,
      expected: "a finite value",
      found: `${inside[wrong]}`,
      hint: "Put the mean of the tomogram in the place of such voxels",
    });
  }
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

/** Offsets within a ball but its centre. */
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
    tie,
  }: {
    readonly shape: Shape3;
    readonly margin: number;
    readonly neighbours: ReturnType<typeof ballOf>;
    readonly minScore: number;
    readonly tie: number;
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
        if (!offsets.every((offset) => scores[at + offset] <= score + tie)) continue;
        if (standsOut(scores, { at, offsets, tie }))
          picks.push({ place: [z, y, x], score, rotation: rotations?.[at] ?? 0 });
      }
  return { picks, lowest, highest };
}

/** Whether a voxel is higher than one about it, or alone: none of a plain is a maximum. */
function standsOut(
  scores: Float32Array,
  { at, offsets, tie }: { readonly at: number; readonly offsets: readonly number[]; readonly tie: number },
): boolean {
  const isScored = (offset: number) => scores[at + offset] !== Number.NEGATIVE_INFINITY;
  return (
    offsets.some((offset) => isScored(offset) && scores[at + offset] < scores[at] - tie) ||
    !offsets.some(isScored)
  );
}
