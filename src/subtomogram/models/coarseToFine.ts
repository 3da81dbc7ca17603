import type { AlignOutcome } from "../kernels/index.ts";

/** A grid of rotations, z slowest, of several templates. */
export interface SearchGrid {
  readonly counts: readonly [z: number, y: number, x: number];
  readonly templates: number;
}

/** Tries some candidates of every molecule, in ascending order; molecules with none keep what is known of them. */
type Attempt = (chosen: readonly (readonly number[])[]) => Promise<readonly AlignOutcome[]>;

/**
 * Every second rotation along each axis first; then, as long as it helps, the neighbours of the best one that were not tried.
 *
 * @returns  the best of what was tried of each molecule
 */
export async function searchByNeighbours(
  grid: SearchGrid,
  attempt: Attempt,
  molecules: number,
): Promise<readonly AlignOutcome[]> {
  const first = coarseCandidates(grid);
  const tried = Array.from({ length: molecules }, () => new Set(first));
  let best = await attempt(tried.map(() => first));
  for (;;) {
    const chosen = best.map(({ candidate }, i) =>
      neighboursOf(grid, candidate).filter((other) => !tried[i].has(other)),
    );
    if (chosen.every((candidates) => candidates.length === 0)) return best;
    chosen.forEach((candidates, i) => {
      for (const candidate of candidates) tried[i].add(candidate);
    });
    const found = await attempt(chosen);
    best = best.map((known, i) => better(known, found[i]));
  }
}

/** The one with the higher score, of equal ones the first candidate. */
export function better(known: AlignOutcome, found: AlignOutcome): AlignOutcome {
  if (found.score > known.score) return found;
  return found.score === known.score && found.candidate < known.candidate ? found : known;
}

/** The middle of each axis and every second place to both sides. */
function coarseCandidates({ counts, templates }: SearchGrid): number[] {
  const [z, y, x] = counts.map((count) =>
    Array.from({ length: count }, (_, i) => i).filter((i) => (i - (count - 1) / 2) % 2 === 0),
  );
  const [, height, width] = counts;
  const all = counts[0] * height * width;
  return Array.from({ length: templates }, (_, t) => t).flatMap((t) =>
    z.flatMap((a) => y.flatMap((b) => x.map((c) => t * all + (a * height + b) * width + c))),
  );
}

function neighboursOf({ counts }: SearchGrid, candidate: number): number[] {
  const [depth, height, width] = counts;
  const all = depth * height * width;
  const rotation = candidate % all;
  const row = Math.floor(rotation / width);
  const near = (at: number, count: number) => [at - 1, at, at + 1].filter((i) => i >= 0 && i < count);
  const [z, y, x] = [Math.floor(row / height), row % height, rotation % width];
  return near(z, depth).flatMap((a) =>
    near(y, height).flatMap((b) =>
      near(x, width).map((c) => candidate - rotation + (a * height + b) * width + c),
    ),
  );
}
