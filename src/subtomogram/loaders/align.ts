import type { Backend } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { ZnccAlignment } from "../models/kinds.ts";
import { tellIdleCutoff } from "../models/lowPass.ts";
import type {
  AlignmentKind,
  AlignmentModel,
  AlignmentResult,
  Landscape,
  ModelParams,
  Subtomogram,
} from "../models/model.ts";
import { warnOfSteps } from "../models/rotationGrid.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { IDENTITY, multiplyQuaternions, type Quaternion, type Zyx } from "../molecules/quaternion.ts";
import { noWedge } from "../tilt/tilt.ts";
import { withBackend } from "../withBackend.ts";
import { seenOf } from "./seenTemplate.ts";
import { eachVolume, type RunChoice, type Subvolumes } from "./subvolumes.ts";
import { type Mask, normalizeMask, normalizeTemplates, type Template } from "./templates.ts";
import { alignedMolecules } from "./updateMolecules.ts";

/** What a template is compared by. */
export interface CompareOptions extends RunChoice, Omit<ModelParams, "tilt"> {
  readonly mask?: Mask;
  /** Default `ZnccAlignment`. */
  readonly model?: AlignmentKind;
}

/** Options of an alignment. */
export interface AlignOptions extends CompareOptions {
  /** Farthest from where the molecules are, nm, of all axes or of z, y and x; default 1. */
  readonly maxShifts?: number | Zyx;
}

/** Options of an alignment to several templates. */
export interface AlignMultiOptions extends AlignOptions {
  /** Of the feature that says which template fits best; default `labels`. */
  readonly labelName?: string;
}

/** Scores of shifts about every molecule. */
export interface LandscapeStack {
  /** (molecules, templates x rotations, depth, height, width); shift 0 is in the middle. */
  readonly data: Float32Array;
  readonly shape: readonly [count: number, candidates: number, depth: number, height: number, width: number];
}

/** Subtomograms that a model is given at a time: enough for all workers, little memory. */
const AT_A_TIME = 32;

/** Farthest from where molecules are, nm. */
const MAX_SHIFT_NM = 1;

/** Molecules where templates fit best. */
export async function alignVolumes(
  set: Subvolumes,
  templates: Template | readonly Template[],
  { labelName, ...options }: AlignMultiOptions,
): Promise<Molecules> {
  const results = await alignEach(set, templates, options);
  return alignedMolecules(set.molecules, results, { scale: set.scale, labelName });
}

/** Where templates fit best, molecule by molecule. @param onFound  gets what was found of all molecules so far, each time that some more are done */
export async function alignEach(
  set: Subvolumes,
  templates: Template | readonly Template[],
  { onFound, ...options }: AlignOptions & { readonly onFound?: OnFound },
): Promise<readonly AlignmentResult[]> {
  const maxShiftsPx = shiftsPxOf(options, set.scale);
  tellIdleCutoff(options.cutoff, options.onLog);
  return withModels(set, templates, options, async (comparison) => {
    const prepare = (model: AlignmentModel) => {
      model.requireShifts(maxShiftsPx);
      return model.prepare(comparison.backend, { maxShiftsPx, ...signalOf(options) });
    };
    const { seen, tell } = await seenBy(set, comparison, options);
    const found: AlignmentResult[] = [];
    await withPrepared(set, { ...options, ...comparison, prepare }, async (ready, subtomograms) => {
      const results = await ready.align(subtomograms, signalOf(options));
      const first = found.length;
      for (const [i, result] of results.entries()) {
        const { label, rotationIndex } = result;
        const turn = comparison.modelOf(first + i).rotations[rotationIndex];
        found.push(seen(first + i, { label, turn }) ? result : { ...result, score: 0 });
      }
      await onFound?.(found);
      return results;
    });
    tell();
    return found;
  });
}

/** A template, turned as it is compared. */
interface Candidate {
  readonly label: number;
  readonly turn: Quaternion;
}

/**
 * Whether templates have any power at the frequencies that a molecule's tilt series saw, and a word of those of which that is not so: of them
 * rounding would be compared.
 */
