import type { PlanArray } from "../../../src/compute/index.ts";
import type { Shape2 } from "../../../src/core/index.ts";
import type { StatisticName } from "../../../src/match/kernels/index.ts";
import type { CorrelationBlock } from "./correlator.ts";

/** Running maximum, the template it belongs to, sum and sum of squares of every place, kept by columns as correlations come. */
export class Statistics {
  readonly shape: Shape2;
  /** Rounded to float32 as they are read, so that a search that goes on from what was read finds the same. */
  readonly maximum: Float32Array;
  readonly index: Int32Array;
  readonly sum: Float64Array;
  readonly squaredSum: Float64Array;

  constructor(shape: Shape2) {
    const places = shape[0] * shape[1];
    this.shape = shape;
    this.maximum = new Float32Array(places);
    this.index = new Int32Array(places);
    this.sum = new Float64Array(places);
    this.squaredSum = new Float64Array(places);
    this.clear();
  }

  clear(): void {
    this.maximum.fill(Number.NEGATIVE_INFINITY);
    this.index.fill(-1);
    this.sum.fill(0);
    this.squaredSum.fill(0);
  }

  /** Takes in one template's correlations, the real or the imaginary part of a block. NaN never wins; the first maximum does. */
  add({ firstRow, rows, values }: CorrelationBlock, part: "re" | "im", template: number): void {
    const [height, width] = this.shape;
    const { maximum, index, sum, squaredSum } = this;
    const found = values[part];
    for (let x = 0; x < width; x++) {
      for (let row = 0, at = x * height + firstRow; row < rows; row++, at++) {
        const value = found[x * rows + row];
        sum[at] += value;
        squaredSum[at] += value * value;
        if (!(value > maximum[at])) continue;
        const rounded = Math.fround(value);
        if (rounded === maximum[at]) continue;
        maximum[at] = rounded;
        index[at] = template;
      }
    }
  }

  /** Fills `into` (rows, width) from row `firstRow` on. */
  read(name: StatisticName, into: PlanArray, firstRow: number): void {
    const values = this[name];
    this.#each(into.length, firstRow, (at, i) => {
      into[i] = values[at];
    });
  }

  set(name: StatisticName, data: PlanArray, firstRow: number): void {
    const values = this[name];
    this.#each(data.length, firstRow, (at, i) => {
      values[at] = data[i];
    });
  }

  /** Visits places row by row: where they lie here, and in row-major order from `firstRow` on. */
  #each(count: number, firstRow: number, visit: (at: number, i: number) => void): void {
    const [height, width] = this.shape;
    for (let i = 0; i < count; i++) visit((i % width) * height + firstRow + Math.floor(i / width), i);
  }
}
