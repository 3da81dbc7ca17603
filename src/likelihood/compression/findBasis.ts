import type { Backend, RunOptions } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { displacementTable, inPrecision, type TemplateSide } from "../correlation/sides.ts";
import {
  type Basis,
  basisDepth,
  createSketch,
  type FrequencyVectors,
  type SketchPlan,
  type Summand,
} from "../kernels/index.ts";

/** How a basis is looked for. */
export interface BasisOptions extends RunOptions {
  /** Root mean square, over displaced templates of norm 1, of the norm of what the basis may leave out. */
  readonly tolerance: number;
  /** Displaced templates that are looked at, chosen at random; default 1536. Whoever takes a basis measures what it leaves of the others. */
  readonly samples?: number;
  /** Square roots of the templates' norms, [templates]. */
  readonly lengths: Float64Array;
}

/** Columns, each two real ones, of a shell: more than the largest rank (some half of the shells), so that they span what all templates span. */
const COLUMNS_PER_SHELL = 0.75;
const SAMPLES = 1536;
/** Templates that are copied in at once. */
const BATCH = 32;
/**
 * For every angular frequency the vectors over shells that spectra of displaced templates are made of, as few as the tolerance lets.
 *
 * Some displaced templates are summed with random signs into a few columns, which span what all templates span; of real and imaginary parts of their
 * spectra vectors are taken (Gram-Schmidt with pivots, float64; within a tenth of as many as principal axes would be) until as little is left of each frequency.
 *
 * Source: Halko, Martinsson & Tropp 2011, SIAM Review 53:217; the sums are those of Clarkson & Woodruff 2013.
 */
export async function findBasis(backend: Backend, side: TemplateSide, options: BasisOptions): Promise<Basis> {
  requireKnownOptions("findBasis", options, {
    tolerance: true,
    samples: true,
    lengths: true,
    signal: true,
    onProgress: true,
  });
  const { grid, displacements, templates } = side;
  const { nShells: shells, nInplanes: inplanes } = grid;
  const shifts = displacements.x.length;
  const pairs = templates.shape[0] * shifts;
  const size = {
    ...{ shells, inplanes, displacements: shifts, batch: Math.min(BATCH, templates.shape[0]) },
    columns: sketchColumns(shells, pairs),
  };
  const plan = createSketch(backend, size);
  try {
    plan.set("weights", inPrecision("single", grid.integrationWeights));
    plan.set("displacements", inPrecision("single", displacementTable(side)));
    await addTemplates(plan, side, options);
    // A template of norm 1 has this energy in a spectrum where frequencies with a partner count once and the others half.
    const total = (pairs * inplanes) / 2;
    const limit = (options.tolerance ** 2 * total) / (inplanes / 2 + 1);
    return basisOf(await plan.run({ kind: "vectors", limit }, watched(options)), size);
  } finally {
    plan.dispose();
  }
}

/** Sums of displaced templates that a basis is looked for in. */
export function sketchColumns(shells: number, pairs: number): number {
  return Math.min(Math.ceil(COLUMNS_PER_SHELL * shells), pairs);
}

function watched({ signal }: RunOptions): RunOptions {
  return signal === undefined ? {} : { signal };
}

/** Copies only templates in of which a displacement is looked at. */
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
  const summands = (s: number, slot: number) =>
    Array.from({ length: displacements }, (_, d) => d).flatMap((d): [number, Summand][] => {
      if (share < 1 && uniform() >= share) return [];
      const column = isMixed ? Math.floor(columns * uniform()) : s * displacements + d;
      const sign = isMixed && uniform() < 0.5 ? -1 : 1;
      return [[column, [slot, d, sign / Math.sqrt(share) / options.lengths[s]]]];
    });
  let [sums, slot] = [noSums(columns), 0];
  for (let s = 0; s < count; s++) {
    const added = summands(s, slot);
    for (const [column, summand] of added) sums[column].push(summand);
    if (added.length > 0)
      plan.set("items", inPrecision("single", templates.data.subarray(row * s, row * (s + 1))), slot++);
    if (slot < batch && s + 1 < count) continue;
    await plan.run({ kind: "add", sums }, watched(options));
    [sums, slot] = [noSums(columns), 0];
  }
}

function noSums(columns: number): Summand[][] {
  return Array.from({ length: columns }, () => []);
}

function basisOf(
  spectra: readonly FrequencyVectors[],
  { shells, inplanes }: { readonly shells: number; readonly inplanes: number },
): Basis {
  const ranks = Int32Array.from(spectra, ({ rank }) => rank);
  const vectors = new Float32Array(shells * basisDepth({ ranks }));
  let at = 0;
  for (const { rank, vectors: found } of spectra) {
    const width = found.length / rank;
    for (let r = 0; r < rank; r++, at += shells)
      for (let k = 0; k < shells; k++) vectors[at + k] = significant(found[width * r + k]);
  }
  return { shells, inplanes, ranks, vectors };
}

/** What is below 1e-12 would only make products that processors are slow at. */
function significant(value: number): number {
  return Math.abs(value) < 1e-12 ? 0 : value;
}
