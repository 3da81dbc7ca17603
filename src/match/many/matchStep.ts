import { poolKernels } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import { COARSE_CHOICE_KEYS } from "../coarse/coarseWork.ts";
import { ANY_MATCH_KEYS } from "../optionKeys.ts";
import { namedChoices } from "../search/choiceNames.ts";
import type { Part } from "../search/parts.ts";
import { type ManyOptions, type PlannedTarget, planTargets } from "./manyProgram.ts";
import { type CollectChoices, collectMicrographs, type StoredBatch } from "./matchBatch.ts";
import { clearParts, partsOf } from "./partFiles.ts";
import { searchIdentity } from "./record.ts";
import { checkPlaces, type ManyReport } from "./runMany.ts";
import type { MatchTarget } from "./targets.ts";

const MATCH_STEP_KEYS: OptionKeys<MatchStepOptions> = {
  ...ANY_MATCH_KEYS,
  tasks: true,
  module: true,
  isSingle: true,
  keepsParts: true,
  coarse: true,
};

/** Searches in tasks, for an engine of `src/jobs`. */
export interface MatchStep {
  readonly step: Step<StoredBatch, Json, ManyReport>;
  /** What decides about the results. */
  readonly identity: Readonly<Record<string, Json>>;
  /** For the join of what the batches give. */
  readonly options: CollectChoices;
}

/** How searches are divided, and where the batches' functions are. */
export interface MatchStepOptions extends ManyOptions {
  /** Parts of each micrograph. */
  readonly tasks: number;
  /** The built module of `matchBatch.ts`. */
  readonly module: string | URL;
  /** One search alone keeps the names of its configuration's results, and there is no joint table. */
  readonly isSingle: boolean;
  /** Keep the states of parts when everything is joined; default false. */
  readonly keepsParts?: boolean;
}

/**
 * Divides searches into batches: each micrograph into parts, the states of which are those of `--part`, then a batch a micrograph that joins
 * them. The results are byte for byte those of the searches in one piece.
 *
 * @throws {VitrineError} as `planTargets` and `prepareResultFiles`; exists: parts of an earlier run, which is neither continued nor overwritten;
 *   unsupported: several tasks of a micrograph with a coarse pass
 */
export async function matchStep(targets: readonly MatchTarget[], all: MatchStepOptions): Promise<MatchStep> {
  requireKnownOptions("matchStep", all, MATCH_STEP_KEYS);
  requireKnownOptions("matchStep coarse", all.coarse, COARSE_CHOICE_KEYS);
  const { tasks, module, isSingle, keepsParts = false, ...given } = all;
  const { signal: _, onProgress: __, onLog: ___, onBackend: ____, ...options } = given;
  const { particlesPath = "particles.csv", coarse, resume = false, overwrite = false } = options;
  if (coarse !== undefined) requireOneTask(tasks);
  const planned = (await planTargets(targets, options)).map((one) => (isSingle ? alone(one, options) : one));
  await checkPlaces(planned, isSingle ? undefined : particlesPath, {
    earlier: undefined,
    options: { ...options, overwrite: overwrite || resume },
  });
  const parts = coarse === undefined ? tasks : 0;
  for (const one of planned) await clearParts(one, parts, options);
  const inputs: string[] = [];
  const searches: [string, Readonly<Record<string, string>>][] = [];
  for (const one of planned) {
    const { hash, choices } = await searchIdentity(one);
    inputs.push(hash);
    searches.push([isSingle ? one.micrographPath : one.target.suffix.slice(1), namedChoices(choices)]);
  }
  return {
    step: stepOf(planned, { parts, module }),
    identity: { inputs, search: Object.fromEntries(searches), kernels: poolKernels(), tasks, state: 2 },
    options: { table: isSingle ? null : particlesPath, parts, keepsParts },
  };
}

function stepOf(
  planned: readonly PlannedTarget[],
  { parts, module }: { readonly parts: number; readonly module: string | URL },
): MatchStep["step"] {
  const store = (one: PlannedTarget, part?: Part) => ({ batch: JSON.stringify({ planned: one, part }) });
  const search = { name: "search", target: { module, export: "searchBatch" }, unit: "parts" };
  const finish = { name: "finish", target: { module, export: "finishBatch" }, unit: "micrographs" };
  return {
    name: "match",
    phases: parts > 0 ? [search, finish] : [finish],
    init: (phase) =>
      phase === "search"
        ? planned.flatMap((one) => partsOf(parts).map((part) => store(one, part)))
        : planned.map((one) => store(one)),
    collect: collectMicrographs,
    collectTarget: { module, export: "collectMicrographs" },
  };
}

/** Candidates are found once the coarse pass is whole, so that a micrograph is not divided. */
function requireOneTask(tasks: number): void {
  if (tasks === 1) return;
  throw new VitrineError({
    code: "unsupported",
    at: "coarse search",
    expected: "one task a micrograph, since its pass is not divided",
    found: `${tasks}`,
    hint: "Leave out --tasks, and give the task more threads (--cores); several micrographs run beside each other",
  });
}

/** The names of a search by itself. */
function alone(
  one: PlannedTarget,
  { particlesPath = "particles.csv", picturePath }: ManyOptions,
): PlannedTarget {
  const options = { ...one.options, particlesPath, ...(picturePath !== undefined && { picturePath }) };
  const renamed = (path: string) =>
    path === one.particlesPath
      ? particlesPath
      : path === one.options.picturePath && picturePath !== undefined
        ? picturePath
        : path;
  return {
    ...one,
    options,
    particlesPath,
    places: { ...one.places, outputs: one.places.outputs.map(renamed) },
  };
}
