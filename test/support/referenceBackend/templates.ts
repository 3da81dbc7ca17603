import type { PlanArray } from "../../../src/compute/index.ts";
import type { Shape2 } from "../../../src/core/index.ts";
import type { CorrelationSize } from "../../../src/match/kernels/index.ts";
import { filtered, projection } from "../projection.ts";
import { bentSlice, peerSlice, referenceSlice, type SliceVolume } from "../slice.ts";
import type { Correlator } from "./correlator.ts";
import { finished, inverseReal } from "./fourier.ts";
import type { Statistics } from "./statistics.ts";

/** Numbers of a complex filter (n, n/2+1). */
export function filterNumbers(n: number): number {
  return 2 * n * (Math.floor(n / 2) + 1);
}

/** Filters as complex numbers, interleaved. */
export function complexFilters(values: PlanArray, isComplex: boolean): Float64Array {
  if (isComplex) return Float64Array.from(values);
  const out = new Float64Array(2 * values.length);
  for (let i = 0; i < values.length; i++) out[2 * i] = values[i];
  return out;
}

/** Rows and columns of the places where a template fits. */
export function placesOf({ image, template }: CorrelationSize): Shape2 {
  return [image[0] - template + 1, image[1] - template + 1];
}

/** What templates are made of; template t is orientation floor(t / filters) seen through filter t mod filters. */
export interface TemplateParts {
  readonly size: CorrelationSize;
  readonly volume: SliceVolume;
  /** (orientations, 9), float32 values. */
  readonly rotations: Float32Array;
  /** (filters, n, n/2+1), complex interleaved. */
  readonly filters: Float64Array;
}

/** Makes templates one after the other; the slice of an orientation is made once for all its filters. */
export class Templates {
  readonly #parts: TemplateParts;
  #orientation = -1;
  #slice: Float64Array = new Float64Array(0);

  constructor(parts: TemplateParts) {
    this.#parts = parts;
  }

  /** (n, n), normalised. */
  make(template: number): Float64Array {
    const { size, filters } = this.#parts;
    const { template: n, image, normalizedFor = image } = size;
    const slice = this.#sliceOf(Math.floor(template / size.filters));
    const at = (template % size.filters) * filterNumbers(n);
    const product = filtered(slice, filters.subarray(at, at + filterNumbers(n)));
    return projection(finished(inverseReal(product, [n, n])), n, normalizedFor);
  }

  #sliceOf(orientation: number): Float64Array {
    if (orientation === this.#orientation) return this.#slice;
    const { size, volume, rotations } = this.#parts;
    const { template: n, exactSlices = false, magnification: bend } = size;
    const rotation = rotations.subarray(9 * orientation, 9 * orientation + 9);
    const slice = (exactSlices ? referenceSlice : peerSlice)(volume, n, rotation);
    const redundantHalf = exactSlices ? "conjugate" : "zero";
    this.#slice = bend === undefined ? slice : bentSlice(slice, n, { bend, redundantHalf });
    this.#orientation = orientation;
    return this.#slice;
  }
}

/** An image that is searched, with what, and what was found. */
export interface TemplateRun {
  readonly templates: Templates;
  readonly correlator: Correlator;
  readonly statistics: Statistics;
}

/** Correlates templates `first` to `end` (exclusive), two at a time; yields how many. */
export function* correlateTemplates(
  { templates, correlator, statistics }: TemplateRun,
  first: number,
  end: number,
): Generator<number, void> {
  for (let t = first; t < end; t += 2) {
    const template = templates.make(t);
    const other = t + 1 < end ? templates.make(t + 1) : undefined;
    correlator.correlate(template, other, (block) => {
      statistics.add(block, "re", t);
      if (other !== undefined) statistics.add(block, "im", t + 1);
    });
    yield other === undefined ? 1 : 2;
  }
}
