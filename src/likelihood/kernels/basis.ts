import { ROWS } from "./precision.ts";

/**
 * For each angular frequency q from 0 to inplanes/2 an orthonormal set of real vectors over shells, which the spectra of all displaced templates are
 * made of. What it leaves of them is what compression costs. (Spectra of real images are sums of Bessel functions of the shells, times complex numbers:
 * real vectors are as few as complex ones, and half the work.)
 */
export interface Basis {
  readonly shells: number;
  readonly inplanes: number;
  /** (inplanes/2 + 1): number of vectors of each frequency; 0: the frequency is left out. */
  readonly ranks: Int32Array;
  /** (sum of ranks, shells), frequency by frequency. */
  readonly vectors: Float32Array;
}

/** Coefficients of one template and displacement. */
export function basisDepth({ ranks }: Pick<Basis, "ranks">): number {
  return ranks.reduce((sum, rank) => sum + rank, 0);
}

const panelsOf = (rows: number) => Math.ceil(rows / ROWS);

/** Floats of the panels of V and of its transpose. */
export function panelFloats({ shells, ranks }: Pick<Basis, "shells" | "ranks">): {
  forward: number;
  back: number;
} {
  let [forward, back] = [0, 0];
  for (const rank of ranks) {
    forward += panelsOf(rank) * ROWS * shells;
    back += panelsOf(shells) * ROWS * rank;
  }
  return { forward, back };
}

/** What assembly/product.ts needs of a basis: panels and lists of frequencies, for panels that lie at the given addresses. */
export function basisPanels(basis: Basis, address: { readonly forward: number; readonly back: number }) {
  const { shells, ranks, vectors, inplanes } = basis;
  const sizes = panelFloats(basis);
  const forward = new Float32Array(sizes.forward);
  const back = new Float32Array(sizes.back);
  const forwardList: number[] = [];
  const backList: number[] = [];
  let [atForward, atBack, depth] = [0, 0, 0];
  ranks.forEach((rank, q) => {
    const weight = q === 0 || 2 * q === inplanes ? 1 : 2;
    backList.push(rank, address.back + 4 * atBack, depth, weight);
    if (rank > 0) forwardList.push(q, rank, address.forward + 4 * atForward, depth);
    for (let r = 0; r < rank; r++) {
      const vector = vectors.subarray(shells * (depth + r), shells * (depth + r + 1));
      for (let k = 0; k < shells; k++) {
        forward[atForward + (Math.floor(r / ROWS) * shells + k) * ROWS + (r % ROWS)] = vector[k];
        back[atBack + (Math.floor(k / ROWS) * rank + r) * ROWS + (k % ROWS)] = vector[k];
      }
    }
    atForward += panelsOf(rank) * ROWS * shells;
    atBack += panelsOf(shells) * ROWS * rank;
    depth += rank;
  });
  return {
    forward,
    back,
    forwardList: Uint32Array.from(forwardList),
    backList: Uint32Array.from(backList),
  };
}

/** Frequency, depth and first depth of each product (assembly/correlate.ts). */
export function frequencyList(ranks: ArrayLike<number>): Int32Array {
  const list: number[] = [];
  let depth = 0;
  for (let q = 0; q < ranks.length; q++) {
    if (ranks[q] > 0) list.push(q, ranks[q], depth);
    depth += ranks[q];
  }
  return Int32Array.from(list);
}
