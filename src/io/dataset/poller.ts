/** Looks now and then for what another program has written, while somebody waits for it. */
export class Poller {
  readonly #look: () => Promise<void>;
  readonly #isOver: () => boolean;
  readonly #pauseMs: number;
  #waiting = 0;
  #looking: Promise<void> | undefined;

  /**
   * @param look     takes in what is new; its error reaches all who wait
   * @param options  `isOver`: nothing more will come; `pauseMs`: time between two looks
   */
  constructor(
    look: () => Promise<void>,
    options: { readonly isOver: () => boolean; readonly pauseMs: number },
  ) {
    this.#look = look;
    this.#isOver = options.isOver;
    this.#pauseMs = options.pauseMs;
  }

  /** Resolves as `answer` does, and looks until then. */
  async until<T>(answer: Promise<T>): Promise<T> {
    this.#waiting++;
    this.#looking ??= this.#lookOn();
    try {
      return await Promise.race([answer, this.#looking.then(() => answer)]);
    } finally {
      this.#waiting--;
    }
  }

  async #lookOn(): Promise<void> {
    try {
      while (this.#waiting > 0 && !this.#isOver()) {
        await this.#look();
        if (!this.#isOver()) await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
      }
    } finally {
      // in the same step as the last look at who waits: the next one starts anew
      this.#looking = undefined;
    }
  }
}
