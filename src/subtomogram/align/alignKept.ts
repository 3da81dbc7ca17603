import { z } from "zod";
import type { Progress } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import type { BatchContext } from "../../jobs/index.ts";
import type { OnFound } from "../loaders/align.ts";
import type { AlignmentResult } from "../models/model.ts";

const three = z.tuple([z.number(), z.number(), z.number()]);
const RESULT = z.strictObject({
  label: z.int(),
  rotationIndex: z.int(),
  rotation: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  shiftPx: three,
  score: z.number(),
});

/** What a batch found, as it is kept. */
export const RESULTS = z.strictObject({ results: z.array(RESULT) });

/** Between two times that what was found is kept: what a kill costs at most, besides the molecules at work. */
const KEEP_MS = 5000;

/** Molecules that are left to do, and who is told of them. */
interface Rest {
  readonly first: number;
  readonly count: number;
  readonly onFound: OnFound;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Goes on from what an earlier run of a batch has kept, and keeps what is found as it goes and when it is interrupted.
 *
 * @param align  aligns some of the batch's molecules
 * @returns      of all molecules of the batch
 */
export async function goOn(
  { first, count }: { readonly first: number; readonly count: number },
  { checkpoint, onLog, onProgress, signal }: BatchContext,
  align: (rest: Rest) => Promise<readonly AlignmentResult[]>,
): Promise<readonly AlignmentResult[]> {
  const known = await readKept(checkpoint, count);
  if (known.length > 0) onLog(`continuing after ${known.length} of ${count} molecules`, "note");
  if (known.length === count) return known;
  let found: readonly AlignmentResult[] = [];
  let keptAt = performance.now();
  const keep = () => {
    keptAt = performance.now();
    const text = JSON.stringify({ results: [...known, ...found] });
    return checkpoint.write(new TextEncoder().encode(text));
  };
  try {
    const rest = await align({
      first: first + known.length,
      count: count - known.length,
      async onFound(all) {
        found = all;
        if (performance.now() - keptAt >= KEEP_MS) await keep();
      },
      onProgress: ({ done, ...others }) => onProgress({ ...others, done: known.length + done, total: count }),
    });
    return [...known, ...rest];
  } catch (error) {
    if (signal.aborted && found.length > 0) await keep();
    throw error;
  }
}

async function readKept(
  checkpoint: BatchContext["checkpoint"],
  count: number,
): Promise<readonly AlignmentResult[]> {
  const bytes = await checkpoint.read();
  if (bytes === undefined) return [];
  const kept = JSON.parse(new TextDecoder().decode(bytes));
  return parseWithSchema(kept, RESULTS, "checkpoint of an alignment").results.slice(0, count);
}
