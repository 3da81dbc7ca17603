import { fileExists, makeFolder, readFileBytes, writeFileAtomic } from "#files";
import type { PixelArray } from "../../core/index.ts";
import { imageBytes, pixelView } from "../../core/index.ts";
import { bytesOf } from "../byteOrder.ts";
import type { Durability } from "../files.ts";
import { copyBox } from "../source/box.ts";
import { type ChunkLayout, packChunk, unpackChunk } from "./chunks.ts";
import type { Indices } from "./imageGroups.ts";

/** A part of a plane, in pixels; the ends not included. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Chunks that need not be stored stay in memory up to this many bytes, an array. */
const KEPT_BYTES = 2 ** 24;

interface Kept {
  /** (samples, rows, columns). */
  readonly data: PixelArray;
  readonly path: string;
  isChanged: boolean;
}

/** What a grid is made of. */
export interface GridOptions {
  /** The folder of the array. */
  readonly folder: string;
  /** Of one chunk: as high as its `chunkRows`. */
  readonly chunk: ChunkLayout;
  readonly durability: Durability;
}

/** An array of planes (y, x) in chunks of one size, of which any part is read and changed; what is not there is 0. */
export class ChunkGrid {
  readonly #options: GridOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: GridOptions) {
    this.#options = options;
  }

  /** Values (samples, rows, columns) of a part of the plane at these indices. @throws {VitrineError} format, storage */
  async read(plane: Indices, part: Rectangle): Promise<PixelArray> {
    const { shape, values } = this.#blank(part);
    for (const { kept, inChunk, inPart, counts } of await this.#overlaps(plane, part)) {
      copyBox(
        { data: kept.data, shape: this.#chunkShape, at: inChunk },
        { data: values, shape, at: inPart },
        counts,
      );
    }
    return values;
  }

  /** Changes a part of a plane; {@link flush} stores it. @throws {VitrineError} format, storage */
  async write(plane: Indices, part: Rectangle, values: PixelArray): Promise<void> {
    const { samples } = this.#sides;
    const shape = [samples, part.bottom - part.top, part.right - part.left];
    for (const { kept, inChunk, inPart, counts } of await this.#overlaps(plane, part)) {
      copyBox(
        { data: values, shape, at: inPart },
        { data: kept.data, shape: this.#chunkShape, at: inChunk },
        counts,
      );
      kept.isChanged = true;
    }
  }

  /** Stores every changed chunk, each whole or not at all; what fails is tried again by the next call. @throws {VitrineError} storage */
  async flush(): Promise<void> {
    const changed = [...this.#kept.values()].filter(({ isChanged }) => isChanged);
    const stored = await Promise.allSettled(changed.map((kept) => this.#store(kept)));
    for (const result of stored) if (result.status === "rejected") throw result.reason;
    const most = Math.max(1, Math.floor(KEPT_BYTES / imageBytes(this.#options.chunk)));
    for (const key of [...this.#kept.keys()].slice(0, Math.max(0, this.#kept.size - most)))
      this.#kept.delete(key);
  }

  async #store(kept: Kept): Promise<void> {
    const { chunk, durability } = this.#options;
    await makeFolder(kept.path.slice(0, kept.path.lastIndexOf("/")));
    const bytes = await packChunk(bytesOf(kept.data), chunk);
    await writeFileAtomic(kept.path, bytes, { overwrite: true, durability });
    kept.isChanged = false;
  }

  get #sides() {
    const { channels: samples, chunkRows: height, width } = this.#options.chunk;
    return { samples, height, width };
  }

  get #chunkShape(): readonly number[] {
    const { samples, height, width } = this.#sides;
    return [samples, height, width];
  }

  #blank(part: Rectangle) {
    const { dtype, channels } = this.#options.chunk;
    const layout = { dtype, channels, height: part.bottom - part.top, width: part.right - part.left };
    const values = pixelView(layout, new ArrayBuffer(imageBytes(layout)));
    return { shape: [channels, layout.height, layout.width], values };
  }

  /** The chunks that a part touches, and where both begin in each other. */
  async #overlaps(plane: Indices, { top, left, bottom, right }: Rectangle) {
    const { samples, height, width } = this.#sides;
    const found = [];
    for (let y = Math.floor(top / height); y * height < bottom; y++) {
      for (let x = Math.floor(left / width); x * width < right; x++) {
        const [from, to] = [Math.max(top, y * height), Math.min(bottom, (y + 1) * height)];
        const [first, last] = [Math.max(left, x * width), Math.min(right, (x + 1) * width)];
        found.push({
          kept: await this.#chunk([...plane, y, x].join("/")),
          inChunk: [0, from - y * height, first - x * width],
          inPart: [0, from - top, first - left],
          counts: [samples, to - from, last - first],
        });
      }
    }
    return found;
  }

  async #chunk(key: string): Promise<Kept> {
    const known = this.#kept.get(key);
    // the last one that was used is the last one to go
    this.#kept.delete(key);
    const kept = known ?? (await this.#load(`${this.#options.folder}/c/${key}`));
    this.#kept.set(key, kept);
    return kept;
  }

  async #load(path: string): Promise<Kept> {
    const { chunk } = this.#options;
    const layout = { ...chunk, height: chunk.chunkRows };
    const size = imageBytes(layout);
    const isThere = await fileExists(path);
    const bytes = isThere
      ? await unpackChunk(await readFileBytes(path), chunk.compression, { size, at: path })
      : new Uint8Array(size);
    return { data: pixelView(layout, bytes.slice().buffer), path, isChanged: false };
  }
}
