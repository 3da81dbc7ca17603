import { type Progress, progressTeller } from "../core/index.ts";

/** One progress of many batches, each by its share of its own work. */
export class PhaseProgress {
  readonly #done = new Map<number, number>();
  readonly #work: ReadonlyMap<number, number>;
  readonly #tell: (done: number, total: number) => void;
  readonly #total: number;

  /**
   * @param work    of the batches that run now, by index
   * @param before  what was done earlier
   */
  constructor(
    work: ReadonlyMap<number, number>,
    {
      unit,
      total,
      before,
      onProgress,
    }: {
      readonly unit: string;
      readonly total: number;
      readonly before: number;
      readonly onProgress: ((progress: Progress) => void) | undefined;
    },
  ) {
    this.#work = work;
    this.#total = total;
    this.#tell = progressTeller(onProgress, { unit, before });
    this.#tell(0, total);
  }

  /** A batch has come so far; one that runs anew may have gone back. */
  update(index: number, share: number): void {
    this.#done.set(index, Math.min(1, share) * (this.#work.get(index) ?? 0));
    let sum = 0;
    for (const done of this.#done.values()) sum += done;
    this.#tell(sum, this.#total);
  }
}
