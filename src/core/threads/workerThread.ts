/** A thread that takes messages `To`, the same in Node and in a page. */
export interface WorkerThread<To> {
  post(message: To): void;
  /** Whether the thread keeps the process alive. Always so, and without meaning, in a page. */
  hold(held: boolean): void;
  /** Ends the thread wherever it is, asleep or in a kernel. */
  terminate(): Promise<void>;
}

/** What a thread that sends messages `From` tells its owner. */
export interface WorkerThreadEvents<From> {
  onMessage(message: From): void;
  /** The thread is dead or unusable: its error, its end, or a message that cannot be read. May come more than once. */
  onFailure(found: string, cause: unknown): void;
}
