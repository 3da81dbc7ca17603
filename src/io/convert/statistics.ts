import type { PixelArray } from "../../core/index.ts";
import type { MrcHeader } from "../mrc.ts";

/** Statistics of finite values that come in pieces, in f64; rms is the deviation from the mean. */
export class RunningStatistics {
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #count = 0;
  #mean = 0;
  #squares = 0;

  /** Source: Chan, Golub, LeVeque 1983, Am Stat 37:242, eq. 2.1 (merging of two samples). */
  add(values: PixelArray): void {
    let [sum, count] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) continue;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      sum += value;
      count++;
    }
    if (count === 0) return;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < values.length; i++)
      if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
    const [all, step] = [this.#count + count, mean - this.#mean];
    this.#squares += squares + (step * step * this.#count * count) / all;
    this.#mean += (step * count) / all;
    this.#count = all;
  }

  /** Zeros where no value was finite. */
  result(): MrcHeader["statistics"] {
    if (this.#count === 0) return { min: 0, max: 0, mean: 0, rms: 0 };
    const rms = Math.sqrt(this.#squares / this.#count);
    return { min: this.#min, max: this.#max, mean: this.#mean, rms };
  }
}
