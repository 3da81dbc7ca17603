import { VitrineError } from "../../core/index.ts";

/** Which correlations are kept one by one. */
export interface HitOptions {
  /** Those above it. */
  readonly threshold: number;
  /** At most so many of the highest: where there are more, the threshold rises. */
  readonly limit: number;
}

/** Numbers of a record: template, row, column (int32), and the correlation (float32 in the same bytes). */
export const HIT_WORDS = 4;

/**
 * Correlations above a threshold. Where they are more than `limit`, the threshold becomes the highest value that would be one too many,
 * and those above it stay: whatever the order in which they come and are joined, the same remain.
 */
export class Hits {
  readonly limit: number;
  /** As it was asked for. */
  readonly askedThreshold: number;
  #threshold: number;
  #records = new Int32Array(0);

  constructor({ threshold, limit }: HitOptions) {
    this.limit = limit;
    this.askedThreshold = Math.fround(threshold);
    this.#threshold = this.askedThreshold;
  }

  /** All that are above it are here. */
  get threshold(): number {
    return this.#threshold;
  }

  get count(): number {
    return this.#records.length / HIT_WORDS;
  }

  /** Records, ordered by template, row and column. */
  get sorted(): Int32Array {
    const records = this.#records;
    const order = Uint32Array.from({ length: this.count }, (_, i) => HIT_WORDS * i).sort(
      (a, b) => records[a] - records[b] || records[a + 1] - records[b + 1] || records[a + 2] - records[b + 2],
    );
    const sorted = new Int32Array(records.length);
    order.forEach((from, i) => {
      sorted.set(records.subarray(from, from + HIT_WORDS), HIT_WORDS * i);
    });
    return sorted;
  }

  /** Forgets all, and keeps what a state kept. */
  restore(records: Int32Array, threshold: number): void {
    this.#records = records.slice();
    this.#threshold = threshold;
  }

  /** Adds records of another range of templates, all of those above `threshold`. */
  add(records: Int32Array, threshold = this.#threshold): void {
    const joined = new Int32Array(this.#records.length + records.length);
    joined.set(this.#records);
    joined.set(records, this.#records.length);
    this.#records = joined;
    this.raise(threshold);
    if (this.count > this.limit) this.raise(thresholdFor(this.#records, this.limit));
  }

  /** Drops what is not above a threshold. */
  raise(threshold: number): void {
    if (threshold < this.#threshold) return;
    const values = hitValues(this.#records);
    let kept = 0;
    for (let i = 0; i < values.length; i++) {
      if (!(values[i] > threshold)) continue;
      this.#records.copyWithin(HIT_WORDS * kept, HIT_WORDS * i, HIT_WORDS * (i + 1));
      values[kept++] = values[i];
    }
    this.#records = this.#records.slice(0, HIT_WORDS * kept);
    this.#threshold = threshold;
  }
}

/** Correlations of records. */
export function hitValues(records: Int32Array): Float32Array {
  const floats = new Float32Array(records.buffer, records.byteOffset, records.length);
  return Float32Array.from({ length: records.length / HIT_WORDS }, (_, i) => floats[HIT_WORDS * i + 3]);
}

/** The highest value with at most `limit` above it. */
export function thresholdFor(records: Int32Array, limit: number): number {
  const values = hitValues(records).sort();
  return values[values.length - 1 - limit];
}

/** @throws {VitrineError} range: no threshold, or a limit that is not a whole number from 1 to 2^26 */
export function checkHits({ threshold, limit }: HitOptions): void {
  const fault = (at: string, expected: string, found: number) =>
    new VitrineError({ code: "range", at, expected, found: String(found) });
  if (!Number.isFinite(threshold)) throw fault("correlation threshold", "a number", threshold);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 2 ** 26) return;
  throw fault("correlation limit", "a whole number from 1 to 67108864", limit);
}
