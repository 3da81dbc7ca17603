import { z } from "zod";
import { inputPrints, parseWithSchema, requireSameInputs } from "../../io/index.ts";
import type { BatchContext, BatchResult, CollectContext, Json, StoredResult } from "../../jobs/index.ts";
import {
  cutRows,
  type ExtractReport,
  type PlannedExtract,
  planExtract,
  writeExtracted,
} from "../refine/extractProgram.ts";
import type { RowBatch } from "./rowBatches.ts";

/** What all batches and {@link collectExtracted} are told, as the engine keeps it. */
export type ExtractChoices = {
  readonly tables: readonly string[];
  /** `ExtractOptions` as JSON. */
  readonly choices: string;
  /** What tells the inputs apart from others. */
  readonly inputs: Readonly<Record<string, string>>;
};

const CHOICES: z.ZodType<ExtractChoices> = z.strictObject({
  tables: z.array(z.string()),
  choices: z.string(),
  inputs: z.record(z.string(), z.string()),
});

/** The file of a batch's boxes: float32 in this machine's order, (rows, box, box). */
const BOXES = "boxes.f32";

/** Cuts some particles. @throws {VitrineError} format: tables that have changed; as `extractParticles`; aborted */
export async function extractBatch({ rows }: RowBatch, context: BatchContext): Promise<BatchResult> {
  const { tables, choices, inputs } = choicesOf(context.options);
  const { stack, options } = await planOf(tables, choices);
  const prints = await inputPrints(tables);
  requireSameInputs(Object.fromEntries(tables.map((path) => [path, inputs[path]])), prints);
  const { boxSize } = options;
  const data = new Float32Array(rows.length * boxSize * boxSize);
  const places = new Map(rows.map((row, i) => [row, i]));
  const { cores: workers, signal, onProgress, onLog } = context;
  await cutRows(stack, { ...options, rows, workers, signal, onProgress, onLog }, async ({ index, box }) =>
    data.set(box, (places.get(index) ?? 0) * box.length),
  );
  return { value: null, files: { [BOXES]: new Uint8Array(data.buffer) } };
}

/** Writes the stack of all boxes and its table. @throws {VitrineError} format: inputs that have changed since; storage */
export async function collectExtracted(
  results: AsyncIterable<StoredResult<RowBatch, Json>>,
  { options: told, onLog }: CollectContext,
): Promise<ExtractReport> {
  const { tables, choices, inputs } = choicesOf(told);
  requireSameInputs(inputs, await inputPrints(Object.keys(inputs)));
  const planned = await planOf(tables, choices, onLog);
  const area = planned.options.boxSize ** 2;
  return writeExtracted(planned, async (put) => {
    for await (const { batch, read } of results) {
      const boxes = new Float32Array((await read(BOXES)).slice().buffer);
      for (const [i, index] of batch.rows.entries())
        await put({ index, box: boxes.subarray(i * area, (i + 1) * area) });
    }
  });
}

function planOf(
  tables: readonly string[],
  choices: string,
  onLog?: CollectContext["onLog"],
): Promise<PlannedExtract> {
  return planExtract(tables, { ...JSON.parse(choices), ...(onLog && { onLog }) });
}

function choicesOf(options: Json): ExtractChoices {
  return parseWithSchema(options, CHOICES, "step.json options");
}
