import { z } from "zod";
import { parseWithSchema } from "../../io/index.ts";
import type { BatchContext, BatchResult, Json, StoredResult } from "../../jobs/index.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { readStackMetadata } from "../particles/stackMetadata.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import {
  type LikelihoodReport,
  runLikelihoodFullCrossCorrelation,
  runLikelihoodOptimalPose,
} from "./runLikelihood.ts";

/** Some stacks of a run against one template stack. */
export type LikelihoodBatch = { readonly iTemplate: number; readonly first: number; readonly count: number };

const TOLD = z.strictObject({ told: z.string() });

/** Compares some stacks and writes their files. @throws {VitrineError} as `runLikelihoodOptimalPose` */
export async function likelihoodBatch(
  { iTemplate, first, count }: LikelihoodBatch,
  context: BatchContext,
): Promise<BatchResult<{ readonly report: string }>> {
  const { told } = parseWithSchema(context.options, TOLD, "step.json options");
  const { params, displacement, full, choices, nStacks, ...folders } = JSON.parse(told);
  const files = await configureLikelihoodFiles({ ...folders, iTemplate, nStacks: first + count });
  const part = { ...files, stacks: files.stacks.slice(first) };
  const { count: perStack } = await readStackMetadata(files.stacks[0].metadata);
  const { cores: workers, signal, onLog, onProgress } = context;
  const run = full ? runLikelihoodFullCrossCorrelation : runLikelihoodOptimalPose;
  const report = await run(part, params, configureDisplacement(displacement), {
    ...choices,
    ...{ nImages: (choices.whiten ? 1 : nStacks) * perStack, workers, signal, onLog, onProgress },
  });
  return { value: { report: JSON.stringify(report) } };
}

/** One report of all. */
export async function collectLikelihood(
  results: AsyncIterable<StoredResult<LikelihoodBatch, Json>>,
): Promise<LikelihoodReport> {
  const reports: LikelihoodReport[] = [];
  for await (const { value } of results) {
    const { report } = parseWithSchema(
      value,
      z.strictObject({ report: z.string() }),
      "result of a likelihood",
    );
    reports.push(JSON.parse(report));
  }
  return joinReports(reports);
}

/** Reports of one run after another. */
export function joinReports(reports: readonly LikelihoodReport[]): LikelihoodReport {
  return {
    images: reports.reduce((sum, { images }) => sum + images, 0),
    stacks: reports.flatMap(({ stacks }) => stacks),
    files: [...new Set(reports.flatMap(({ files }) => files))],
  };
}
