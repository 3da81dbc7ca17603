import type { Backend, RunOptions } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { displacementTable, inPrecision, type TemplateSide } from "../correlation/sides.ts";
import {
  type Basis,
  createSketch,
  type FrequencyVectors,
  type SketchPlan,
  type Summand,
} from "../kernels/index.ts";

/** How a basis is looked for. */
export interface BasisOptions extends RunOptions {
  /** Root mean square, over displaced templates of norm 1, of the norm of what the basis may leave out. */
  readonly tolerance: number;
  /** Displaced templates that are looked at, chosen at random; default 768. Whoever takes a basis measures what it leaves of the others. */
  readonly samples?: number;
  /** Square roots of the templates' norms, [templates]. */
  readonly lengths: Float64Array;
}

/** A basis and what it leaves. */
export interface FoundBasis {
  readonly basis: Basis;
  /** Root mean square of what is left out of a displaced template. */
  readonly residual: number;
}

/** Sums that templates are mixed into: more than the largest rank that was seen (some 60), so that they span what all templates span. */
const COLUMNS = 192;
const SAMPLES = 768;
/** Templates that are copied in at once. */
const BATCH = 32;
/** What the sums' vectors may leave out besides: a part of the tolerance, squared. */
const SKETCH_PART = 0.02;

/**
 * For every angular frequency the vectors over shells that spectra of displaced templates are made of, as few as the tolerance lets.
 *
 * All displaced templates are summed with random signs into a few columns, which span what the templates span; their vectors (Gram-Schmidt with
 * pivots, float64) are turned to principal axes, and the axes with the least energy over all frequencies are left out.
 *
 * Source: Halko, Martinsson & Tropp 2011, SIAM Review 53:217; the sums are those of Clarkson & Woodruff 2013.
 */
export async function findBasis(
  backend: Backend,
  side: TemplateSide,
  options: BasisOptions,
): Promise<FoundBasis> {
  const { grid, displacements, templates } = side;
  const shifts = displacements.x.length;
  const pairs = templates.shape[0] * shifts;
  const size = {
    shells: grid.nShells,
    inplanes: grid.nInplanes,
    displacements: shifts,
    batch: Math.min(BATCH, templates.shape[0]),
    columns: Math.min(COLUMNS, pairs),
  };
  const plan = createSketch(backend, size);
  try {
    plan.set("weights", inPrecision("single", grid.integrationWeights));
    plan.set("displacements", inPrecision("single", displacementTable(side)));
    await addTemplates(plan, side, options);
    // A template of norm 1 has this energy in a spectrum where frequencies with a partner count once and the others half.
    const total = (pairs * grid.nInplanes) / 2;
    const allowed = options.tolerance ** 2 * total;
    const limit = (SKETCH_PART * allowed) / (grid.nInplanes / 2 + 1);
    const spectra = await plan.run({ kind: "vectors", limit }, watched(options));
    const found = principalBasis(spectra, size, allowed * (1 - SKETCH_PART));
    return { basis: found.basis, residual: Math.sqrt((found.left + SKETCH_PART * allowed) / total) };
  } finally {
    plan.dispose();
  }
}

function watched({ signal }: RunOptions): RunOptions {
  return signal === undefined ? {} : { signal };
}

async function addTemplates(
  plan: SketchPlan,
  { templates }: TemplateSide,
  options: BasisOptions,
): Promise<void> {
  const { displacements, batch, columns } = plan.size;
  const [count, shells, inplanes] = templates.shape;
  const row = 2 * shells * inplanes;
  const isMixed = count * displacements > columns;
  const share = Math.min(1, (options.samples ?? SAMPLES) / (count * displacements));
  const { uniform } = seededRandom(1);
  for (let first = 0; first < count; first += batch) {
    const end = Math.min(count, first + batch);
    plan.set("items", inPrecision("single", templates.data.subarray(row * first, row * end)));
    const sums: Summand[][] = Array.from({ length: columns }, () => []);
    for (let s = first; s < end; s++) {
      for (let d = 0; d < displacements; d++) {
        if (share < 1 && uniform() >= share) continue;
        const column = isMixed ? Math.floor(columns * uniform()) : s * displacements + d;
        const sign = isMixed && uniform() < 0.5 ? -1 : 1;
        sums[column].push([s - first, d, sign / Math.sqrt(share) / options.lengths[s]]);
      }
    }
    await plan.run({ kind: "add", sums }, watched(options));
  }
}

function principalBasis(
  spectra: readonly FrequencyVectors[],
  { shells, inplanes }: { readonly shells: number; readonly inplanes: number },
  allowed: number,
): { readonly basis: Basis; readonly left: number } {
  const axes = spectra.flatMap(({ energies }, frequency) =>
    Array.from(energies, (energy, axis) => ({ frequency, axis, energy })),
  );
  axes.sort((a, b) => a.energy - b.energy);
  let [dropped, left] = [0, 0];
  while (dropped < axes.length && left + axes[dropped].energy <= allowed) left += axes[dropped++].energy;
  const kept: number[][] = spectra.map(() => []);
  for (const { frequency, axis } of axes.slice(dropped).reverse()) kept[frequency].push(axis);
  const ranks = Int32Array.from(kept, (list) => list.length);
  const vectors = new Float32Array(2 * shells * (axes.length - dropped));
  let at = 0;
  kept.forEach((list, q) => {
    for (const axis of list) {
      putVector(spectra[q], axis, vectors.subarray(at, at + 2 * shells));
      at += 2 * shells;
    }
  });
  return { basis: { shells, inplanes, ranks, vectors }, left };
}

/** What is below 1e-12 would only make products that processors are slow at. */
function putVector({ rank, vectors }: FrequencyVectors, axis: number, into: Float32Array): void {
  const width = vectors.length / (2 * rank);
  const significant = (value: number) => (Math.abs(value) < 1e-12 ? 0 : value);
  for (let k = 0; 2 * k < into.length; k++) {
    into[2 * k] = significant(vectors[2 * width * axis + k]);
    into[2 * k + 1] = significant(vectors[2 * width * axis + width + k]);
  }
}
