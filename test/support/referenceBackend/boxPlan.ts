import type { PlanArray, RunOptions } from "../../../src/compute/index.ts";
import { noArray, requireAtMost } from "../../../src/compute/planArrays.ts";
import { elementCount, VitrineError } from "../../../src/core/index.ts";
import type { BoxTypes, BoxWork } from "../../../src/match/kernels/boxTypes.ts";
import { correlationShape } from "../../../src/match/kernels/correlationLayout.ts";
import type { BestInBox, BoxPlan, BoxSize, TemplateUse } from "../../../src/match/kernels/index.ts";
import { type ArrayShapes, arrayBytes, floats, HeldArrays } from "./arrays.ts";
import { Correlator, correlatorBytes } from "./correlator.ts";
import { spectrumOf } from "./fftPlan.ts";
import { Statistics } from "./statistics.ts";
import { runSteps } from "./steps.ts";
import {
  complexFilters,
  correlateTemplates,
  filterNumbers,
  placesOf,
  type TemplateRun,
  Templates,
} from "./templates.ts";

/** Arrays and working memory. @throws {VitrineError} shape: boxes smaller than the template; range: no boxes */
export function boxBytes(size: BoxSize): number {
  return arrayBytes(boxArrays(size)) + correlatorBytes(size.image, size.template);
}

/** Boxes, one after the other. */
export class ReferenceBoxes implements BoxPlan {
  readonly size: BoxSize;
  readonly bytes: number;
  readonly #arrays: HeldArrays<BoxTypes["input"]>;
  readonly #spectrum: TemplateUse["spectrum"];
  readonly #correlator: Correlator;

  constructor({ spectrum, ...size }: BoxSize & TemplateUse) {
    spectrumOf(spectrum);
    this.size = size;
    this.bytes = boxBytes(size);
    this.#spectrum = spectrum;
    this.#arrays = new HeldArrays("boxes", boxArrays(size));
    this.#correlator = new Correlator(size.image, size.template);
  }

  set(name: BoxTypes["input"], data: PlanArray, at = 0): void {
    this.#arrays.set(name, data, at);
  }

  async run({ filterSets, batch = 0 }: BoxWork, options: RunOptions = {}): Promise<BestInBox[]> {
    requireAtMost("boxes filterSets", filterSets.length, this.size.boxes);
    return runSteps("boxes", this.#search(filterSets, batch), options);
  }

  *#search(filterSets: readonly number[], batch: number): Generator<number, BestInBox[]> {
    const found: BestInBox[] = [];
    for (const [box, filterSet] of filterSets.entries()) {
      const run = this.#runOf(box, filterSet);
      yield* correlateTemplates(run, 0, this.#templateCount);
      const best = this.#best(box, run.statistics);
      const isWanted = batch > 0 && best.template >= 0;
      found.push(isWanted ? { ...best, batchMaximum: this.#largestInBatch(run, best, batch) } : best);
    }
    return found;
  }

  get #templateCount(): number {
    return this.size.orientations * this.size.filters;
  }

  #runOf(box: number, filterSet: number): TemplateRun {
    this.#correlator.setImage(withoutMean(this.#arrays.row("images", box)));
    const filters = complexFilters(this.#arrays.row("filters", filterSet), this.size.complexFilters ?? false);
    const rotations = this.#arrays.row("rotations", box);
    const templates = new Templates({
      size: this.size,
      volume: spectrumOf(this.#spectrum),
      rotations,
      filters,
    });
    return { templates, correlator: this.#correlator, statistics: new Statistics(placesOf(this.size)) };
  }

  #best(box: number, statistics: Statistics): BestInBox {
    const [height, width] = statistics.shape;
    const means = this.#arrays.row("means", box);
    const deviations = this.#arrays.row("deviations", box);
    const maxima = new Float32Array(height * width);
    const templates = new Int32Array(height * width);
    statistics.read("maximum", maxima, 0);
    statistics.read("index", templates, 0);
    let best = { score: Number.NEGATIVE_INFINITY, correlation: 0, template: -1, place: 0 };
    for (const [place, correlation] of maxima.entries()) {
      const score = (correlation - means[place]) / deviations[place];
      if (templates[place] < 0 || !(score > best.score)) continue;
      best = { score, correlation, template: templates[place], place };
    }
    const { place, ...others } = best;
    return { ...others, y: Math.floor(place / width), x: place % width, batchMaximum: 0 };
  }

  /** Largest correlation of all places with the templates of the best one's batch of orientations. */
  #largestInBatch(run: TemplateRun, { template }: BestInBox, batch: number): number {
    const templates = batch * this.size.filters;
    const first = template - (template % templates);
    run.statistics.clear();
    const correlations = correlateTemplates(run, first, Math.min(this.#templateCount, first + templates));
    for (const _ of correlations);
    return run.statistics.maximum.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  }

  read(name: never): never {
    throw noArray("boxes", name);
  }

  dispose(): void {
    this.#arrays.release();
  }
}

function boxArrays(size: BoxSize): ArrayShapes<BoxTypes["input"]> {
  correlationShape(size);
  const { boxes, filterSets, filters, template: n, complexFilters: isComplex = false } = size;
  if (!(Number.isInteger(boxes) && boxes > 0)) {
    const fault = { code: "range", at: "correlation boxes", expected: "a whole number above 0" } as const;
    throw new VitrineError({ ...fault, found: String(boxes) });
  }
  const places = elementCount(placesOf(size));
  return {
    filters: floats(filterSets, (filters * filterNumbers(n)) / (isComplex ? 1 : 2)),
    images: floats(boxes, elementCount(size.image)),
    means: floats(boxes, places),
    deviations: floats(boxes, places),
    rotations: floats(boxes, 9 * size.orientations),
  };
}

function withoutMean(image: Float32Array): Float64Array {
  const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
  return Float64Array.from(image, (value) => value - mean);
}