async function seenBy(
  set: Subvolumes,
  { backend, templates, mask, modelOf }: Omit<Comparison, "shape">,
  options: CompareOptions,
): Promise<{ seen(index: number, candidate: Candidate): boolean; tell(): void }> {
  const { rotator, count } = set.molecules;
  // A user's own model may say nothing of itself: what the call and the tomogram say holds.
  const bandOf = (index: number) => {
    const { cutoff = options.cutoff, tilt = set.tiltOf(index), compat = options.compat } = modelOf(index);
    return { cutoff, tilt: compat === true ? noWedge() : tilt };
  };
  if (rotator.every((_, i) => bandOf(i).tilt.kind === "none")) return { seen: () => true, tell: () => {} };
  const { cutoff } = bandOf(0);
  const sees = await eachInTurn(templates, (template) => seenOf(backend, { template, mask, cutoff }));
  const unseen = new Set<number>();
  const seen = (index: number, { label, turn }: Candidate) => {
    const isSeen = sees[label](bandOf(index).tilt, multiplyQuaternions(rotator[index], turn));
    if (!isSeen) unseen.add(index);
    return isSeen;
  };
  const tell = () => {
    if (unseen.size > 0)
      options.onLog?.(
        `${unseen.size} of ${count} molecules have a score of 0: low pass and tilts leave nothing of the template`,
        "warning",
      );
  };
  return { seen, tell };
}

/** Gets results in the order of the molecules. */
export type OnFound = (found: readonly AlignmentResult[]) => void | Promise<void>;

/** The only template of a model, not turned. */
const AS_IT_IS: Candidate = { label: 0, turn: IDENTITY };

/** Scores of all molecules where they are, a list a template; a converter makes each template a mask of its own. */
export async function scoreVolumes(
  set: Subvolumes,
  given: Template | readonly Template[],
  options: CompareOptions,
): Promise<readonly Float64Array[]> {
  const templates = await normalizeTemplates(given, set.scale);
  const models = await eachInTurn(templates, async (template) => {
    const mask = await normalizeMask(options.mask, [template], { scale: set.scale, onLog: options.onLog });
    const input = { templates: [template], mask };
    return { ...input, modelOf: modelsByTilt(set, input, options) };
  });
  const [{ modelOf }] = models;
  return withBackend(options.backend ?? set.backend, async (backend) => {
    const run = { ...options, shape: templates[0].shape, backend, modelOf };
    const bands = await eachInTurn(models, (one) => seenBy(set, { ...one, backend }, options));
    const rows = await inBatches(set, run, async (_, subtomograms, first) => {
      const call = { backend, ...signalOf(options) };
      const columns = await eachInTurn(models, (of) => of.modelOf(first).score(subtomograms, call));
      const scoreOf = (i: number, column: number) =>
        bands[column].seen(first + i, AS_IT_IS) ? columns[column][i][0] : 0;
      return subtomograms.map((_, i) => columns.map((_, column) => scoreOf(i, column)));
    });
    for (const { tell } of bands) tell();
    return templates.map((_, template) => Float64Array.from(rows, (row) => row[template]));
  });
}

/** Scores of shifts about all molecules. */
export async function landscapeVolumes(
  set: Subvolumes,
  templates: Template | readonly Template[],
  { upsample = 1, ...options }: AlignOptions & { readonly upsample?: number },
): Promise<LandscapeStack> {
  const maxShiftsPx = shiftsPxOf(options, set.scale);
  return withModels(set, templates, options, async (comparison) => {
    const prepare = (model: AlignmentModel) =>
      model.prepareLandscapes(comparison.backend, { maxShiftsPx, upsample, ...signalOf(options) });
    const { seen, tell } = await seenBy(set, comparison, options);
    const found: Landscape[] = [];
    await withPrepared(set, { ...options, ...comparison, prepare }, (ready, subtomograms) =>
      eachInTurn(subtomograms, async (one) => {
        const landscape = await ready.landscape(one, signalOf(options));
        const { rotations } = comparison.modelOf(found.length);
        const voxels = landscape.data.length / landscape.shape[0];
        for (let i = 0; i < landscape.shape[0]; i++) {
          const candidate = {
            label: Math.floor(i / rotations.length),
            turn: rotations[i % rotations.length],
          };
          if (!seen(found.length, candidate)) landscape.data.fill(0, i * voxels, (i + 1) * voxels);
        }
        found.push(landscape);
      }),
    );
    tell();
    const first = found.length === 0 ? ([0, 0, 0, 0] as const) : found[0].shape;
    const data = new Float32Array(found.length * elementCount(first));
    found.forEach((one, i) => {
      data.set(one.data, i * one.data.length);
    });
    return { data, shape: [found.length, ...first] };
  });
}

