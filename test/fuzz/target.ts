import type { Random } from "../../src/core/index.ts";

/** One parser: good files, how much they are changed, and the most that it may allocate for a file of this many bytes. */
export interface Target {
  readonly cases: number;
  readonly seeds: readonly Uint8Array[];
  readonly most: (fileBytes: number) => number;
  /** Changes that know the format, beside those of bytes. */
  readonly changes?: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[];
  /** Bytes of the values read. */
  readonly parse: (bytes: Uint8Array) => number | Promise<number>;
}
