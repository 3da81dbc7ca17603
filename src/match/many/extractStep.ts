import { inputPrints, prepareResultFiles } from "../../io/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import {
  type ExtractOptions,
  type ExtractReport,
  planExtract,
  warnOfExtract,
} from "../refine/extractProgram.ts";
import { collectExtracted, type ExtractChoices } from "./extractBatch.ts";
import { ownOptions, type RowBatch, type RowStepOptions, rowBatches, rowPhase } from "./rowBatches.ts";

/** An extraction in tasks, for an engine of `src/jobs`. */
export interface ExtractStep {
  readonly step: Step<RowBatch, Json, ExtractReport>;
  /** What decides about the results. */
  readonly identity: Readonly<Record<string, Json>>;
  /** For each batch, and for the join of what they give. */
  readonly options: ExtractChoices;
}

/** Options of {@link extractStep}; `module` is the built `extractBatch.ts`. */
export interface ExtractStepOptions extends ExtractOptions, RowStepOptions {}

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
  const choices = ownOptions(given);
  const decisive = { ...choices, stackPath: undefined, overwrite: undefined };
  const prints = await inputPrints(inputs);
  return {
    step: {
      name: "extract",
      phases: [rowPhase("extract", module)],
      init: () => rowBatches([stack.particles], tasks),
      collect: collectExtracted,
      collectTarget: { module, export: "collectExtracted" },
    },
    identity: JSON.parse(JSON.stringify({ version: 1, option: decisive, input: prints, tasks })),
    options: { tables, choices: JSON.stringify({ ...choices, overwrite: true }), inputs: prints },
  };
}
