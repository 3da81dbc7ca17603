/** A bounded queue between two stages: a full one makes its producer wait. One consumer. */
export class Channel<T> {
  readonly capacity: number;
  /** Taken places are emptied at once: an item may hold much memory. */
  #items: (T | undefined)[] = [];
  #head = 0;
  #closed = false;
  #wakeConsumer: (() => void) | undefined;
  #wakeProducers: (() => void)[] = [];
  /** The most items that it ever held. */
  peak = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Items that wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item; waits while the queue is full. False once the queue is closed: the item was not taken. */
  async push(item: T): Promise<boolean> {
    while (this.size >= this.capacity && !this.#closed)
      await new Promise<void>((resolve) => void this.#wakeProducers.push(resolve));
    if (this.#closed) return false;
    this.#items.push(item);
    this.peak = Math.max(this.peak, this.size);
    this.#wakeConsumer?.();
    return true;
  }

  /** No more items; those that wait are still given. */
  close(): void {
    this.#closed = true;
    this.#wakeConsumer?.();
    this.#releaseProducers();
  }

  /** The next item, in order; undefined once the queue is closed and empty. */
  async next(): Promise<T | undefined> {
    while (this.size === 0) {
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
      this.#wakeConsumer = undefined;
    }
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) this.#compact();
    this.#releaseProducers();
    return item;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  #releaseProducers(): void {
    const waiting = this.#wakeProducers;
    this.#wakeProducers = [];
    for (const wake of waiting) wake();
  }
}
