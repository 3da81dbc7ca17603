import { elementCount, kMeans, type Shape3, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Log } from "../../program/index.ts";
import { averageVolumes } from "../loaders/averages.ts";
import {
  eachVolume,
  type RunChoice,
  requireMolecules,
  requireShape,
  requireTwo,
  type Subvolumes,
} from "../loaders/subvolumes.ts";
import { type Mask, normalizeMask, normalizeTemplate, type Template } from "../loaders/templates.ts";
import { requireContrast } from "../models/checks.ts";
import { tellIdleCutoff } from "../models/lowPass.ts";
import { withBackend } from "../withBackend.ts";

import { createDifferences } from "./differences.ts";
import { type PrincipalComponents, principalComponents, requireComponents } from "./pca.ts";

/** Options of a classification. */
export interface ClassifyOptions extends RunChoice {
  /** What boxes are compared with; default their average. */
  readonly template?: Template;
  readonly mask?: Mask;
  /** Low pass, cycles/voxel; default none. */
  readonly cutoff?: number;
  /** Principal components that tell classes apart; default 2. */
  readonly components?: number;
  /** Classes; default 2. */
  readonly clusters?: number;
  readonly seed?: number;
  /** Of the feature that says the class; default `cluster`. */
  readonly labelName?: string;
  /** Of the boxes, where there is no template; default the loader's. */
  readonly outputShape?: Shape3 | number;
}

/** What a classification finds. */
export interface Classes extends PrincipalComponents {
  /** Of each molecule, from 0, the largest class first. */
  readonly labels: Int32Array;
  /** Of the boxes: what a component has the shape of. */
  readonly shape: Shape3;
}

/** Of k-means, of which the best counts: few molecules in no clear groups have many resting places, and a start costs next to nothing. */
const STARTS = 100;

/**
 * Classes by principal components of the boxes' differences from a template, where both were seen. Boxes that do not differ in as many ways as
 * are asked for are told of.
 *
 * @throws {VitrineError} range: boxes that are all alike, more components or classes than there can be
 */
export async function classifyVolumes(set: Subvolumes, options: ClassifyOptions = {}): Promise<Classes> {
  requireMolecules(set, "classify");
  const { components = 2, clusters = 2, seed = 0, onLog, signal } = options;
  requireTwo(set, "classify", "whose differences tell classes apart");
  requireClusters(clusters, set.molecules.count);
  tellIdleCutoff(options.cutoff, onLog);
  requireComponents(components, set.molecules.count, Number.POSITIVE_INFINITY);
  return withBackend(options.backend ?? set.backend, async (backend) => {
    const run = { ...options, backend };
    const template = await templateOf(set, run);
    const mask = await normalizeMask(options.mask, [template], { scale: set.scale, onLog });
    const { rows, power } = await differencesOf(set, {
      ...run,
      input: { template, mask, cutoff: options.cutoff },
    });
    const width = elementCount(template.shape);
    const found = await principalComponents(rows, { width, components, seed, signal });
    requireDifferences(rows, power);
    const { groupOf, sizes } = kMeans({
      points: found.projections,
      dimensions: components,
      clusters,
      seed,
      starts: STARTS,
    });
    tellOfFewer(found, sizes, onLog);
    return { ...found, labels: groupOf, shape: template.shape };
  });
}

function requireClusters(clusters: number, count: number): void {
  if (Number.isInteger(clusters) && clusters >= 1 && clusters <= count) return;
  const expected = `a whole number from 1 to ${count}, the molecules`;
  throw new VitrineError({ code: "range", at: "clusters", expected, found: `${clusters}` });
}

function tellOfFewer({ explained }: PrincipalComponents, sizes: Uint32Array, onLog: Log | undefined): void {
  const ways = explained.filter((share) => share > 0).length;
  if (ways < explained.length)
    onLog?.(
      `components: ${explained.length} asked for, boxes differ along ${ways} alone, others are 0 (--components)`,
      "warning",
    );
  const some = sizes.filter((size) => size > 0).length;
  if (some < sizes.length)
    onLog?.(
      `clusters: ${sizes.length} asked for, molecules differ in ${some} ways alone, others are empty (--clusters)`,
      "warning",
    );
}

async function templateOf(
  set: Subvolumes,
  { template, outputShape, ...run }: ClassifyOptions,
): Promise<PipeImage> {
  if (template !== undefined) {
    const volume = await normalizeTemplate(template, set.scale);
    requireContrast(volume, "template");
    return volume;
  }
  const { backend, signal } = run;
  const shape = requireShape(outputShape ?? set.outputShape, "classify");
  return averageVolumes(set, { outputShape: shape, ...(backend && { backend }), ...(signal && { signal }) });
}

async function differencesOf(
  set: Subvolumes,
  {
    input,
    backend,
    ...run
  }: Omit<ClassifyOptions, "backend"> & {
    readonly input: Parameters<typeof createDifferences>[1];
    readonly backend: Parameters<typeof createDifferences>[0];
  },
): Promise<{ readonly rows: Float32Array; readonly power: number }> {
  const width = elementCount(input.template.shape);
  const rows = new Float32Array(set.molecules.count * width);
  const differences = createDifferences(backend, input);
  let power = 0;
  try {
    await eachVolume(set, input.template.shape, {
      ...run,
      backend,
      async visit(box, index) {
        const seen = { tilt: set.tiltOf(index), rotation: set.molecules.rotator[index] };
        rows.set(await differences.difference(box, seen), index * width);
        power += powerOf(box);
      },
    });
  } finally {
    differences.dispose();
  }
  return { rows, power };
}

/** Of the boxes' power: below, differences are those of single precision. */
const LEAST_DIFFERENCE = 1e-12;

/** @throws {VitrineError} range: rows, less their mean, that are 0 beside the power of the boxes that they were made of */
function requireDifferences(rows: Float32Array, power: number): void {
  if (powerOf(rows) > LEAST_DIFFERENCE * power) return;
  const expected = "boxes that differ where mask and missing wedge let them be seen";
  throw new VitrineError({ code: "range", at: "classify", expected, found: "all alike" });
}

function powerOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
