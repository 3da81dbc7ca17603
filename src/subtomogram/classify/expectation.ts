import { elementCount, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { type CompareOptions, scoreVolumes } from "../loaders/align.ts";
import { eachVolume, requireMolecules, type Subvolumes } from "../loaders/subvolumes.ts";
import { normalizeMask, normalizeTemplates, type Template } from "../loaders/templates.ts";
import { withBackend } from "../withBackend.ts";

/** Options of a classification by expectation and maximization. */
export interface ClassifyEmOptions extends CompareOptions {
  /** How sharply scores decide: probabilities are sigmoid(sharpness * (score - mean of the molecule's)), of sum 1; default 100. */
  readonly sharpness?: number;
  /** Molecules of a step, from 0 on, by their indices; default all of them. */
  readonly subset?: (step: number, count: number) => readonly number[];
  /**
   * How much more than their share the molecules of a subset of M of N count in the new templates: they are mixed with the old ones as
   * 1 - (1 - M / N)^bias; at least 1, default 1.5.
   */
  readonly subsetBias?: number;
}

/** One step: how likely each molecule is of each class, and what the classes are then. */
export interface EmStep {
  /** (molecules, classes), of sum 1 a molecule; of a subset its molecules in its order. */
  readonly probabilities: Float64Array;
  /** Averages, each molecule by its probability; with `compat` acryo's sums, so many times larger as the class has molecules. */
  readonly templates: readonly PipeImage[];
}

const SHARPNESS = 100;
const SUBSET_BIAS = 1.5;

/**
 * Classes that are made of molecules by how likely they are of them, again and again: take as many steps as wanted, the last is the
 * result. A mask that is made of a template is made once, of the mean of the first guesses.
 *
 * @param set  molecules, and what takes some of them by their indices
 * @param templates  first guesses of the classes; not alike
 */
export async function* classifyByExpectation(
  set: Subvolumes & { select(indices: readonly number[]): Subvolumes },
  templates: Template | readonly Template[],
  options: ClassifyEmOptions = {},
): AsyncGenerator<EmStep> {
  requireMolecules(set, "iterClassifyEm");
  const { sharpness = SHARPNESS, subset, subsetBias = SUBSET_BIAS, mask: given, ...compare } = options;
  requireAtLeast(sharpness, { least: Number.MIN_VALUE, at: "iterClassifyEm sharpness", said: "above 0" });
  requireAtLeast(subsetBias, { least: 1, at: "iterClassifyEm subsetBias", said: "from 1" });
  let classes = await normalizeTemplates(templates, set.scale);
  const mask = await normalizeMask(given, [meanOf(classes)], { scale: set.scale, onLog: options.onLog });
  const run = { ...compare, sharpness, ...(mask && { mask }) };
  const { count } = set.molecules;
  for (let step = 0; ; step++) {
    const chosen = subset?.(step, count);
    const some = chosen === undefined ? set : set.select(chosen);
    requireMolecules(some, "iterClassifyEm subset");
    const { probabilities, templates: found } = await expectOnce(some, classes, run);
    const share = 1 - (1 - Math.min(1, some.molecules.count / count)) ** subsetBias;
    classes = found.map((one, k) => mixed(classes[k], one, share));
    yield { probabilities, templates: classes };
  }
}

/** A new template in place of a share of the old one. */
function mixed(old: PipeImage, found: PipeImage, share: number): PipeImage {
  if (share === 1) return found;
  return {
    data: found.data.map((value, i) => value * share + old.data[i] * (1 - share)),
    shape: found.shape,
  };
}

/** What all templates have in common. */
function meanOf(templates: readonly PipeImage[]): PipeImage {
  const [{ data, shape }] = templates;
  return {
    data: data.map((_, i) => templates.reduce((sum, one) => sum + one.data[i], 0) / templates.length),
    shape,
  };
}

/** @throws {VitrineError} range: less, or no number */
function requireAtLeast(
  value: number,
  { least, at, said }: { readonly least: number; readonly at: string; readonly said: string },
): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new VitrineError({ code: "range", at, expected: `a number ${said}`, found: `${value}` });
}

async function expectOnce(
  set: Subvolumes,
  classes: readonly PipeImage[],
  { sharpness, ...compare }: CompareOptions & { readonly sharpness: number },
): Promise<EmStep> {
  return withBackend(compare.backend ?? set.backend, async (backend) => {
    const run = { ...compare, backend };
    const scores = await scoreVolumes(set, classes, run);
    const probabilities = toProbabilities(scores, set.molecules.count, sharpness);
    return { probabilities, templates: await weightedAverages(set, classes, { ...run, probabilities }) };
  });
}

function toProbabilities(scores: readonly Float64Array[], count: number, sharpness: number): Float64Array {
  const classes = scores.length;
  const probabilities = new Float64Array(count * classes);
  for (let i = 0; i < count; i++) {
    const mean = scores.reduce((sum, one) => sum + one[i], 0) / classes;
    const shares = scores.map((one) => 1 / (1 + Math.exp(-sharpness * (one[i] - mean))));
    const sum = shares.reduce((total, share) => total + share, 0);
    shares.forEach((share, k) => {
      probabilities[i * classes + k] = share / sum;
    });
  }
  return probabilities;
}

/** A class that nobody is of keeps its template. */
async function weightedAverages(
  set: Subvolumes,
  classes: readonly PipeImage[],
  {
    probabilities,
    backend,
    compat = false,
    ...run
  }: Omit<CompareOptions, "backend"> & {
    readonly probabilities: Float64Array;
    readonly backend: NonNullable<CompareOptions["backend"]>;
  },
): Promise<readonly PipeImage[]> {
  const { shape } = classes[0];
  const sums = classes.map(() => new Float64Array(elementCount(shape)));
  const weights = new Float64Array(classes.length);
  await eachVolume(set, shape, {
    ...run,
    backend,
    visit(volume, index) {
      sums.forEach((sum, k) => {
        const weight = probabilities[index * classes.length + k];
        weights[k] += weight;
        for (let v = 0; v < sum.length; v++) sum[v] += weight * volume[v];
      });
    },
  });
  if (compat) return sums.map((sum) => ({ data: Float32Array.from(sum), shape }));
  return classes.map((old, k) =>
    weights[k] > LEAST_WEIGHT ? { data: Float32Array.from(sums[k], (sum) => sum / weights[k]), shape } : old,
  );
}

/** Of a class: below, its average would be of nobody. */
const LEAST_WEIGHT = 1e-6;
