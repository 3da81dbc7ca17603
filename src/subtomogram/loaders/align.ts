import type { Backend } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { ZnccAlignment } from "../models/kinds.ts";
import { tellIdleCutoff } from "../models/lowPass.ts";
import type {
  AlignmentKind,
  AlignmentModel,
  AlignmentResult,
  ModelParams,
  Subtomogram,
} from "../models/model.ts";
import { warnOfSteps } from "../models/rotationGrid.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { Zyx } from "../molecules/quaternion.ts";
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
    const seen = await seenBy(set, comparison, options);
    const found: AlignmentResult[] = [];
    await withPrepared(set, { ...options, ...comparison, prepare }, async (ready, subtomograms) => {
      const results = await ready.align(subtomograms, signalOf(options));
      const first = found.length;
      found.push(
        ...results.map((result, i) => (seen(first + i, result.label) ? result : { ...result, score: 0 })),
      );
      await onFound?.(found);
      return results;
    });
    const unseen = found.filter(({ label }, i) => !seen(i, label)).length;
    if (unseen > 0)
      options.onLog?.(
        `${unseen} of ${found.length} molecules have a score of 0: low pass and tilts leave nothing of the template`,
        "warning",
      );
    return found;
  });
}

/** Whether a template has any power at the frequencies that a molecule's tilt series saw. */
async function seenBy(
  set: Subvolumes,
  { backend, templates, mask }: Comparison,
  { cutoff, compat }: CompareOptions,
): Promise<(index: number, label: number) => boolean> {
  const { rotator } = set.molecules;
  if (compat === true || rotator.every((_, i) => set.tiltOf(i).kind === "none")) return () => true;
  const sees = await eachInTurn(templates, (template) => seenOf(backend, { template, mask, cutoff }));
  const known = new Map<string, boolean>();
  return (index, label) => {
    const key = `${index} ${label}`;
    const isSeen = known.get(key) ?? sees[label](set.tiltOf(index), rotator[index]);
    known.set(key, isSeen);
    return isSeen;
  };
}

/** Gets results in the order of the molecules. */
export type OnFound = (found: readonly AlignmentResult[]) => void | Promise<void>;

/** Scores of all molecules where they are, a list a template; a converter makes each template a mask of its own. */
export async function scoreVolumes(
  set: Subvolumes,
  given: Template | readonly Template[],
  options: CompareOptions,
): Promise<readonly Float64Array[]> {
  const templates = await normalizeTemplates(given, set.scale);
  const models = await eachInTurn(templates, async (template) => {
    const mask = await normalizeMask(options.mask, [template], { scale: set.scale, onLog: options.onLog });
    return modelsByTilt(set, { templates: [template], mask }, options);
  });
  const [modelOf] = models;
  return withBackend(options.backend ?? set.backend, async (backend) => {
    const run = { ...options, shape: templates[0].shape, backend, modelOf };
    const rows = await inBatches(set, run, async (_, subtomograms, first) => {
      const call = { backend, ...signalOf(options) };
      const columns = await eachInTurn(models, (of) => of(first).score(subtomograms, call));
      return subtomograms.map((_, i) => columns.map((column) => column[i][0]));
    });
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
    const found = await withPrepared(set, { ...options, ...comparison, prepare }, (ready, subtomograms) =>
      eachInTurn(subtomograms, (one) => ready.landscape(one, signalOf(options))),
    );
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
