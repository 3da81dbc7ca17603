import { prepareResultFiles } from "../../io/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import {
  type ExtractOptions,
  type ExtractReport,
  planExtract,
  warnOfExtract,
} from "../refine/extractProgram.ts";
import { collectExtracted, type ExtractChoices } from "./extractBatch.ts";
import { inputPrints } from "./inputPrints.ts";
import { type RowBatch, rowBatches } from "./rowBatches.ts";

/** An extraction in tasks, for an engine of `src/jobs`. */
export interface ExtractStep {
  readonly step: Step<RowBatch, Json, ExtractReport>;
  /** What decides about the results. */
  readonly identity: Readonly<Record<string, Json>>;
  /** For each batch, and for the join of what they give. */
  readonly options: ExtractChoices;
}

/** How an extraction is divided, and where the batches' functions are. */
export interface ExtractStepOptions extends ExtractOptions {
  /** Batches of each micrograph; default 1. */
  readonly tasks?: number;
  /** The built module of `extractBatch.ts`. */
  readonly module: string | URL;
  /** Whether an earlier run is gone on with, whose results may be there. */
  readonly resume?: boolean;
}

/**
 * Divides an extraction into batches, particles of one micrograph each. Stack and table are byte for byte those of `extractParticles`.
 *
 * @throws {VitrineError} as `planExtract` and `prepareResultFiles`
 */
export async function extractStep(
  tables: readonly string[],
  { tasks = 1, module, resume = false, ...given }: ExtractStepOptions,
): Promise<ExtractStep> {
  const planned = await planExtract(tables, given);
  const { stack, inputs, files } = planned;
  const overwrite = (given.overwrite ?? false) || resume;
  await prepareResultFiles({ inputs, outputs: files, overwrite });
  await warnOfExtract(planned);
  const { signal: _, onProgress: __, onLog: ___, onBackend: ____, workers: _____, ...choices } = given;
  const { stackPath: ______, overwrite: _______, ...decisive } = choices;
  const prints = await inputPrints(inputs);
  return {
    step: {
      name: "extract",
      phases: [
        {
          name: "extract",
          target: { module, export: "extractBatch" },
          unit: "particles",
          work: (batch) => (batch as RowBatch).rows.length,
        },
      ],
      init: () => rowBatches([stack.particles], tasks),
      collect: collectExtracted,
      collectTarget: { module, export: "collectExtracted" },
    },
    identity: JSON.parse(JSON.stringify({ version: 1, option: decisive, input: prints, tasks })),
    options: { tables, choices: JSON.stringify({ ...choices, overwrite: true }), inputs: prints },
  };
}
