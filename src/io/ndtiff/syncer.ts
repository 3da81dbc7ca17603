/** Bytes and time after which what was written is synced. */
const SYNC_BYTES = 8_000_000;
const SYNC_MS = 100;

/** Writing waits where more than this is not on the disk yet: a power cut costs no more. */
const MOST_UNSYNCED = 4 * SYNC_BYTES;

/**
 * Syncs in the background every 8 MB or 100 ms, one sync at a time, while more is written; a disk that is too slow for that
 * slows the writer down.
 */
export class Syncer {
  readonly #sync: () => Promise<void>;
  #unsynced = 0;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param sync  brings everything that was written before the call to the disk */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Counts what was written. */
  wrote(bytes: number): void {
    this.#unsynced += bytes;
    this.#schedule();
  }

  /** Waits until there is room for another write. @throws {VitrineError} storage: a sync failed since the last call */
  async room(): Promise<void> {
    while (this.#unsynced > MOST_UNSYNCED && this.#running !== undefined) await this.#running;
    this.#throwFailure();
  }

  /** Waits for what runs and syncs the rest. @throws {VitrineError} storage */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unsynced > 0) await this.#start();
    this.#throwFailure();
  }

  #schedule(): void {
    if (this.#running !== undefined || this.#unsynced === 0) return;
    if (this.#unsynced >= SYNC_BYTES) void this.#start();
    else this.#timer ??= setTimeout(() => void this.#start(), SYNC_MS);
  }

  /** Never rejects: the failure is told to the next writer. */
  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const covered = this.#unsynced;
    try {
      await this.#sync();
    } catch (error) {
      this.#failure = { error };
    }
    this.#unsynced -= covered;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}
