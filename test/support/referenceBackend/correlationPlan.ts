import type { PlanArray, RunOptions } from "../../../src/compute/index.ts";
import { checkRows } from "../../../src/compute/planArrays.ts";
import type { Shape2 } from "../../../src/core/index.ts";
import { correlationShape } from "../../../src/match/kernels/correlationLayout.ts";
import type { CorrelationTypes } from "../../../src/match/kernels/correlationPlan.ts";
import {
  BLOCK_TEMPLATES,
  type BlockRange,
  type CorrelationPlan,
  type CorrelationSize,
  type StatisticName,
  type TemplateUse,
} from "../../../src/match/kernels/index.ts";
import { type ArrayShapes, arrayBytes, floats, HeldArrays } from "./arrays.ts";
import { Correlator, correlatorBytes } from "./correlator.ts";
import { spectrumOf } from "./fftPlan.ts";
import { Statistics } from "./statistics.ts";
import { runSteps } from "./steps.ts";
import { complexFilters, correlateTemplates, filterNumbers, placesOf, Templates } from "./templates.ts";

/** Arrays and working memory. @throws {VitrineError} shape: a template that does not fit */
export function correlationBytes(size: CorrelationSize): number {
  return arrayBytes(correlationArrays(size)) + correlatorBytes(size.image, size.template);
}

/** A search of one image, two templates at a time. */
export class ReferenceCorrelation implements CorrelationPlan {
  readonly bytes: number;
  readonly shape: Shape2;
  readonly templateCount: number;
  readonly blockCount: number;
  readonly #size: CorrelationSize;
  readonly #spectrum: TemplateUse["spectrum"];
  readonly #shapes: ArrayShapes<CorrelationTypes["input"]>;
  readonly #arrays: HeldArrays<CorrelationTypes["input"]>;
  readonly #correlator: Correlator;
  readonly #statistics: Statistics;

  constructor({ spectrum, ...size }: CorrelationSize & TemplateUse) {
    this.bytes = correlationBytes(size);
    spectrumOf(spectrum);
    this.#size = size;
    this.#spectrum = spectrum;
    this.shape = placesOf(size);
    this.templateCount = size.orientations * size.filters;
    this.blockCount = Math.ceil(this.templateCount / BLOCK_TEMPLATES);
    this.#shapes = correlationArrays(size);
    this.#arrays = new HeldArrays("correlation", this.#shapes);
    this.#correlator = new Correlator(size.image, size.template);
    this.#statistics = new Statistics(this.shape);
  }

  set(name: CorrelationTypes["input"], data: PlanArray, at = 0): void {
    if (name === "image" || name === "filters" || name === "rotations") this.#arrays.set(name, data, at);
    else this.#setStatistic(name, data, at);
    if (name === "image") this.#statistics.clear();
  }

  #setStatistic(name: StatisticName, data: PlanArray, at: number): void {
    checkRows(`correlation ${name}`, this.#shapes[name], { data, at });
    this.#statistics.set(name, data, at);
  }

  async run(range: BlockRange = {}, options: RunOptions = {}): Promise<number> {
    await runSteps("correlation", this.#correlate(range), options);
    return range.lastBlock ?? this.blockCount;
  }

  *#correlate({ firstBlock = 0, lastBlock = this.blockCount }: BlockRange): Generator<number, void> {
    this.#correlator.setImage(this.#arrays.all("image"));
    const templates = new Templates({
      size: this.#size,
      volume: spectrumOf(this.#spectrum),
      rotations: this.#arrays.all("rotations"),
      filters: complexFilters(this.#arrays.all("filters"), this.#size.complexFilters ?? false),
    });
    const search = { templates, correlator: this.#correlator, statistics: this.#statistics };
    const end = Math.min(this.templateCount, lastBlock * BLOCK_TEMPLATES);
    yield* correlateTemplates(search, firstBlock * BLOCK_TEMPLATES, end);
  }

  read(name: StatisticName, into: PlanArray, at = 0): void {
    checkRows(`correlation ${name}`, this.#shapes[name], { data: into, at });
    this.#statistics.read(name, into, at);
  }

  dispose(): void {
    this.#arrays.release();
  }
}

function correlationArrays(size: CorrelationSize): ArrayShapes<CorrelationTypes["input"]> {
  correlationShape(size);
  const { image, template: n, filters, complexFilters: isComplex = false } = size;
  const [rows, rowLength] = placesOf(size);
  return {
    image: floats(...image),
    filters: floats(1, (filters * filterNumbers(n)) / (isComplex ? 1 : 2)),
    rotations: floats(size.orientations, 9),
    maximum: floats(rows, rowLength),
    index: { type: "i32", rows, rowLength },
    sum: { type: "f64", rows, rowLength },
    squaredSum: { type: "f64", rows, rowLength },
  };
}
