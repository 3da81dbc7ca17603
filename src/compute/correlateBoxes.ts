import { VitrineError } from "../core/index.ts";
import { BEST_NUMBERS, type BoxesJob } from "./boxesJob.ts";
import type { CorrelateShape } from "./correlateJob.ts";
import {
  type CorrelationSize,
  checkLength,
  correlateShape,
  packFilters,
  packRotations,
  placesOf,
  teamBytes,
  templateSource,
  type VolumeSpectrum,
} from "./correlateLayout.ts";
import { linePlanBytes, writeLinePlan } from "./linePlan.ts";
import type { Pool, RunOptions } from "./pool.ts";
import { createRegions, type Regions } from "./regions.ts";

/** What a {@link BoxCorrelationPlan} is made for; `image` is the shape of a box. */
export interface BoxCorrelationSize extends CorrelationSize {
  /** Boxes that lie in memory together. */
  readonly boxes: number;
  /** Different sets of `filters` filters; boxes with the same optics share one. */
  readonly filterSets: number;
}

/** One box and what it is correlated with. */
export interface CorrelationBox {
  /** (height, width), filtered. Its mean is taken out. */
  readonly image: Float32Array;
  /** (height - n + 1, width - n + 1): mean of the correlation at each place. */
  readonly mean: Float32Array;
  /** The same of its standard deviation; NaN where a place does not count. */
  readonly deviation: Float32Array;
  /** (orientations, 9) row-major, from the template to the particle's view. */
  readonly rotations: Float32Array;
  /** Which set of filters, from 0. */
  readonly filterSet: number;
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

/**
 * Correlates many boxes with templates of their own in one job: see {@link BoxesJob}. A team of workers takes a box at a time;
 * with more boxes than workers each worker is a team, so that nobody waits. The result does not depend on the number of workers.
 */
export class BoxCorrelationPlan {
  readonly size: BoxCorrelationSize;
  readonly teams: number;
  readonly #pool: Pool;
  readonly #shape: CorrelateShape;
  readonly #volume: VolumeSpectrum;
  readonly #shared: Regions<keyof ReturnType<typeof sharedBytes>>;
  readonly #teamRegions: Regions<"spectrum" | keyof ReturnType<typeof teamBytes>>[];
  readonly #filterSets: number[];
  #filled = 0;

