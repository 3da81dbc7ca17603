import { VitrineError } from "../../core/index.ts";

/** A set of displacements, in the unit of the largest. */
export interface PossibleDisplacements {
  readonly count: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Displacements on a square lattice within a disc, at least as many as asked for; (0, 0) comes first where the lattice has none.
 *
 * @param maxDisplacement  radius of the disc
 * @param nDisplacements   up to 1 gives the one at 0
 * @param hasZeroDisplacement  default true
 * @throws {VitrineError} range: a radius that is not above 0, a number that is none
 *
 * Source: CryoLike 0.0.1, `get_possible_displacements`.
 */
export function getPossibleDisplacements(
  maxDisplacement: number,
  nDisplacements: number,
  hasZeroDisplacement = true,
): PossibleDisplacements {
  if (!Number.isFinite(nDisplacements)) throw wrong("nDisplacements", "a number", nDisplacements);
  if (nDisplacements <= 1) return { count: 1, x: Float64Array.of(0), y: Float64Array.of(0) };
  if (!(maxDisplacement > 0 && Number.isFinite(maxDisplacement)))
    throw wrong("maxDisplacement", "a number above 0", maxDisplacement);
  let [points, disc] = [1 + Math.floor(Math.sqrt(nDisplacements)), [] as (readonly [number, number])[]];
  // CryoLike counts row and column of each as two, so that half as many are enough for it
  for (; 2 * disc.length < nDisplacements; points++) disc = discOf(points, maxDisplacement);
  const isThere = disc.some(([x, y]) => x === 0 && y === 0);
  const all = hasZeroDisplacement && !isThere ? [[0, 0] as const, ...disc] : disc;
  return {
    count: all.length,
    x: Float64Array.from(all, ([x]) => x),
    y: Float64Array.from(all, ([, y]) => y),
  };
}

/** Points of a lattice of n x n within the disc, x fastest. */
function discOf(n: number, radius: number): (readonly [number, number])[] {
  const step = (2 * radius) / (n - 1);
  const along = Array.from({ length: n }, (_, i) => (i === n - 1 ? radius : i * step - radius));
  return along.flatMap((y) =>
    along.filter((x) => Math.sqrt(x * x + y * y) <= radius).map((x) => [x, y] as const),
  );
}

function wrong(name: string, expected: string, found: number): VitrineError {
  return new VitrineError({
    code: "range",
    at: `getPossibleDisplacements ${name}`,
    expected,
    found: `${found}`,
  });
}
