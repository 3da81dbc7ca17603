import type {
  Backend,
  FftPlan,
  Plan,
  PlanArray,
  PlanKind,
  PlanTypes,
  RunOptions,
} from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  linePlanBytes,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  type WorkerPool,
  writeLinePlan,
} from "../../compute/kernels/index.ts";
import { VitrineError } from "../../core/index.ts";
import { BEST_NUMBERS, type BoxTask, boxJob } from "./boxJob.ts";
import type { CorrelationShape } from "./correlationJob.ts";
import {
  addressesOf,
  type CorrelationSize,
  correlationShape,
  packFilters,
  packRotations,
  spectrumBytes,
  type TemplateSpectrum,
  teamBytes,
  templateSource,
  templateSpectrum,
} from "./correlationLayout.ts";
import type { TemplateUse } from "./correlationPlan.ts";

/** What a {@link BoxPlan} is made for; `image` is the shape of a box. */
export interface BoxSize extends CorrelationSize {
  /** Boxes that lie in memory together. */
  readonly boxes: number;
  /** Different sets of `filters` filters; boxes with the same optics share one. */
  readonly filterSets: number;
}

/** What a run of a {@link BoxPlan} correlates. */
export interface BoxWork {
  /** For each box in use, from the first on, which set of filters it is seen through. */
  readonly filterSets: readonly number[];
  /** Orientations of a batch whose largest correlation is wanted as well, see {@link BestInBox}; default 0: it is not. */
  readonly batch?: number;
}

/** The best of one box. */
export interface BestInBox {
  /** (correlation - mean) / deviation; -Infinity where no place had a finite correlation. */
  readonly score: number;
  readonly correlation: number;
  /** orientation * filters + filter; -1 where there is none. */
  readonly template: number;
  /** Position of the template's top-left corner in the box. */
  readonly y: number;
  readonly x: number;
  /** Largest correlation of all places in the batch of the best template, if batches were asked for. */
  readonly batchMaximum: number;
}

/** The words of a {@link BoxPlan}. Progress counts templates. */
export interface BoxTypes extends PlanTypes {
  /**
   * - `filters` (filterSets, filters, n, n/2+1), as a correlation has them.
   * - `images` (boxes, height, width), filtered. The mean of each is taken out.
   * - `means`, `deviations` (boxes, height - n + 1, width - n + 1): of the correlation at each place; a deviation of NaN where a place
   *   does not count.
   * - `rotations` (boxes, orientations, 9) row-major, from the template to the particle's view.
   */
  readonly input: "filters" | "images" | "means" | "deviations" | "rotations";
  readonly output: never;
  readonly work: BoxWork;
  readonly outcome: BestInBox[];
}

/**
 * Correlates many boxes with templates of their own. A team of workers takes a box at a time; with more boxes than workers each worker is
 * a team, so that nobody waits. The result does not depend on the number of workers.
 */
export interface BoxPlan extends Plan<BoxTypes> {
  readonly size: BoxSize;
}

/** The kind of plan that {@link createBoxes} makes. */
export const boxPlan: PlanKind<BoxSize, BoxPlan, TemplateUse> = {
  name: "match/boxes",
  wasm: {
    bytes: boxPlanBytes,
    create: (pool, { spectrum, ...size }) => new WasmBoxes(pool, size, spectrum),
  },
};

/** Makes a {@link BoxPlan}. @throws {VitrineError} shape: boxes smaller than the template; range: no boxes, or too many */
export function createBoxes(backend: Backend, size: BoxSize, { spectrum }: TemplateUse): BoxPlan {
  return backend.plan(boxPlan, { ...size, spectrum });
}

/** Boxes in a pool's memory, on its workers. */
class WasmBoxes implements BoxPlan {
  readonly size: BoxSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #shape: CorrelationShape;
  readonly #template: TemplateSpectrum;
  readonly #shared: Regions<keyof ReturnType<typeof sharedBytes>>;
  readonly #teams: Regions<"spectrum" | keyof ReturnType<typeof teamBytes>>[];

