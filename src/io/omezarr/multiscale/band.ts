import type { PixelType } from "../../../core/index.ts";
import type { MultiscaleCompression, Reduction } from "./plan.ts";

/** Pixels of a band: (planes, rows, width) in C order, in memory that threads may share. */
export interface BandPixels {
  readonly buffer: ArrayBufferLike;
  readonly planes: number;
  readonly rows: number;
  readonly width: number;
}

/** Where the chunks or shards of a level go. */
export interface LevelStorage {
  /** What stands before the indices of a chunk: `…/0/c/` (Zarr 3) or `…/0/` (Zarr 2). */
  readonly prefix: string;
  readonly dtype: PixelType;
  readonly chunkShape: readonly number[];
  readonly shardShape: readonly number[] | undefined;
  readonly compression: MultiscaleCompression;
}

/** Work on some columns of a band: count its values, halve it into the next level, cut it into chunks, pack and store them. */
export interface BandJob {
  readonly band: BandPixels;
  /** Lengths of the dimensions before rows; their product is `planes`. */
  readonly outer: readonly number[];
  /** Index of the first chunk or shard along every dimension but the last; that one counts from 0. */
  readonly origin: readonly number[];
  /** The end is not included; the first one is that of a chunk or shard and even. */
  readonly columns: readonly [from: number, to: number];
  readonly storage: LevelStorage;
  /** The band of the next level that this one lies in, and the row of it that the first one becomes. */
  readonly next?: { readonly band: BandPixels; readonly row: number; readonly reduction: Reduction };
  /** Of level 0: the channel of each plane, the first row's index in its plane, and the distances of kept values and of counted rows. */
  readonly count?: {
    readonly channels: readonly number[];
    readonly firstRow: number;
    readonly stride: number;
    readonly rowStride: number;
  };
}

/** Stores a file whole or not at all, at once or later; `bytes` may change as soon as it returns. */
export type StoreFile = (path: string, bytes: Uint8Array) => Promise<void> | undefined;
