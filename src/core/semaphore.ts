/** Lets a few tasks run at once, the others in the order of their calls. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param atOnce  tasks that may run at once */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Runs a task as soon as one of those before it is done. @throws whatever the task throws */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.acquire();
    try {
      return await task();
    } finally {
      this.release();
    }
  }

  /** Waits until one more may run; whoever called it calls {@link release} once. */
  async acquire(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** One that ran is done: the one that waits longest runs in its stead. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
