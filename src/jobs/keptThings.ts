/** What batches that run one after the other in one place use in common. */
export class KeptThings implements AsyncDisposable {
  readonly #things = new Map<string, Promise<AsyncDisposable>>();

  /** What has this name; the first that asks makes it. One that could not be made is made anew. @throws whatever `make` throws */
  async get<Kept extends AsyncDisposable>(name: string, make: () => Promise<Kept>): Promise<Kept> {
    const thing = this.#things.get(name) ?? make();
    this.#things.set(name, thing);
    try {
      return (await thing) as Kept;
    } catch (error) {
      this.#things.delete(name);
      throw error;
    }
  }

  /** Gives back all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const things = [...this.#things.values()];
    this.#things.clear();
    for (const thing of things) await (await thing.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
