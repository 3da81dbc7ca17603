/** k nearest neighbours: the class that most of the nearest examples have. */
import { squaredDistances } from "../../core/index.ts";

/** Examples whose classes are known, and how many of them vote. */
export interface NeighboursOf {
  /** (examples, dimensions). */
  readonly examples: Float64Array;
  readonly dimensions: number;
  readonly classOf: ArrayLike<number>;
  readonly classes: number;
  readonly neighbours: number;
}

/** A class with the share of votes that it got. */
export interface Vote {
  readonly winner: number;
  readonly share: number;
}

/**
 * The class of a point: each of the nearest examples has one vote, a tie goes to the class of the nearest.
 *
 * @param at       where the point begins in `points`
 * @param leftOut  an example that has no vote; default: all have one
 *
 * Source: Cover & Hart 1967, IEEE Trans. Inf. Theory 13:21.
 */
export function voteOf(
  points: Float64Array,
  at: number,
  {
    examples,
    dimensions,
    classOf,
    classes,
    neighbours,
    leftOut = -1,
  }: NeighboursOf & { readonly leftOut?: number },
): Vote {
  const count = examples.length / dimensions;
  const between = squaredDistances(dimensions);
  const nearest: { distance: number; example: number }[] = [];
  for (let example = 0; example < count; example++) {
    if (example === leftOut) continue;
    const distance = between(points, at, examples, example * dimensions);
    if (nearest.length === neighbours && distance >= nearest[neighbours - 1].distance) continue;
    const place = nearest.findIndex((one) => one.distance > distance);
    nearest.splice(place < 0 ? nearest.length : place, 0, { distance, example });
    if (nearest.length > neighbours) nearest.pop();
  }
  const votes = new Uint32Array(classes);
  for (const { example } of nearest) votes[classOf[example]]++;
  const most = Math.max(...votes);
  const winner = nearest.map(({ example }) => classOf[example]).find((each) => votes[each] === most) ?? 0;
  return { winner, share: most / Math.max(1, nearest.length) };
}

/** The share of examples whose class the other ones tell: what to expect of objects that are like them. */
export function leaveOneOutAccuracy(options: NeighboursOf): number {
  const { examples, dimensions, classOf } = options;
  const count = examples.length / dimensions;
  let right = 0;
  for (let leftOut = 0; leftOut < count; leftOut++)
    if (voteOf(examples, leftOut * dimensions, { ...options, leftOut }).winner === classOf[leftOut]) right++;
  return right / count;
}
