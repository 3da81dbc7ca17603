import type { Durability, WritableFile } from "../files.ts";

interface Pending {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Appends entries to an index, in the order of the calls; those that come during a write go out together with the next one. */
export class IndexWriter {
  readonly #file: WritableFile;
  #position = 0;
  #pending: Pending[] = [];
  #isWriting = false;

  constructor(file: WritableFile) {
    this.#file = file;
  }

  /** Resolves when another program can read the entry. @throws {VitrineError} storage */
  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** Cuts off what a failed write has left, and closes. @throws {VitrineError} storage */
  async close(durability: Durability = "power"): Promise<void> {
    try {
      await this.#file.resize(this.#position);
      if (durability === "power") await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      const pieces = batch.map(({ bytes }) => bytes);
      try {
        await this.#file.write(pieces, this.#position);
        this.#position += pieces.reduce((sum, { length }) => sum + length, 0);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // the next batch overwrites what a full disk took of this one
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWriting = false;
  }
}
