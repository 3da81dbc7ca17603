import { elementCount } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { type CompareOptions, scoreVolumes } from "../loaders/align.ts";
import { eachVolume, requireMolecules, type Subvolumes } from "../loaders/subvolumes.ts";
import { normalizeTemplates, type Template } from "../loaders/templates.ts";
import { withBackend } from "../withBackend.ts";

/** Options of a classification by expectation and maximization. */
export interface ClassifyEmOptions extends CompareOptions {
  /** How sharply scores decide: probabilities are sigmoid(sharpness * (score - mean of the molecule's)), of sum 1; default 100. */
  readonly sharpness?: number;
}

/** One step: how likely each molecule is of each class, and what the classes are then. */
export interface EmStep {
  /** (molecules, classes), of sum 1 a molecule. */
  readonly probabilities: Float64Array;
  /** Averages, each molecule by its probability. acryo gives sums, so many times larger as the class has molecules. */
  readonly templates: readonly PipeImage[];
}

const SHARPNESS = 100;

/**
 * Classes that are made of molecules by how likely they are of them, again and again: take as many steps as wanted, the last is the
 * result.
 *
 * @param templates  first guesses of the classes; not alike
 */
export async function* classifyByExpectation(
  set: Subvolumes,
  templates: Template | readonly Template[],
  options: ClassifyEmOptions = {},
): AsyncGenerator<EmStep> {
  requireMolecules(set, "iterClassifyEm");
  const { sharpness = SHARPNESS, ...compare } = options;
  let classes = await normalizeTemplates(templates, set.scale);
  for (;;) {
    const step = await expectOnce(set, classes, { ...compare, sharpness });
    yield step;
    classes = step.templates;
  }
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
  return classes.map((old, k) =>
    weights[k] > LEAST_WEIGHT ? { data: Float32Array.from(sums[k], (sum) => sum / weights[k]), shape } : old,
  );
}

/** Of a class: below, its average would be of nobody. */
const LEAST_WEIGHT = 1e-6;
