/** Finds the orientations of a list that are nearest to one of them; answers are kept. */
export class NearestOrientations {
  readonly #quaternions: Float32Array;
  readonly #count: number;
  readonly #known = new Map<number, Uint32Array>();

  /**
   * @param eulerAnglesDeg (n, 3) phi, theta, psi
   * @param count          orientations of an answer, the one that is asked for among them; at most n
   */
  constructor(eulerAnglesDeg: Float64Array, count: number) {
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
    const [w, x, y, z] = q.subarray(4 * index, 4 * index + 4);
    const least = angle < Math.PI ? Math.cos(angle / 2) : -1;
    const found: { index: number; cosine: number }[] = [];
    for (let i = 0; i < q.length; i += 4) {
      const cosine = Math.abs(w * q[i] + x * q[i + 1] + y * q[i + 2] + z * q[i + 3]);
      if (cosine >= least) found.push({ index: i / 4, cosine });
    }
    return found;
  }
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
