import { z } from "zod";
import { poolKernels } from "../../compute/index.ts";
import { inputPrints, parseWithSchema, requireSameInputs, writeTogether } from "../../io/index.ts";
import type { BatchContext, BatchResult, CollectContext, Json, StoredResult } from "../../jobs/index.ts";
import { withPool } from "../../program/index.ts";
import { type MicrographCount, rowsByMicrograph } from "../particles/micrographCounts.ts";
import type { GradientParticle } from "../refine/gradient.ts";
import { type RefinedParticle, refineCount } from "../refine/refine.ts";
import {
  type KeptResults,
  type PlannedRefine,
  planRefine,
  refineRows,
  withTask,
  writeRefined,
} from "../refine/refineProgram.ts";
import { joinTables } from "./jointTable.ts";
import { placeRows, type RowBatch } from "./rowBatches.ts";

/** A configuration and where its table goes. */
export type RefineTarget = { readonly configPath: string; readonly particlesPath: string };

/** What all batches and {@link collectRefined} are told, as the engine keeps it. */
export type RefineChoices = {
  readonly targets: readonly RefineTarget[];
  /** `RunRefineOptions` as JSON. */
  readonly choices: string;
  /** The joint table; null where there is one configuration. */
  readonly table: string | null;
  /** What tells the inputs apart from others. */
  readonly inputs: Readonly<Record<string, string>>;
};

const CHOICES: z.ZodType<RefineChoices> = z.strictObject({
  targets: z.array(z.strictObject({ configPath: z.string(), particlesPath: z.string() })),
  choices: z.string(),
  table: z.string().nullable(),
  inputs: z.record(z.string(), z.string()),
});

/** What the refinement of one micrograph's particles found. */
export interface RefinedMicrograph extends MicrographCount {
  readonly configPath: string;
  /** Mean z-score of its particles. */
  readonly meanZScore: number;
}

/** What refinements of several micrographs or configurations found. */
export interface RefineManyReport {
  readonly micrographs: readonly RefinedMicrograph[];
  /** How many. */
  readonly particles: number;
  readonly correlations: number;
  readonly files: readonly string[];
}

/**
 * Refines some particles of a table. Interrupted, it keeps what it has found.
 *
 * @throws {VitrineError} unsupported: kernels other than those of the other batches; format: inputs that have changed; as `runRefine`; aborted
 */
export async function refineBatch(
  { table, rows }: RowBatch,
  context: BatchContext,
): Promise<BatchResult<{ readonly found: string }>> {
  await context.requireSame("kernels", poolKernels());
  const { targets, choices, inputs } = choicesOf(context.options);
  const plan = await planOf(targets[table], choices);
  const read = [plan.configPath, plan.settings.stack.path, plan.settings.templatePath];
  requireSameInputs(some(inputs, read), await inputPrints(read));
  const { cores: workers, signal, onProgress, onLog } = context;
  const options = { ...plan.options, workers, signal, onProgress, onLog };
  const kept = await keptResults(context);
  try {
    const found = await withTask({ ...plan, options }, (task) =>
      withPool(options, (pool) => refineRows(pool, { ...plan, options }, { ...task, rows }, kept)),
    );
    return { value: { found: JSON.stringify(found) } };
  } catch (error) {
    if (signal.aborted && kept.grid.size > 0) await keep(context, kept);
    throw error;
  }
}

function planOf(target: RefineTarget, choices: string): Promise<PlannedRefine> {
  return planRefine(target.configPath, { ...JSON.parse(choices), particlesPath: target.particlesPath });
}

function some(prints: Readonly<Record<string, string>>, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, prints[path]]));
}

/** What an interrupted run of the batch found; nothing where there was none. */
async function keptResults({ checkpoint, onLog }: BatchContext): Promise<KeptResults> {
  const bytes = await checkpoint.read();
  const { grid, gradient }: Kept =
    bytes === undefined ? { grid: [], gradient: [] } : JSON.parse(new TextDecoder().decode(bytes));
  if (grid.length > 0) onLog(`continuing after ${grid.length} particles`, "note");
  return { grid: new Map(grid), gradient: new Map(gradient) };
}

interface Kept {
  readonly grid: readonly (readonly [number, RefinedParticle])[];
  readonly gradient: readonly (readonly [number, GradientParticle])[];
}

async function keep({ checkpoint }: BatchContext, { grid, gradient }: KeptResults): Promise<void> {
  const kept: Kept = { grid: [...grid], gradient: [...gradient] };
  await checkpoint.write(new TextEncoder().encode(JSON.stringify(kept)));
}

/**
 * Writes the table of each configuration, and the joint one.
 *
 * @throws {VitrineError} format: inputs that have changed since; storage
 */
export async function collectRefined(
  results: AsyncIterable<StoredResult<RowBatch, Json>>,
  context: Pick<CollectContext, "options">,
): Promise<RefineManyReport> {
  const { targets, choices, table, inputs } = choicesOf(context.options);
  requireSameInputs(inputs, await inputPrints(Object.keys(inputs)));
  const found: RefinedParticle[][] = targets.map(() => []);
  for await (const { batch, value } of results) placeRows(found[batch.table], batch, particlesOf(value));
  const plans: PlannedRefine[] = [];
  for (const target of targets) plans.push(await planOf(target, choices));
  await writeTogether(async (files) => {
    for (const [i, plan] of plans.entries())
      await files.write(plan.particlesPath, (path) => writeRefined(plan, found[i], path));
  });
  const tables = targets.map(({ particlesPath }) => particlesPath);
  if (table !== null) await joinTables(tables, table);
  let correlations = 0;
  for (const plan of plans) correlations += await withTask(plan, async (task) => refineCount(task));
  return {
    micrographs: plans.flatMap((plan, i) => micrographsOf(plan, found[i])),
    particles: found.reduce((sum, { length }) => sum + length, 0),
    correlations,
    files: table === null ? tables : [...tables, table],
  };
}

function micrographsOf(
  { configPath, stack }: PlannedRefine,
  found: readonly RefinedParticle[],
): RefinedMicrograph[] {
  return [...rowsByMicrograph(stack.particles)].map(([micrographPath, rows]) => {
    const sum = rows.reduce((all, row) => all + found[row].zScore, 0);
    return { micrographPath, configPath, particles: rows.length, meanZScore: sum / rows.length };
  });
}

function choicesOf(options: Json): RefineChoices {
  return parseWithSchema(options, CHOICES, "step.json options");
}

function particlesOf(value: Json): RefinedParticle[] {
  const { found } = parseWithSchema(value, z.strictObject({ found: z.string() }), "result of a refinement");
  return JSON.parse(found);
}
