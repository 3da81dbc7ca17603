/** What the engine's processes load for alignments, by name. */
import { poolKernels } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import {
  encodePng,
  parseWithSchema,
  requireSameInputs,
  writeFileAtomic,
  writeTogether,
} from "../../io/index.ts";
import type { BatchContext, BatchResult, CollectContext, Json, StoredResult } from "../../jobs/index.ts";
import { withPool } from "../../program/index.ts";
import type { TomogramVolume } from "../formats/tomograms.ts";
import { alignEach } from "../loaders/align.ts";
import { alignedMolecules } from "../loaders/updateMolecules.ts";
import type { AlignmentResult } from "../models/model.ts";
import { Molecules } from "../molecules/molecules.ts";
import { type MoleculeLoader, withLoader } from "../programs/inputs.ts";
import {
  type AlignChoices,
  alignOptionsOf,
  dropping,
  keptChoices,
  templatesOf,
  tomogramInputs,
} from "./alignChoices.ts";
import { goOn, RESULTS } from "./alignKept.ts";
import { drawAlignment } from "./alignPicture.ts";
import {
  type AlignedTable,
  isForeignTable,
  type NamedVolume,
  nameOf,
  nameTomogram,
  writeAlignedTable,
} from "./alignTable.ts";
import { tomogramPrints } from "./prints.ts";

/** Some molecules of one tomogram, in the order of its table. */
export type AlignBatch = {
  readonly tomogram: number;
  readonly first: number;
  readonly count: number;
};

/** What alignments of all molecules found. */
export interface AlignReport {
  readonly tomograms: number;
  readonly molecules: number;
  /** Mean score, and middle of the shifts' lengths, nm. */
  readonly meanScore: number;
  readonly medianShiftNm: number;
  readonly files: readonly string[];
}

/**
 * Aligns the molecules of a batch. A molecule's result depends on nothing else, so that batches do not show. What was found is kept as it goes: a batch that
 * was killed goes on from there.
 *
 * @throws {VitrineError} unsupported: kernels other than those of the other batches; format: inputs that have changed; aborted
 */
export async function alignBatch(
  batch: AlignBatch,
  context: BatchContext,
): Promise<BatchResult<{ readonly results: Json }>> {
  await context.requireSame("kernels", poolKernels());
  const { choices, inputs: prints } = keptChoices(context.options);
  requireSameInputs(prints, await tomogramPrints(choices));
  const { cores: workers, signal, onLog } = context;
  const work = (loader: MoleculeLoader) =>
    goOn(batch, context, ({ first, count, onFound, onProgress }) => {
      const part = loader.replace({ molecules: loader.molecules.slice(first, first + count) });
      return withPool({ workers }, (backend) =>
        alignEach(part, templatesOf(choices), {
          ...alignOptionsOf(choices),
          backend,
          signal,
          onProgress,
          onFound,
          onLog,
        }),
      );
    });
  const inputs = tomogramInputs(choices, batch.tomogram);
  const results = await withLoader(inputs, onLog, { work, ...dropping(choices) });
  return { value: { results: results.map((result) => ({ ...result })) } };
}

/**
 * Writes the table of all molecules, and the picture.
 *
 * @throws {VitrineError} format: inputs that have changed since, or results that do not belong; storage
 */
export async function collectAligned(
  stored: AsyncIterable<StoredResult<AlignBatch, Json>>,
  { options, onLog }: Pick<CollectContext, "options" | "onLog">,
): Promise<AlignReport> {
  const { choices, inputs } = keptChoices(options);
  requireSameInputs(inputs, await tomogramPrints(choices));
  const found: AlignmentResult[][] = choices.tomograms.map(() => []);
  for await (const { batch, value } of stored) {
    const { results } = parseWithSchema(value, RESULTS, "result of an alignment");
    found[batch.tomogram].push(...results);
  }
  const tables: Molecules[] = [];
  const volumes: NamedVolume[] = [];
  for (const [i, results] of found.entries()) {
    const { molecules, volume } = await movedMolecules(choices, i, results);
    tables.push(molecules);
    volumes.push(volume);
  }
  const molecules = tables.length === 1 ? tables[0] : Molecules.concat(tables);
  await writeResults(choices, molecules, { found, table: { choices, volumes, onLog } });
  const shifts = found.flatMap((results, i) =>
    results.map(({ shiftPx }) => Math.hypot(...shiftPx) * volumes[i].scale),
  );
  const scores = found.flat().map(({ score }) => score);
  return {
    tomograms: choices.tomograms.length,
    molecules: molecules.count,
    meanScore: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    medianShiftNm: middleOf(shifts),
    files: choices.picturePath === undefined ? [choices.outPath] : [choices.outPath, choices.picturePath],
  };
}

/** Molecules of one tomogram where they were found; of several tomograms each row says which. */
function movedMolecules(choices: AlignChoices, index: number, results: readonly AlignmentResult[]) {
  // What was left out was said when the work began.
  const work = async (loader: MoleculeLoader, place: TomogramVolume) => {
    const { molecules, scale } = loader;
    if (results.length !== molecules.count)
      throw new VitrineError({
        code: "format",
        at: choices.tomograms[index].molecules,
        expected: `${molecules.count} results, one a molecule`,
        found: `${results.length}`,
      });
    const labelName = choices.templates.length > 1 ? "labels" : undefined;
    const moved = alignedMolecules(molecules, results, { scale, labelName });
    const named =
      choices.tomograms.length === 1
        ? moved
        : moved.withFeatures({ "image-id": Array.from({ length: moved.count }, () => index) });
    const isTable = isForeignTable(choices.outPath);
    const volume = { ...place, name: nameOf(choices.tomograms[index]), scale };
    return { molecules: isTable ? nameTomogram(named, volume.name) : named, volume };
  };
  return withLoader(tomogramInputs(choices, index), undefined, { work, ...dropping(choices) });
}

async function writeResults(
  choices: AlignChoices,
  molecules: Molecules,
  { found, table }: { readonly found: readonly (readonly AlignmentResult[])[]; readonly table: AlignedTable },
): Promise<void> {
  const { outPath, picturePath } = choices;
  const picture = picturePath === undefined ? undefined : await drawAlignment(choices, found[0]);
  await writeTogether(async (files) => {
    await files.write(outPath, (path) => writeAlignedTable(path, molecules, table));
    if (picturePath !== undefined && picture !== undefined)
      await files.write(picturePath, (path) =>
        writeFileAtomic(path, encodePng(picture), { overwrite: true }),
      );
  });
}

function middleOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
