import { elementCount, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
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
import { withBackend } from "../withBackend.ts";

import { createDifferences } from "./differences.ts";
import { kMeans } from "./kMeans.ts";
import { type PrincipalComponents, principalComponents } from "./pca.ts";

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

/** Classes by principal components of the boxes' differences from a template, where both were seen. */
export async function classifyVolumes(set: Subvolumes, options: ClassifyOptions = {}): Promise<Classes> {
  requireMolecules(set, "classify");
  const { components = 2, clusters = 2, seed = 0 } = options;
  requireTwo(set, "classify", "whose differences tell classes apart");
  return withBackend(options.backend ?? set.backend, async (backend) => {
    const run = { ...options, backend };
    const template = await templateOf(set, run);
    const mask = await normalizeMask(options.mask, [template], { scale: set.scale, onLog: options.onLog });
    const rows = await differencesOf(set, { ...run, input: { template, mask, cutoff: options.cutoff } });
    const width = elementCount(template.shape);
    const found = await principalComponents(rows, { width, components, seed });
    const { labels } = kMeans(found.projections, { clusters, width: components, seed });
    return { ...found, labels, shape: template.shape };
  });
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
): Promise<Float32Array> {
  const width = elementCount(input.template.shape);
  const rows = new Float32Array(set.molecules.count * width);
  const differences = await createDifferences(backend, input);
  try {
    await eachVolume(set, input.template.shape, {
      ...run,
      backend,
      async visit(box, index) {
        const seen = { tilt: set.tiltOf(index), rotation: set.molecules.rotator[index] };
        rows.set(await differences.difference(box, seen), index * width);
      },
    });
  } finally {
    differences.dispose();
  }
  return rows;
}