/** {@link inBatches} with each model made ready once, before the first box is read, and disposed of in the end. */
async function withPrepared<Ready extends { dispose(): void }, Result>(
  set: Subvolumes,
  run: RunChoice &
    Pick<Comparison, "backend" | "shape" | "modelOf"> & {
      readonly prepare: (model: AlignmentModel) => Promise<Ready>;
    },
  work: (ready: Ready, subtomograms: readonly Subtomogram[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const prepared = new Map<AlignmentModel, Ready>();
  const readyOf = async (model: AlignmentModel) => {
    const ready = prepared.get(model) ?? (await run.prepare(model));
    prepared.set(model, ready);
    return ready;
  };
  try {
    if (set.molecules.count > 0) await readyOf(run.modelOf(0));
    return await inBatches(set, run, async (model, subtomograms) => work(await readyOf(model), subtomograms));
  } finally {
    for (const one of prepared.values()) one.dispose();
  }
}

/** What the comparison of one loader works with. */
interface Comparison {
  readonly backend: Backend;
  readonly shape: Shape3;
  readonly templates: readonly PipeImage[];
  readonly mask: PipeImage | undefined;
  /** Of a molecule: molecules of tomograms with different missing wedges have models of their own. */
  readonly modelOf: (index: number) => AlignmentModel;
}

async function withModels<Result>(
  set: Subvolumes,
  given: Template | readonly Template[],
  options: CompareOptions,
  work: (comparison: Comparison) => Promise<Result>,
): Promise<Result> {
  const templates = await normalizeTemplates(given, set.scale);
  const mask = await normalizeMask(options.mask, templates, { scale: set.scale, onLog: options.onLog });
  warnOfSteps(options.rotations, options.onLog);
  const modelOf = modelsByTilt(set, { templates, mask }, options);
  const { shape } = templates[0];
  return withBackend(options.backend ?? set.backend, (backend) =>
    work({ backend, shape, templates, mask, modelOf }),
  );
}

function modelsByTilt(
  set: Subvolumes,
  input: { readonly templates: readonly PipeImage[]; readonly mask: PipeImage | undefined },
  { model = ZnccAlignment, rotations, cutoff, compat, search, estimate }: CompareOptions,
): (index: number) => AlignmentModel {
  const models = new Map<string, AlignmentModel>();
  return (index) => {
    const tilt = set.tiltOf(index);
    const key = JSON.stringify(tilt);
    const known = models.get(key);
    if (known !== undefined) return known;
    // A model that is bound to a missing wedge keeps it where the tomogram has none.
    const own = tilt.kind === "none" ? undefined : tilt;
    const made = model.create(input, { rotations, cutoff, tilt: own, compat, search, estimate });
    models.set(key, made);
    return made;
  };
}

/** Reads boxes and hands them on, some at a time, each to its molecule's model; results in the order of the molecules. */
async function inBatches<Result>(
  set: Subvolumes,
  { shape, backend, modelOf, ...run }: RunChoice & Pick<Comparison, "backend" | "shape" | "modelOf">,
  work: (
    model: AlignmentModel,
    subtomograms: readonly Subtomogram[],
    first: number,
  ) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  let waiting: Subtomogram[] = [];
  let model: AlignmentModel | undefined;
  const flush = async () => {
    if (model !== undefined && waiting.length > 0)
      results.push(...(await work(model, waiting, results.length)));
    waiting = [];
  };
  const visit = async (data: Float32Array, index: number) => {
    const own = modelOf(index);
    if (own !== model || waiting.length === AT_A_TIME) await flush();
    model = own;
    waiting.push({ image: { data, shape }, rotation: set.molecules.rotator[index] });
  };
  await eachVolume(set, shape, { ...run, backend, visit });
  await flush();
  return results;
}

async function eachInTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function signalOf({ signal }: RunChoice) {
  return signal === undefined ? {} : { signal };
}

/** Farthest shifts in voxels. @throws {VitrineError} range: below 0 or not finite */
export function shiftsPxOf(
  { maxShifts = MAX_SHIFT_NM }: Pick<AlignOptions, "maxShifts">,
  scale: number,
): Zyx {
  const [z, y, x] = typeof maxShifts === "number" ? [maxShifts, maxShifts, maxShifts] : maxShifts;
  if ([z, y, x].every((shift) => Number.isFinite(shift) && shift >= 0))
    return [z / scale, y / scale, x / scale];
  const expected = "one number not below 0, or three (z, y, x), nm";
  throw new VitrineError({ code: "range", at: "maxShifts", expected, found: `[${maxShifts}]` });
}
