import { elementCount, type Shape2, type Shape3, VitrineError } from "../core/index.ts";
import { lineBufferElements, linePlanBytes } from "./linePlan.ts";
import type { Phase } from "./phases.ts";

/** What an {@link FftPlan} transforms: `batch` (default 1) arrays of one shape, each axis of any length from 1. */
export type FftSize =
  | { readonly kind: "complex1d"; readonly shape: readonly [length: number]; readonly batch?: number }
  | { readonly kind: "real2d"; readonly shape: Shape2; readonly batch?: number }
  | { readonly kind: "real3d"; readonly shape: Shape3; readonly batch?: number };

/** One pass along an axis that is not the last: lines across an array (outer, length, inner) of complex values. */
interface ColumnPass {
  readonly length: number;
  readonly outer: number;
  readonly inner: number;
  readonly outerBytes: number;
  readonly lineBytes: number;
  /** Inner values that travel together; see complexColumns. */
  readonly wide: number;
  readonly bufferBytes: number;
}

/** Where everything of a transform lies; all that is known before memory is taken. */
export interface FftLayout {
  readonly isReal: boolean;
  /** Length of the last axis. */
  readonly length: number;
  /** Rows of the whole batch. */
  readonly rows: number;
  /** Floats of a row before and after the forward transform. */
  readonly inputFloats: number;
  readonly spectrumFloats: number;
  /** Stride of rows, before and after: a real row has room for its half spectrum. */
  readonly rowBytes: number;
  /** Elements of one array of the batch before the transform. */
  readonly elements: number;
  /** Passes along the other axes, last axis first; axes of length 1 need none. */
  readonly columns: readonly ColumnPass[];
  /** Working memory of one worker. */
  readonly scratchBytes: number;
  /** Lengths for which a line plan is needed. */
  readonly lengths: readonly number[];
}

/** Widest visit of complexColumns: 32 complex values are four cache lines. At 4096² that is 5 % faster than 16, 35 % than 4. */
const WIDEST = 32;
/** Buffers of one visit stay near this, about a second-level cache. */
const BUFFER_BUDGET = 1088 * 1024;
/** Visits for each worker, so that all end at nearly the same time. */
const VISITS = 4;
/** Keeps buffers of a power-of-two length out of each other's cache sets. */
const STAGGER = 128;
/** Elements that one call of a kernel may visit: about a millisecond's work, far below the 10 ms that abort allows. */
const CALL_ELEMENTS = 1 << 17;

/** Lays out a transform for so many workers. @throws {VitrineError} shape: a length or the batch is not a whole number from 1 */
export function fftLayout({ kind, shape, batch = 1 }: FftSize, workers: number): FftLayout {
  for (const length of [...shape, batch]) checkLength(length, `${kind} [${shape}], batch ${batch}`);
  const isReal = kind !== "complex1d";
  const length = shape[shape.length - 1];
  const spectrumFloats = isReal ? 2 * (Math.floor(length / 2) + 1) : 2 * length;
  const passes = columnPasses(shape, spectrumFloats, { batch, workers });
  const columns = passes.filter((pass) => pass.length > 1);
  const rowBuffer = 32 * lineBufferElements(length);
  const columnBuffers = columns.map((pass) => (pass.wide / 4) * pass.bufferBytes);
  return {
    isReal,
    length,
    rows: (batch * elementCount(shape)) / length,
    inputFloats: isReal ? length : 2 * length,
    spectrumFloats,
    rowBytes: 4 * spectrumFloats,
    elements: elementCount(shape),
    columns,
    scratchBytes: Math.ceil(Math.max(rowBuffer, ...columnBuffers) / 64) * 64 + STAGGER,
    lengths: [...new Set([length, ...columns.map((pass) => pass.length)])],
  };
}

function columnPasses(
  shape: readonly number[],
  spectrumFloats: number,
  { batch, workers }: { batch: number; workers: number },
): ColumnPass[] {
  const axes = shape.slice(0, -1).map((length, axis) => {
    const inner = (elementCount(shape.slice(axis + 1, -1)) * spectrumFloats) / 2;
    const outer = batch * elementCount(shape.slice(0, axis));
    const bufferBytes = 32 * lineBufferElements(length) + STAGGER;
    const lanes = [
      WIDEST / 4,
      Math.ceil(inner / 4),
      Math.floor(BUFFER_BUDGET / bufferBytes),
      Math.floor((outer * inner) / (4 * VISITS * workers)),
    ];
    const wide = 4 * Math.max(1, Math.min(...lanes));
    return { length, outer, inner, outerBytes: 8 * length * inner, lineBytes: 8 * inner, wide, bufferBytes };
  });
  return axes.reverse();
}

function checkLength(length: number, found: string): void {
  if (Number.isSafeInteger(length) && length >= 1) return;
  throw new VitrineError({ code: "shape", at: "createFft", expected: "whole numbers from 1", found });
}

/** Bytes of each piece of memory that a plan takes. */
export function fftPieces(layout: FftLayout, workers: number): { [piece: string]: number } {
  const plans = layout.lengths.map((length) => [`line${length}`, linePlanBytes(length)] as const);
  return {
    data: layout.rows * layout.rowBytes,
    scratch: workers * layout.scratchBytes,
    ...Object.fromEntries(plans),
  };
}

/** Addresses of the same pieces. */
export type FftPlaces = Readonly<Record<string, number>>;

/** The passes of a transform in place, inverse scaled by 1 / elements. */
export function fftPhases(
  layout: FftLayout,
  places: FftPlaces,
  { inverse, workers }: { inverse: boolean; workers: number },
): Phase[] {
  const rows = rowPhase(layout, places, { inverse, workers });
  const columns = layout.columns.map((pass) => {
    const { outerBytes, lineBytes, inner, wide, length, bufferBytes } = pass;
    const line = [places[`line${length}`], Number(inverse), 1, bufferBytes];
    return {
      kernel: "complexColumns",
      args: [places.data, outerBytes, lineBytes, inner, wide, ...line],
      scratch: { address: places.scratch, bytes: layout.scratchBytes },
      ...ranges(pass.outer * Math.ceil(inner / wide), wide * length, workers),
    };
  });
  return inverse ? [...columns.reverse(), rows] : [rows, ...columns];
}

function rowPhase(
  layout: FftLayout,
  places: FftPlaces,
  { inverse, workers }: { inverse: boolean; workers: number },
): Phase {
  const { isReal, length, rows, rowBytes, elements } = layout;
  const args = [places.data, rowBytes, places.data, rowBytes, rows, places[`line${length}`]];
  const scratch = { address: places.scratch, bytes: layout.scratchBytes };
  const scale = inverse ? 1 / elements : 1;
  const lines = isReal ? 8 : 4;
  const range = ranges(Math.ceil(rows / lines), lines * length, workers);
  if (!isReal) return { kernel: "complexRows", args: [...args, Number(inverse), scale], scratch, ...range };
  if (inverse) return { kernel: "realRowsInverse", args: [...args, scale], scratch, ...range };
  return { kernel: "realRows", args, scratch, ...range };
}

/** Ranges short enough for a quick abort and for workers that are held up to be relieved. */
function ranges(count: number, elements: number, workers: number): { count: number; step: number } {
  const quick = Math.floor(CALL_ELEMENTS / elements);
  const fair = workers === 1 ? quick : Math.ceil(count / (8 * workers));
  return { count, step: Math.max(1, Math.min(quick, fair)) };
}
