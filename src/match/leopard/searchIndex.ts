import { VitrineError } from "../../core/index.ts";
import {
  decodeGlobalIndex,
  globalIndex,
  type SearchCounts,
  type SearchIndex,
} from "../search/searchIndex.ts";

/**
 * Orientations that Leopard-EM 1.2 correlates at once where nobody says otherwise: 16 is the default of
 * `MatchTemplateManager.run_match_template`, 8 the constant in its program `run_match_template.py`, 20 that of
 * `run_distributed_match_template.py`. Its YAML does not hold the number.
 */
export const LEOPARD_BATCH_SIZES = { method: 16, program: 8, distributedProgram: 20 } as const;

/**
 * The number that Leopard-EM 1.2 keeps for a correlation, which is wrong in the last batch of orientations if that is
 * short and the search has several planes (defocus values x pixel sizes).
 *
 * A batch holds the correlations in the order (plane, orientation), n orientations to a plane. Leopard-EM takes the
 * position of the best, k = plane n + (orientation - first), and looks its number up in a table that it has made for a
 * full batch of B:
 *
 *     table[k] = floor(k / B) orientations + first + k mod B
 *
 * With n = B that is right. In a last batch of n < B the planes after the first slip back by B - n, and where
 * first + k mod B passes the last orientation the number belongs to the first orientations of the next plane.
 * The maxima, sums and z-scores are not touched by this; angles and defocus are.
 *
 * A pixel that no correlation reached (NaN throughout) keeps -1, which Leopard-EM reads as the last correlation.
 * Its 32-bit overflow beyond 2 147 483 647 correlations is not reproduced.
 *
 * @param index      true `globalIndex`, or -1
 * @param batchSize  orientations that Leopard-EM would correlate at once, see {@link LEOPARD_BATCH_SIZES}
 * @returns          the index that Leopard-EM keeps; `decodeGlobalIndex` gives what it reports
 * @throws {VitrineError} range: a batch size that is not a whole number of at least 1
 * Source: Leopard-EM 1.2, `core_match_template.py` and `decode_global_search_index`.
 */
export function leopardGlobalIndex(index: number, counts: SearchCounts, batchSize: number): number {
  requireBatchSize(batchSize);
  const { orientations } = counts;
  if (index < 0) return orientations * counts.defocusValues * counts.pixelSizes - 1;
  const first = firstOfLastBatch(orientations, batchSize);
  const orientation = index % orientations;
  if (orientation < first) return index;
  const plane = Math.floor(index / orientations);
  const position = plane * (orientations - first) + (orientation - first);
  return Math.floor(position / batchSize) * orientations + first + (position % batchSize);
}

/**
 * The place of a correlation in the order in which Leopard-EM 1.2 (one device) meets them: by batch of orientations,
 * within a batch by pixel size, then defocus, then orientation. Of equal correlations the one with the lowest place
 * wins. With several devices its order depends on their speed.
 *
 * @param index  true `globalIndex`
 * @returns      0 ... correlations - 1
 * @throws {VitrineError} range: a batch size that is not a whole number of at least 1
 */
export function leopardVisitOrder(index: number, counts: SearchCounts, batchSize: number): number {
  requireBatchSize(batchSize);
  const { orientations } = counts;
  const plane = Math.floor(index / orientations);
  const orientation = index % orientations;
  const inBatch = orientation % batchSize;
  const first = orientation - inBatch;
  const length = Math.min(batchSize, orientations - first);
  return first * counts.defocusValues * counts.pixelSizes + plane * length + inBatch;
}

function firstOfLastBatch(orientations: number, batchSize: number): number {
  return Math.floor((orientations - 1) / batchSize) * batchSize;
}

function requireBatchSize(batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize >= 1) return;
  const expected = "a whole number of at least 1";
  throw new VitrineError({ code: "range", at: "batch size", expected, found: String(batchSize) });
}

/** What a search reports of the correlation that was best at a pixel; null where none reached the pixel. */
export type IndexConvention = (best: SearchIndex | null, counts: SearchCounts) => SearchIndex;

/** That correlation; the first of all where none reached the pixel. */
const trueIndex: IndexConvention = (best) => best ?? { pixelSize: 0, defocus: 0, orientation: 0 };

/** What Leopard-EM reads from the number that it keeps, see {@link leopardGlobalIndex}. */
function leopardIndex(batchSize: number): IndexConvention {
  return (best, counts) => {
    const known = best === null ? -1 : globalIndex(best, counts);
    return decodeGlobalIndex(leopardGlobalIndex(known, counts, batchSize), counts);
  };
}

/** @param compatBatch  report as Leopard-EM does with batches of so many orientations; absent: rightly */
export function indexConvention(compatBatch: number | undefined): IndexConvention {
  return compatBatch === undefined ? trueIndex : leopardIndex(compatBatch);
}
