import { type Progress, requireNotAborted, VitrineError } from "../../core/index.ts";
import { prepareResultFiles, removeFile, requireKnownOptions } from "../../io/index.ts";
import { COARSE_CHOICE_KEYS } from "../coarse/coarseWork.ts";
import { ANY_MATCH_KEYS } from "../optionKeys.ts";
import { tellingOfCheckpoints } from "../search/searchRun.ts";
import { kernelsOf } from "../search/searchState.ts";
import { joinTables } from "./jointTable.ts";
import {
  type ManyOptions,
  type MicrographReport,
  type PlannedTarget,
  planTargets,
  runTarget,
} from "./manyProgram.ts";
import { earlierRun, type ManyRecord, recordPath, searchIdentity, writeRecord } from "./record.ts";
import type { MatchTarget } from "./targets.ts";

/** What searches of several micrographs found. */
export interface ManyReport {
  /** In the order of the targets. */
  readonly micrographs: readonly MicrographReport[];
  /** Rows of the joint table. */
  readonly particles: number;
  /** The joint table; those of each micrograph are in its report. */
  readonly files: readonly string[];
}

/**
 * Searches one micrograph after the other, each with results of its own (those of a single search, with the target's suffix in their names), and
 * writes one table of all particles, which names the micrograph in every row.
 *
 * What is finished stays: a record beside the table says so until the last is done, and `resume` goes on with the micrograph that was under
 * way, at its checkpoint.
 *
 * @throws {VitrineError} as `runMatch`; exists: results of two targets in one place, or an earlier run, which is neither continued nor
 *   overwritten; format: an earlier run of other searches or kernels
 */
export async function runMatches(
  targets: readonly MatchTarget[],
  options: ManyOptions = {},
): Promise<ManyReport> {
  requireKnownOptions("runMatches", options, { ...ANY_MATCH_KEYS, coarse: true });
  requireKnownOptions("runMatches coarse", options.coarse, COARSE_CHOICE_KEYS);
  const { particlesPath = "particles.csv" } = options;
  const planned = await planTargets(targets, options);
  const at = recordPath(particlesPath);
  const earlier = await earlierRun(at, planned, options);
  await checkPlaces(planned, particlesPath, { earlier, options });
  const record = earlier ?? { kernels: null, done: {}, current: null };
  const micrographs = await tellingOfCheckpoints([at], () => searchAll(planned, options, { at, record }));
  const tables = planned.map((one) => one.particlesPath);
  const particles = await joinTables(tables, particlesPath);
  await removeFile(at);
  return { micrographs, particles, files: [particlesPath] };
}

/**
 * Refuses what would fail after hours: results of two targets in one place, and those that are there, of targets that are not done.
 *
 * @throws {VitrineError} as `prepareResultFiles`
 */
export async function checkPlaces(
  planned: readonly PlannedTarget[],
  particlesPath: string | undefined,
  { earlier, options }: { readonly earlier: ManyRecord | undefined; readonly options: ManyOptions },
): Promise<void> {
  const inputs = planned.flatMap(({ places }) => places.inputs);
  const outputs = planned.flatMap(({ places }) => places.outputs);
  const { overwrite = false } = options;
  const joint = particlesPath === undefined ? [] : [particlesPath];
  await prepareResultFiles({ inputs: [...inputs, ...outputs], outputs: joint, overwrite });
  await prepareResultFiles({ inputs, outputs, overwrite: true });
  for (const { target, places } of planned) {
    const isBegun = earlier?.done[target.suffix] !== undefined || earlier?.current === target.suffix;
    if (!isBegun) await prepareResultFiles({ ...places, overwrite: places.overwrite || overwrite });
  }
}

async function searchAll(
  planned: readonly PlannedTarget[],
  options: ManyOptions,
  { at, record: earlier }: { readonly at: string; readonly record: ManyRecord },
): Promise<MicrographReport[]> {
  const reports: MicrographReport[] = [];
  let record = earlier;
  // without a record whatever there is of a search is gone on with
  const isUnknown =
    (options.resume ?? false) && record.current === null && Object.keys(record.done).length === 0;
  for (const [i, one] of planned.entries()) {
    requireNotAborted(options.signal, "template search");
    const { suffix } = one.target;
    const known = record.done[suffix];
    if (known !== undefined) options.onLog?.(`${one.micrographPath} is done already`, "note");
    const report = known?.report ?? (await searchNext(i));
    reports.push(report);
  }
  return reports;

  async function searchNext(i: number): Promise<MicrographReport> {
    const one = planned[i];
    const { suffix } = one.target;
    const isCurrent = record.current === suffix;
    const again = { overwrite: options.overwrite || isCurrent, resume: isCurrent || isUnknown };
    const before = record;
    record = { ...record, current: suffix };
    await writeRecord(at, record);
    const kernels = kernelGuard(at, record.kernels, options);
    const progress = progressOf({ i, count: planned.length }, options);
    const search = runTarget(one, { ...again, ...progress, onBackend: kernels.onBackend });
    const report = await search.catch(async (error: unknown) => {
      if (!kernels.areAsked()) await restoreRecord(at, before);
      throw error;
    });
    const { hash: identity, choices } = await searchIdentity(one);
    const done = { ...record.done, [suffix]: { identity, choices, report } };
    record = { kernels: kernels.found(), done, current: null };
    await writeRecord(at, record);
    return report;
  }
}

/** What was there before a search that was refused: of the first one nothing stays that would have to be resumed. */
async function restoreRecord(at: string, before: ManyRecord): Promise<void> {
  if (before.current === null && Object.keys(before.done).length === 0) await removeFile(at);
  else await writeRecord(at, before);
}

/** Refuses to go on with kernels other than those that the searches before had. */
function kernelGuard(at: string, before: string | null, { onBackend }: ManyOptions) {
  let found = before;
  let areAsked = false;
  return {
    found: () => found,
    /** Whether a search has come so far as to compute. */
    areAsked: () => areAsked,
    onBackend(name: string): void {
      found = kernelsOf({ name });
      onBackend?.(name);
      areAsked = true;
      if (before === null || before === found) return;
      areAsked = false;
      const hint = "They round differently: go on where it was begun, or start again with --overwrite";
      throw new VitrineError({ code: "format", at: `${at} kernels`, expected: before, found, hint });
    },
  };
}

/** Correlations of all targets together, each taken to have as many. */
function progressOf({ i, count }: { readonly i: number; readonly count: number }, options: ManyOptions) {
  const { onProgress } = options;
  if (onProgress === undefined) return {};
  const show = ({ done, total, ...progress }: Progress) =>
    onProgress({ ...progress, done: i * total + done, total: count * total });
  return { onProgress: show };
}
