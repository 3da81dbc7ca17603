import { makeFolder, removeFile, writeFileAtomic } from "#files";
import type { PixelImage } from "../../core/index.ts";
import { imageBytes } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import type { Durability } from "../files.ts";
import { type ChunkLayout, encodeChunks, planesOf } from "./chunks.ts";
import { chunkPaths } from "./dataset.ts";
import type { Counts, Indices, TileIndex } from "./imageGroups.ts";
import { arrayMetadata } from "./metadata.ts";
import { halvedPlanes, halvedSides, levelCount } from "./planeLevels.ts";

/** Stores the pixels of one image group, with all its levels. */
export interface GroupPixels {
  /** How an image lies in the array that gives it back. */
  readonly layout: ChunkLayout;
  /** The name of that array in the group. */
  readonly array: string;
  /** Resolves once its chunks of every level are as durable as asked for. @throws {VitrineError} storage */
  write(image: PixelImage, at: Indices, tile?: TileIndex): Promise<void>;
  /** Takes an image away that another one has replaced. */
  remove(at: Indices, tile?: TileIndex): Promise<void>;
  /** Levels that can be read. */
  readonly levels: number;
  /** Metadata of the arrays by their names, the full resolution first: for as many images as `counts` says. */
  arrays(counts: Counts): readonly (readonly [name: string, metadata: JsonObject])[];
}

/** What the pixels of a group are stored with. */
export interface GroupPixelsOptions {
  /** The folder of the store, and the name of the group. */
  readonly store: string;
  readonly group: string;
  readonly layout: ChunkLayout;
  readonly largestChunkBytes: number;
  readonly durability: Durability;
  readonly maxLevel?: number | undefined;
}

/** Images that are planes of their own: a chunk each, or several below each other, at every level. */
export class PlanePixels implements GroupPixels {
  readonly array = "0";
  readonly #options: GroupPixelsOptions;
  readonly #layouts: readonly ChunkLayout[];

  constructor(options: GroupPixelsOptions) {
    const { layout, largestChunkBytes, maxLevel } = options;
    this.#options = options;
    this.#layouts = Array.from({ length: levelCount(layout, maxLevel) }, (_, level) => {
      const half = { ...layout, ...halvedSides(layout, level) };
      const parts = Math.min(half.height, Math.ceil(imageBytes(half) / largestChunkBytes));
      return { ...half, chunkRows: Math.ceil(half.height / parts) };
    });
  }

  get layout(): ChunkLayout {
    return this.#layouts[0];
  }

  get levels(): number {
    return this.#layouts.length;
  }

  async write(image: PixelImage, at: Indices): Promise<void> {
    let planes = { ...this.layout, data: planesOf(image, this.layout.dtype) };
    for (const [level, layout] of this.#layouts.entries()) {
      if (level > 0) planes = { ...layout, ...halvedPlanes(planes) };
      const paths = this.#paths(level, at);
      let index = 0;
      for await (const bytes of encodeChunks(planes.data, layout)) {
        await storeFile(paths[index++], bytes, this.#options.durability);
      }
    }
  }

  async remove(at: Indices): Promise<void> {
    for (let level = 0; level < this.levels; level++)
      for (const path of this.#paths(level, at)) await removeFile(path);
  }

  arrays([t, c, z]: Counts): readonly (readonly [name: string, metadata: JsonObject])[] {
    return this.#layouts.map((layout, level) => {
      const { channels, height, width } = layout;
      return [String(level), arrayMetadata([t, c * channels, z, height, width], layout)] as const;
    });
  }

  #paths(level: number, at: Indices): readonly string[] {
    const { store, group: image } = this.#options;
    return chunkPaths(store, { image, array: String(level), at, layout: this.#layouts[level] });
  }
}

/** Stores a chunk whole or not at all. */
export async function storeFile(path: string, bytes: Uint8Array, durability: Durability): Promise<void> {
  await makeFolder(path.slice(0, path.lastIndexOf("/")));
  await writeFileAtomic(path, bytes, { overwrite: true, durability });
}
