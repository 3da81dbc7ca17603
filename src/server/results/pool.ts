import { createPool, type Pool } from "../../compute/index.ts";

/** Worker threads that are started when the first request needs them. Whoever made it closes it. */
export class RequestPool implements AsyncDisposable {
  #pool: Promise<Pool> | undefined;

  get(): Promise<Pool> {
    this.#pool ??= createPool({ workers: 1 });
    this.#pool.catch(() => {
      this.#pool = undefined; // the next request tries again
    });
    return this.#pool;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#pool?.catch(() => undefined))?.dispose();
  }
}
