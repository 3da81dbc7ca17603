import { z } from "zod";
import { builtFile } from "../../core/index.node.ts";
import { requireKnownOptions } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import {
  cleanupStep,
  ENGINE_KEYS,
  type EngineOptions,
  type Json,
  runStep,
  type Step,
  type StoredResult,
} from "../../jobs/index.ts";
import { parseAlignBatch, parseAlignResult } from "./batch.ts";
import { planAlignment } from "./plan.ts";

const STEP = "align";

const optionsSchema = z.strictObject({
  /** Index of the cycle that others are moved onto. */
  referenceCycle: z.int().min(0).default(0),
  /** Wavelength or name of the channel that all cycles have; default: that of the reference cycle's first. */
  channel: z.string().optional(),
});

/** What {@link alignExperiment} takes. */
export type AlignOptions = z.input<typeof optionsSchema>;

/** What {@link alignExperiment} found. */
export interface AlignReport {
  readonly wells: number;
  /** Sites of cycles whose shift was found, and such that take what the others of their well say. */
  readonly registered: number;
  readonly modelled: number;
  /** Largest shift along either axis, pixels. */
  readonly largestPx: number;
}

/**
 * Finds by how many pixels each site of each cycle lies beside the reference cycle's, and stores it, for `align` of the layers.
 *
 * @throws {VitrineError} missing: only one cycle, or one without the channel; format: an unknown option; the errors of `runStep`
 */
export async function alignExperiment(
  experiment: Experiment,
  options: AlignOptions = {},
  engine: EngineOptions = {},
): Promise<AlignReport> {
  requireKnownOptions("alignExperiment", engine, ENGINE_KEYS);
  const { referenceCycle, channel } = parseWithSchema(options, optionsSchema, "alignExperiment options");
  const { onLog = () => {} } = engine;
  const choice = { referenceCycle, ...(channel !== undefined && { channel }) };
  const batches = await planAlignment(experiment, choice);
  const step: Step<Json, Json, AlignReport> = {
    name: STEP,
    phases: [
      {
        name: STEP,
        target: { module: builtFile("#pyramid-align"), export: "alignWell" },
        unit: "sites",
        work: (batch) => parseAlignBatch(batch, STEP).siteIds.length,
      },
    ],
    init: () => batches,
    collect: (results) => storeShifts(experiment, results, { referenceCycle, onLog }),
  };
  const directory = `${experiment.directory}/jobs`;
  const identity = { config: { referenceCycle, channel: channel ?? null } };
  const report = await runStep(step, { ...engine, directory, identity, existing: "overwrite" });
  await cleanupStep(`${directory}/${STEP}`);
  return report;
}

/** Replaces the shifts of before, all or none. */
async function storeShifts(
  experiment: Experiment,
  results: AsyncIterable<StoredResult>,
  {
    referenceCycle,
    onLog,
  }: { readonly referenceCycle: number; readonly onLog: NonNullable<EngineOptions["onLog"]> },
): Promise<AlignReport> {
  const { id: reference } = await experiment.query
    .selectFrom("cycles")
    .select("id")
    .where("cycleIndex", "=", referenceCycle)
    .executeTakeFirstOrThrow();
  const rows: { siteId: number; cycleId: number; y: number; x: number }[] = [];
  const sites = new Set<number>();
  const wells = new Set<string>();
  let [registered, modelled, largestPx] = [0, 0, 0];
  for await (const { phase, index, batch, value } of results) {
    const { siteIds, cycleId, well } = parseAlignBatch(batch, `${phase} ${index}`);
    const { shifts, warnings } = parseAlignResult(value, `${phase} ${index}`);
    for (const warning of warnings) onLog(warning, "warning");
    wells.add(well);
    shifts.forEach(({ y, x, isRegistered }, i) => {
      if (isRegistered) registered++;
      else modelled++;
      largestPx = Math.max(largestPx, Math.abs(y), Math.abs(x));
      rows.push({ siteId: siteIds[i], cycleId, y, x });
      sites.add(siteIds[i]);
    });
  }
  for (const siteId of sites) rows.push({ siteId, cycleId: reference, y: 0, x: 0 });
  await experiment.transaction(async (query) => {
    await query.deleteFrom("siteShifts").execute();
    await experiment.insertRows(query, { table: "siteShifts", rows });
  });
  return { wells: wells.size, registered, modelled, largestPx };
}
