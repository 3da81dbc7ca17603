import { type Matrix3, matrixFromZyz, multiplyMatrices, zyzFromMatrix } from "../../core/index.ts";
import { type OrientationGrid, symmetryRotations } from "../../optics/index.ts";

/** Finds the orientations of a list that are nearest to one of them; answers are kept. */
export class NearestOrientations {
  readonly #angles: Float64Array;
  readonly #quaternions: Float32Array;
  readonly #symmetry: readonly Matrix3[];
  readonly #count: number;
  readonly #known = new Map<number, Uint32Array>();

  /**
   * @param eulerAnglesDeg (n, 3) phi, theta, psi
   * @param count          orientations of an answer, the one that is asked for among them; at most n
   * @param symmetry       rotations of the map's point group, by which far orientations are near: a grid of one part of the
   *   sphere has neighbours on its other side
   */
  constructor(eulerAnglesDeg: Float64Array, count: number, symmetry: readonly Matrix3[] = IDENTITY) {
    this.#angles = eulerAnglesDeg;
    this.#symmetry = symmetry;
    this.#quaternions = toQuaternions(eulerAnglesDeg);
    this.#count = Math.min(count, eulerAnglesDeg.length / 3);
  }

  /** Indices of the nearest, ascending. Nearness is the angle of the rotation between two orientations. */
  of(index: number): Uint32Array {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const total = this.#quaternions.length / 4;
    // an angle w holds a share of w³ / 6 pi of all rotations, more where a symmetry leaves a part of them
    let angle = Math.cbrt((12 * Math.PI * this.#count) / total);
    let near = this.#within(index, angle);
    while (near.length < this.#count) {
      angle = angle < Math.PI ? 1.5 * angle : Number.POSITIVE_INFINITY;
      near = this.#within(index, angle);
    }
    near.sort((a, b) => b.cosine - a.cosine || a.index - b.index);
    const nearest = Uint32Array.from(near.slice(0, this.#count), (each) => each.index).sort();
    this.#known.set(index, nearest);
    return nearest;
  }

  /** Orientations within an angle in radians. */
  #within(index: number, angle: number): { index: number; cosine: number }[] {
    const q = this.#quaternions;
    const least = angle < Math.PI ? Math.cos(angle / 2) : -1;
    const views = this.#viewsOf(index);
    const found: { index: number; cosine: number }[] = [];
    for (let i = 0; i < q.length; i += 4) {
      let cosine = 0;
      for (let v = 0; v < views.length; v += 4) {
        const dot =
          views[v] * q[i] + views[v + 1] * q[i + 1] + views[v + 2] * q[i + 2] + views[v + 3] * q[i + 3];
        cosine = Math.max(cosine, Math.abs(dot));
      }
      if (cosine >= least) found.push({ index: i / 4, cosine });
    }
    return found;
  }

  /** Quaternions of the orientations that look as one does. */
  #viewsOf(index: number): Float32Array {
    const [phiDeg, thetaDeg, psiDeg] = this.#angles.subarray(3 * index, 3 * index + 3);
    const rotation = matrixFromZyz({ phiDeg, thetaDeg, psiDeg });
    const views = this.#symmetry.flatMap((symmetry) => {
      const view = zyzFromMatrix(multiplyMatrices(symmetry, rotation));
      return [view.phiDeg, view.thetaDeg, view.psiDeg];
    });
    return toQuaternions(Float64Array.from(views));
  }
}

const IDENTITY = symmetryRotations("C1");

/** The point group of grids that have the same; else that of no symmetry. */
export function symmetryOf(grids: readonly OrientationGrid[]): Matrix3[] {
  const groups = new Set(grids.map((grid) => ("symmetry" in grid ? grid.symmetry : "C1")));
  return symmetryRotations(groups.size === 1 ? [...groups][0] : "C1");
}

/** Unit quaternions (w, x, y, z) of R = Rz(phi) Ry(theta) Rz(psi). */
function toQuaternions(eulerAnglesDeg: Float64Array): Float32Array {
  const half = Math.PI / 360;
  const out = new Float32Array((4 * eulerAnglesDeg.length) / 3);
  for (let i = 0, at = 0; i < eulerAnglesDeg.length; i += 3, at += 4) {
    const [phi, theta, psi] = [0, 1, 2].map((axis) => half * eulerAnglesDeg[i + axis]);
    const [cosine, sine] = [Math.cos(theta), Math.sin(theta)];
    out[at] = cosine * Math.cos(phi + psi);
    out[at + 1] = sine * Math.sin(psi - phi);
    out[at + 2] = sine * Math.cos(psi - phi);
    out[at + 3] = cosine * Math.sin(phi + psi);
  }
  return out;
}
