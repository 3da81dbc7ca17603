import type { PlanArray } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type PlanArrayShape,
  type Regions,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { BEST_NUMBERS, type BoxInputs } from "./boxJob.ts";
import type { BestInBox, BoxInput, BoxSize, BoxWork } from "./boxTypes.ts";
import type { CorrelationShape } from "./correlationJob.ts";
import { packFilters, packRotations } from "./correlationLayout.ts";

/** What a box plan holds whatever the method: boxes, means and deviations, rotations, filters, results. */
export class BoxArrays {
  readonly #size: BoxSize;
  readonly #shape: CorrelationShape;
  readonly #regions: Regions<keyof ReturnType<typeof boxArrayBytes>>;

  constructor(pool: WorkerPool, size: BoxSize, shape: CorrelationShape) {
    this.#size = size;
    this.#shape = shape;
    this.#regions = createRegions(pool, boxArrayBytes(size, shape));
  }

  get bytes(): number {
    return this.#regions.bytes;
  }

  set(name: BoxInput, data: PlanArray, at: number): void {
    const rows = checkRows(`boxes ${name}`, this.#arrayOf(name), { data, at });
    const each = data.length / rows;
    for (let i = 0; i < rows; i++) this.#setOne(name, data.subarray(i * each, (i + 1) * each), at + i);
  }

  #arrayOf(name: BoxInput): PlanArrayShape {
    const { image, template: n, boxes, filterSets, filters, orientations, complexFilters } = this.#size;
    const numbers = (rows: number, rowLength: number) => ({ type: "f32", rows, rowLength }) as const;
    switch (name) {
      case "filters":
        return numbers(filterSets, filters * n * (complexFilters ? 2 : 1) * (Math.floor(n / 2) + 1));
      case "images":
        return numbers(boxes, image[0] * image[1]);
      case "rotations":
        return numbers(boxes, 9 * orientations);
      default:
        return numbers(boxes, positionsIn(this.#size));
    }
  }

  #setOne(name: BoxInput, data: PlanArray, at: number): void {
    const positions = positionsIn(this.#size);
    switch (name) {
      case "filters": {
        const base = at * this.#size.filters * this.#shape.filterBytes;
        const form = { size: this.#size, shape: this.#shape };
        packFilters(data, form, (row, offset) => this.#regions.set("filters", row, base + offset));
        break;
      }
      case "images":
        this.#regions.set("images", withoutMean(data), at * imageBytes(this.#size));
        break;
      case "means":
        this.#regions.set("statistics", data, 8 * positions * at);
        break;
      case "deviations":
        this.#regions.set("statistics", data, 8 * positions * at + 4 * positions);
        break;
      case "rotations":
        this.#regions.set("rotations", packRotations(data), 24 * this.#size.orientations * at);
    }
  }

  /** What a job is told of them. */
  inputs({ filterSets, batch = 0 }: BoxWork): BoxInputs {
    const { address } = this.#regions;
    const { orientations, filters } = this.#size;
    return {
      count: filterSets.length,
      images: address.images,
      imageBytes: imageBytes(this.#size),
      statistics: address.statistics,
      rotations: address.rotations,
      rotationBytes: 24 * orientations,
      filters: filterSets.map((set) => address.filters + set * filters * this.#shape.filterBytes),
      results: address.results,
      batch: batch * filters,
    };
  }

  /** What a job found in the first `count` boxes. */
  results(count: number): BestInBox[] {
    const numbers = new Float64Array(BEST_NUMBERS * count);
    this.#regions.read("results", numbers);
    return Array.from({ length: count }, (_, box) => this.#best(numbers.subarray(BEST_NUMBERS * box)));
  }

  #best([score, correlation, template, position, batchMaximum]: Float64Array): BestInBox {
    const { columns } = this.#shape;
    const [y, x] = [Math.floor(position / columns), position % columns];
    return { score, correlation, template, y, x, batchMaximum };
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

/** Bytes of each piece that {@link BoxArrays} takes. */
export function boxArrayBytes(size: BoxSize, shape: CorrelationShape) {
  const { boxes, filterSets, orientations, filters } = size;
  return {
    images: boxes * imageBytes(size),
    statistics: 8 * boxes * positionsIn(size),
    rotations: 24 * boxes * orientations,
    results: 8 * BEST_NUMBERS * boxes,
    filters: filterSets * filters * shape.filterBytes,
  };
}

type BoxImage = Pick<BoxSize, "image" | "template">;

/** Bytes of a box's pixels. */
export function imageBytes({ image }: Pick<BoxSize, "image">): number {
  return 4 * image[0] * image[1];
}

/** Positions of the template in a box. */
export function positionsIn({ image, template }: BoxImage): number {
  return (image[0] - template + 1) * (image[1] - template + 1);
}

function withoutMean(image: PlanArray): PlanArray {
  let sum = 0;
  for (const value of image) sum += value;
  const average = sum / image.length;
  return image.map((value) => value - average);
}
