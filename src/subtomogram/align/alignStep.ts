import { poolKernels } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../core/index.ts";
import { prepareResultFiles, refuseOtherPicture } from "../../io/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import type { Log } from "../../program/index.ts";
import { shiftsPxOf } from "../loaders/align.ts";
import { normalizeMask, normalizeTemplates } from "../loaders/templates.ts";
import { ZnccAlignment } from "../models/kinds.ts";
import { type MoleculeLoader, withLoader } from "../programs/inputs.ts";
import { type AlignBatch, type AlignReport, collectAligned } from "./alignBatch.ts";
import {
  type AlignChoices,
  alignOptionsOf,
  boxOf,
  inputPaths,
  keepChoices,
  parseChoices,
  templatesOf,
  tomogramInputs,
  warnOfChoices,
} from "./alignChoices.ts";
import { requireTable } from "./alignTable.ts";
import { tomogramPrints } from "./prints.ts";

const ALIGN_STEP_KEYS: OptionKeys<AlignStepOptions> = {
  tasks: true,
  module: true,
  overwrite: true,
  resume: true,
  onLog: true,
};

/** An alignment in tasks, for an engine of `src/jobs`. */
export interface AlignStep {
  readonly step: Step<AlignBatch, Json, AlignReport>;
  /** What decides about the results. */
  readonly identity: Readonly<Record<string, Json>>;
  readonly options: Json;
}

/** How an alignment is divided. */
export interface AlignStepOptions {
  /** Batches of each tomogram's molecules; default 1. */
  readonly tasks?: number;
  /** The built `alignBatch.ts`. */
  readonly module: string | URL;
  readonly overwrite?: boolean;
  readonly resume?: boolean;
  readonly onLog?: Log;
}

/**
 * Checks an alignment and divides it: batches are molecules of one tomogram. The table is byte for byte the same for any division.
 *
 * @throws {VitrineError} as `SubtomogramLoader`, the readers of files and the model; exists: a result is there
 */
export async function alignStep(given: AlignChoices, options: AlignStepOptions): Promise<AlignStep> {
  requireKnownOptions("alignStep", options, ALIGN_STEP_KEYS);
  const { tasks = 1, module, overwrite = false, resume = false, onLog } = options;
  const choices = parseChoices(given, "alignment");
  const { outPath, picturePath } = choices;
  requireTable(choices);
  refuseOtherPicture(picturePath);
  const outputs = picturePath === undefined ? [outPath] : [outPath, picturePath];
  await prepareResultFiles({ inputs: inputPaths(choices), outputs, overwrite: overwrite || resume });
  warnOfChoices(choices, onLog);
  const counts: number[] = [];
  for (let i = 0; i < choices.tomograms.length; i++) counts.push(await checkTomogram(choices, i, onLog));
  const inputs = await tomogramPrints(choices);
  const step: AlignStep["step"] = {
    name: "align",
    phases: [
      {
        name: "align",
        target: { module, export: "alignBatch" },
        unit: "molecules",
        work: (batch) => (batch as AlignBatch).count,
      },
    ],
    init: () =>
      counts.flatMap((count, tomogram) => divided(count, tasks).map((part) => ({ tomogram, ...part }))),
    collect: collectAligned,
    collectTarget: { module, export: "collectAligned" },
  };
  const decisive = { ...choices, outPath: undefined, picturePath: undefined, pixelSizeA: undefined };
  const identity = JSON.parse(
    JSON.stringify({ version: 2, option: decisive, input: inputs, kernels: poolKernels(), tasks }),
  );
  return { step, identity, options: keepChoices({ choices, inputs }) };
}

/** Reads all that is small, so that what cannot be is said now; how many molecules there are. */
function checkTomogram(choices: AlignChoices, index: number, onLog: Log | undefined): Promise<number> {
  const work = async (loader: MoleculeLoader) => {
    const told = onLog === undefined ? {} : { onLog };
    const templates = await normalizeTemplates(templatesOf(choices, told), loader.scale);
    const {
      mask,
      maxShifts = choices.maxShiftsNm,
      model = ZnccAlignment,
      ...params
    } = alignOptionsOf(choices, told);
    const made = model.create(
      { templates, mask: await normalizeMask(mask, templates, { scale: loader.scale, onLog }) },
      params,
    );
    made.requireShifts(shiftsPxOf({ maxShifts }, loader.scale));
    loader.replace({ outputShape: templates[0].shape });
    return loader.count;
  };
  return withLoader(tomogramInputs(choices, index), onLog, { work, shapeOf: boxOf(choices) });
}

/** Ranges as long as each other, or by one. */
function divided(total: number, pieces: number): readonly Omit<AlignBatch, "tomogram">[] {
  const parts = Math.min(pieces, total);
  const edge = (i: number) => Math.floor((i * total) / parts);
  return Array.from({ length: parts }, (_, i) => ({ first: edge(i), count: edge(i + 1) - edge(i) }));
}
