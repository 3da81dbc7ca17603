import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { createSphereShell } from "./sphereGrid.ts";

/** From where templates see their structure; radians, kept in single precision as CryoLike keeps them. */
export interface ViewingAngles {
  readonly count: number;
  readonly azimuths: Float32Array;
  readonly polars: Float32Array;
  /** In-plane rotations. */
  readonly gammas: Float32Array;
  /** Shares of the sphere: of a viewing distance they add up to 4π, of a list to 1. */
  readonly weights: Float64Array;
}

/** A list of viewing angles, in radians; what is left out is 0. */
export interface ViewingAngleLists {
  readonly azimuths: ArrayLike<number>;
  readonly polars: ArrayLike<number>;
  readonly gammas?: ArrayLike<number>;
}

/**
 * Viewing angles all over the sphere: Gauss-Legendre in the cosine of the polar angle, as many azimuths on every circle as it is long.
 *
 * @param distance  about that of neighbours on the unit sphere, in turns of its equator: 1 / 4π gives 82 on the equator
 * @throws {VitrineError} range: a distance that is not above 0
 *
 * Source: CryoLike 0.0.1.
 */
export function viewingAnglesFromDistance(distance: number): ViewingAngles {
  if (!(distance > 0 && Number.isFinite(distance)))
    throw new VitrineError({
      code: "range",
      at: "viewingDistance",
      expected: "a number above 0",
      found: `${distance}`,
    });
  const shell = createSphereShell({ distEq: distance, azimuthalSampling: "adaptive" });
  return {
    count: shell.count,
    azimuths: Float32Array.from(shell.azimuths),
    polars: Float32Array.from(shell.polars),
    gammas: new Float32Array(shell.count),
    weights: shell.weights,
  };
}

/** Viewing angles of a list, all of the same weight. @throws {VitrineError} shape: lists of different lengths, or empty; range: no numbers */
export function viewingAnglesFromLists(lists: ViewingAngleLists): ViewingAngles {
  requireKnownOptions("viewingAnglesFromLists", lists, { azimuths: true, polars: true, gammas: true });
  const { azimuths, polars, gammas } = lists;
  const count = azimuths.length;
  const all = { azimuths, polars, gammas: gammas ?? new Float32Array(count) };
  for (const [name, list] of Object.entries(all)) {
    const at = `viewing angles ${name}`;
    if (list.length !== count || count === 0)
      throw new VitrineError({
        code: "shape",
        at,
        expected: `${count || "at least 1"} angles`,
        found: `${list.length}`,
      });
    const bad = Array.from(list).find((angle) => !Number.isFinite(angle));
    if (bad !== undefined)
      throw new VitrineError({ code: "range", at, expected: "numbers", found: `${bad}` });
  }
  return {
    count,
    azimuths: Float32Array.from(all.azimuths),
    polars: Float32Array.from(all.polars),
    gammas: Float32Array.from(all.gammas),
    weights: new Float64Array(count).fill(1 / count),
  };
}