  constructor(pool: Pool, size: BoxCorrelationSize, volume: VolumeSpectrum) {
    this.#shape = correlateShape(size, volume);
    this.size = size;
    this.teams = boxTeams(size.boxes, pool.workers);
    this.#pool = pool;
    this.#volume = volume;
    this.#filterSets = new Array<number>(size.boxes).fill(0);
    this.#shared = createRegions(pool, sharedBytes(size, this.#shape));
    this.#teamRegions = Array.from({ length: this.teams }, () =>
      createRegions(pool, boxTeamBytes(size, this.#shape, membersOf(pool.workers, this.teams))),
    );
    const { templatePlan, rowPlan, columnPlan } = this.#shared.address;
    writeLinePlan(pool.memory.buffer, templatePlan, size.template);
    writeLinePlan(pool.memory.buffer, rowPlan, this.#shape.paddedWidth);
    writeLinePlan(pool.memory.buffer, columnPlan, this.#shape.paddedHeight);
  }

  /** Sets one set of filters: (filters, n, n/2+1), as {@link CorrelationPlan.setFilters} takes them. */
  setFilters(set: number, filters: Float32Array): void {
    const base = set * this.size.filters * this.#shape.filterBytes;
    const form = { size: this.size, shape: this.#shape };
    packFilters(filters, form, (row, offset) => this.#shared.set("filters", row, base + offset));
  }

  /** Sets one box. @throws {VitrineError} shape: an array of another length; range: more boxes than there is room for */
  setBox(box: number, { image, mean, deviation, rotations, filterSet }: CorrelationBox): void {
    const { image: shape, orientations } = this.size;
    const places = placesIn(this.size);
    checkLength("box image", image.length, shape[0] * shape[1]);
    checkLength("box mean", mean.length, places);
    checkLength("box deviation", deviation.length, places);
    checkLength("box rotations", rotations.length, 9 * orientations);
    const average = image.reduce((sum, value) => sum + value, 0) / image.length;
    this.#shared.set(
      "images",
      image.map((value) => value - average),
      box * imageBytes(this.size),
    );
    this.#shared.set("windows", mean, 8 * places * box);
    this.#shared.set("windows", deviation, 8 * places * box + 4 * places);
    this.#shared.set("rotations", packRotations(rotations), 24 * orientations * box);
    this.#filterSets[box] = filterSet;
    this.#filled = Math.max(this.#filled, box + 1);
  }

  /**
   * Correlates the boxes that were set; progress counts templates.
   *
   * @param options  batch: orientations of a batch whose largest correlation is wanted as well, see {@link BestInBox}
   * @throws {VitrineError} aborted, worker
   */
  async run({
    batch = 0,
    ...options
  }: Omit<RunOptions, "teams"> & { batch?: number } = {}): Promise<BestInBox[]> {
    const count = this.#filled;
    this.#filled = 0;
    if (count === 0) return [];
    await this.#pool.run(this.#job(count, batch), { ...options, teams: this.teams });
    const numbers = new Float64Array(BEST_NUMBERS * count);
    this.#shared.read("results", numbers);
    return Array.from({ length: count }, (_, box) => this.#best(numbers.subarray(BEST_NUMBERS * box)));
  }

  #best([score, correlation, template, place, batchMaximum]: Float64Array): BestInBox {
    const y = Math.floor(place / this.#shape.columns);
    return { score, correlation, template, y, x: place % this.#shape.columns, batchMaximum };
  }

  #job(count: number, batch: number): BoxesJob {
    const { address } = this.#shared;
    const { orientations, filters } = this.size;
    return {
      kind: "boxes",
      correlate: {
        kind: "correlate",
        firstBlock: 0,
        lastBlock: 0,
        shape: this.#shape,
        places: this.#teamRegions.map((regions) => placesOf(regions.address)),
        volume: this.#volume.address,
        spectrum: 0,
        ...templateSource(this.size, address),
        templateCount: orientations * filters,
      },
      count,
      images: address.images,
      imageBytes: imageBytes(this.size),
      windows: address.windows,
      rotationBytes: 24 * orientations,
      filters: this.#filterSets.map((set) => address.filters + set * filters * this.#shape.filterBytes),
      spectra: this.#teamRegions.map((regions) => regions.address.spectrum),
      results: address.results,
      batch: batch * filters,
    };
  }

  dispose(): void {
    this.#shared.dispose();
    for (const regions of this.#teamRegions) regions.dispose();
  }
}

/** Bytes that one more box takes, and those that one more set of filters takes. */
export function boxBytes(size: CorrelationSize): { box: number; filterSet: number } {
  const shape = correlateShape(size, { address: 0, rowBytes: 0 });
  return {
    box: imageBytes(size) + 8 * placesIn(size) + 24 * size.orientations + 8 * BEST_NUMBERS,
    filterSet: size.filters * shape.filterBytes,
  };
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

/** Members of the largest team. */
function membersOf(workers: number, teams: number): number {
  return Math.ceil(workers / teams);
}

function imageBytes({ image }: CorrelationSize): number {
  return 4 * image[0] * image[1];
}

function placesIn({ image, template }: CorrelationSize): number {
  return (image[0] - template + 1) * (image[1] - template + 1);
}

function sharedBytes(size: BoxCorrelationSize, shape: CorrelateShape) {
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

function boxTeamBytes(size: BoxCorrelationSize, shape: CorrelateShape, members: number) {
  return {
    ...teamBytes(size, shape, members),
    spectrum: (shape.paddedWidth / 4) * shape.spectrumBytes,
  };
}
