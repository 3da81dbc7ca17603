import type { Backend } from "../../compute/index.ts";
import {
  createYield,
  firstNotFinite,
  type Progress,
  progressTeller,
  requireNotAborted,
  VitrineError,
} from "../../core/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { realArray } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";
import { type Directions, isHalved, sliceDirections } from "./slices.ts";

/** What of a descriptor templates are made of. */
export type TemplateDescriptor = Pick<
  ImageDescriptor,
  "viewingAngles" | "polarGrid" | "precision" | "boxSizeA"
>;

/** Beside the structure. */
export interface TemplateOptions {
  /** Makes slices of grids in its workers; default: the calling thread. */
  readonly backend?: Backend;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Overwrites complex `values`, shells outermost, of the angles that `directions` has. */
export type SliceOf = (directions: Directions, values: Float64Array) => void;

/**
 * Makes a stack slice by slice. Of real structures the second half of the angles is the conjugate of the first.
 *
 * @throws {VitrineError} aborted; range: values that are no numbers
 */
export async function makeStack(
  { viewingAngles, polarGrid, precision }: TemplateDescriptor,
  { signal, onProgress }: TemplateOptions,
  work: { readonly isReal: boolean; readonly sliceOf: SliceOf },
): Promise<PolarStack> {
  const { nShells, nInplanes, thetas } = polarGrid;
  const { count } = viewingAngles;
  const half = work.isReal && isHalved(polarGrid);
  const used = half ? nInplanes / 2 : nInplanes;
  const each = 2 * nShells * nInplanes;
  const data = realArray(precision, count * each);
  const values = new Float64Array(2 * nShells * used);
  const pause = createYield();
  const tell = progressTeller(onProgress, { unit: "templates" });
  for (let template = 0; template < count; template++) {
    requireNotAborted(signal, "templates");
    work.sliceOf(sliceDirections(viewingAngles, template, { thetas, count: used }), values);
    requireNumbers(values, template);
    placeSlice(values, data.subarray(template * each, (template + 1) * each), { nInplanes, half });
    tell(template + 1, count);
    await pause();
  }
  return { shape: [count, nShells, nInplanes], data };
}

/** Puts a slice into its template: all of it, or the first half of every circle, whose second half is conjugate. */
export function placeSlice(
  values: Float64Array,
  into: Float32Array | Float64Array,
  { nInplanes, half }: { readonly nInplanes: number; readonly half: boolean },
): void {
  if (!half) {
    into.set(values);
    return;
  }
  // numbers of half a circle are as many as its angles
  for (let from = 0, to = 0; from < values.length; from += nInplanes, to += 2 * nInplanes)
    for (let i = 0; i < nInplanes; i++) {
      into[to + i] = values[from + i];
      into[to + nInplanes + i] = i % 2 === 0 ? values[from + i] : -values[from + i];
    }
}

/** @throws {VitrineError} range: values that are no numbers */
export function requireNumbers(values: Float64Array, template: number): void {
  const bad = firstNotFinite(values);
  if (bad < 0) return;
  throw new VitrineError({
    code: "range",
    at: `template ${template}`,
    expected: "finite values",
    found: `${values[bad]}`,
    hint: "Look for values in the structure that are no numbers",
  });
}