  constructor(pool: WorkerPool, size: BoxSize, spectrum: FftPlan) {
    this.#template = templateSpectrum(spectrum);
    this.#shape = correlationShape(size, this.#template);
    this.size = size;
    this.bytes = boxPlanBytes(size, pool.workers);
    this.#pool = pool;
    const teams = boxTeams(size.boxes, pool.workers);
    this.#shared = createRegions(pool, sharedBytes(size, this.#shape));
    this.#teams = Array.from({ length: teams }, () =>
      createRegions(pool, boxTeamBytes(size, this.#shape, membersOf(pool.workers, teams))),
    );
    const { templatePlan, rowPlan, columnPlan } = this.#shared.address;
    writeLinePlan(pool.memory.buffer, templatePlan, size.template);
    writeLinePlan(pool.memory.buffer, rowPlan, this.#shape.paddedWidth);
    writeLinePlan(pool.memory.buffer, columnPlan, this.#shape.paddedHeight);
  }

  set(name: BoxTypes["input"], data: PlanArray, at = 0): void {
    const rows = checkRows(`boxes ${name}`, this.#arrayOf(name), { data, at });
    const each = data.length / rows;
    for (let i = 0; i < rows; i++) this.#setOne(name, data.subarray(i * each, (i + 1) * each), at + i);
  }

  #arrayOf(name: BoxTypes["input"]): PlanArrayShape {
    const { image, template: n, boxes, filterSets, filters, orientations, complexFilters } = this.size;
    const numbers = (rows: number, rowLength: number) => ({ type: "f32", rows, rowLength }) as const;
    switch (name) {
      case "filters":
        return numbers(filterSets, filters * n * (complexFilters ? 2 : 1) * (Math.floor(n / 2) + 1));
      case "images":
        return numbers(boxes, image[0] * image[1]);
      case "rotations":
        return numbers(boxes, 9 * orientations);
      default:
        return numbers(boxes, placesIn(this.size));
    }
  }

  #setOne(name: BoxTypes["input"], data: PlanArray, at: number): void {
    const places = placesIn(this.size);
    switch (name) {
      case "filters": {
        const base = at * this.size.filters * this.#shape.filterBytes;
        const form = { size: this.size, shape: this.#shape };
        packFilters(data, form, (row, offset) => this.#shared.set("filters", row, base + offset));
        break;
      }
      case "images":
        this.#shared.set("images", withoutMean(data), at * imageBytes(this.size));
        break;
      case "means":
        this.#shared.set("windows", data, 8 * places * at);
        break;
      case "deviations":
        this.#shared.set("windows", data, 8 * places * at + 4 * places);
        break;
      case "rotations":
        this.#shared.set("rotations", packRotations(data), 24 * this.size.orientations * at);
    }
  }

  async run({ filterSets, batch = 0 }: BoxWork, options: RunOptions = {}): Promise<BestInBox[]> {
    const count = filterSets.length;
    if (count === 0) return [];
    requireBoxes(count, this.size.boxes);
    await this.#pool.run(boxJob, this.#task(filterSets, batch), { ...options, teams: this.#teams.length });
    const numbers = new Float64Array(BEST_NUMBERS * count);
    this.#shared.read("results", numbers);
    return Array.from({ length: count }, (_, box) => this.#best(numbers.subarray(BEST_NUMBERS * box)));
  }

  read(name: never): never {
    throw new VitrineError({
      code: "missing",
      at: "boxes",
      expected: "no array to read: a run returns what was found",
      found: `"${name}"`,
    });
  }

  #best([score, correlation, template, place, batchMaximum]: Float64Array): BestInBox {
    const y = Math.floor(place / this.#shape.columns);
    return { score, correlation, template, y, x: place % this.#shape.columns, batchMaximum };
  }

  #task(filterSets: readonly number[], batch: number): BoxTask {
    const { address } = this.#shared;
    const { orientations, filters } = this.size;
    return {
      correlate: {
        firstBlock: 0,
        lastBlock: 0,
        shape: this.#shape,
        teams: this.#teams.map((regions) => addressesOf(regions.address)),
        volume: this.#template.address,
        spectrum: 0,
        ...templateSource(this.size, address),
        templateCount: orientations * filters,
      },
      count: filterSets.length,
      images: address.images,
      imageBytes: imageBytes(this.size),
      windows: address.windows,
      rotationBytes: 24 * orientations,
      filters: filterSets.map((set) => address.filters + set * filters * this.#shape.filterBytes),
      spectra: this.#teams.map((regions) => regions.address.spectrum),
      results: address.results,
      batch: batch * filters,
    };
  }

  dispose(): void {
    this.#shared.dispose();
    for (const regions of this.#teams) regions.dispose();
  }
}

/** Bytes that one more box takes, and those that one more set of filters takes. */
export function boxBytes(size: CorrelationSize): { box: number; filterSet: number } {
  const shape = correlationShape(size);
  return {
    box: imageBytes(size) + 8 * placesIn(size) + 24 * size.orientations + 8 * BEST_NUMBERS,
    filterSet: size.filters * shape.filterBytes,
  };
}

function boxPlanBytes(size: BoxSize, workers: number): number {
  const shape = correlationShape(size);
  const teams = boxTeams(size.boxes, workers);
  const team = regionBytes(boxTeamBytes(size, shape, membersOf(workers, teams)));
  return regionBytes(sharedBytes(size, shape)) + teams * team;
}

/** As many teams as leave the fewest rounds, weighed by how slow a smaller team is; of equal ones the more. */
function boxTeams(boxes: number, workers: number): number {
  if (!(Number.isInteger(boxes) && boxes > 0)) {
    const expected = "a whole number above 0";
    throw new VitrineError({ code: "range", at: "correlation boxes", expected, found: String(boxes) });
  }
  let best = 1;
  for (let teams = 2; teams <= Math.min(workers, boxes); teams++) {
    const time = (t: number) => Math.ceil(boxes / t) / Math.floor(workers / t);
    if (time(teams) <= time(best)) best = teams;
  }
  return best;
}

function requireBoxes(count: number, boxes: number): void {
  if (count <= boxes) return;
  throw new VitrineError({
    code: "range",
    at: "boxes filterSets",
    expected: `at most ${boxes}`,
    found: `${count}`,
  });
}

/** Members of the largest team. */
function membersOf(workers: number, teams: number): number {
  return Math.ceil(workers / teams);
}

function withoutMean(image: PlanArray): PlanArray {
  let sum = 0;
  for (const value of image) sum += value;
  const average = sum / image.length;
  return image.map((value) => value - average);
}

function imageBytes({ image }: CorrelationSize): number {
  return 4 * image[0] * image[1];
}

function placesIn({ image, template }: CorrelationSize): number {
  return (image[0] - template + 1) * (image[1] - template + 1);
}

function sharedBytes(size: BoxSize, shape: CorrelationShape) {
  const { boxes, filterSets, orientations, filters, template } = size;
  return {
    images: boxes * imageBytes(size),
    windows: 8 * boxes * placesIn(size),
    rotations: 24 * boxes * orientations,
    results: 8 * BEST_NUMBERS * boxes,
    filters: filterSets * filters * shape.filterBytes,
    templatePlan: linePlanBytes(template),
    rowPlan: linePlanBytes(shape.paddedWidth),
    columnPlan: linePlanBytes(shape.paddedHeight),
  };
}

function boxTeamBytes(size: BoxSize, shape: CorrelationShape, members: number) {
  return { ...teamBytes(size, shape, members), spectrum: spectrumBytes(shape) };
}
