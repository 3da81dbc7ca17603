import { fileExists, readFileBytes } from "#files";
import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
import { imageBytes, pixelView } from "../../core/index.ts";
import { BaseDataset } from "../dataset/baseDataset.ts";
import type { Dataset, JsonObject } from "../dataset/dataset.ts";
import { Poller } from "../dataset/poller.ts";
import { givenPixels, type ReadImageOptions } from "../dataset/readImage.ts";
import { allocate } from "../files.ts";
import { type ChunkLayout, chunkCount, decodeChunk } from "./chunks.ts";
import type { Indices, TileIndex } from "./imageGroups.ts";
import type { ImageRecord } from "./records.ts";

/** A dataset that knows what it lost. */
export interface OmeZarrReader extends Dataset {
  /** Images that were saved, but whose chunks are no longer there; they read as fill in arrays. */
  readonly lostImages: readonly Axes[];
  /** Bits of a value that the camera uses; undefined where nobody said. @throws {VitrineError} missing */
  imageBitDepth(axes: Axes): number | undefined;
  /** Looks what another program has saved since; `awaitNewImage` does so by itself. @throws {VitrineError} format, storage */
  refresh(): Promise<void>;
}

/** Where an image of a store that Vitrine wrote lies. */
export interface OmeZarrEntry {
  /** Name of the image group. */
  readonly image: string;
  readonly at: Indices;
  /** Of a tile: its place in the array, which then has tiles for chunks. */
  readonly tile?: TileIndex | undefined;
  /** The array of the group that has it; default: the full resolution. */
  readonly array?: string | undefined;
  readonly layout: ChunkLayout;
  readonly bitDepth?: number | undefined;
  /** Its line in the file of records. */
  readonly line: { readonly offset: number; readonly length: number };
}

/** Reads lines of the file of records. */
export interface RecordLines {
  readLine(place: OmeZarrEntry["line"]): Promise<ImageRecord>;
  close(): Promise<void>;
  /** Takes in what another program has saved since; without it nobody else writes. */
  follow?(dataset: OmeZarrDataset): Promise<void>;
}

/** Time between two looks at the records of another program, while somebody waits. */
const LOOK_MS = 100;

/** A store that Vitrine wrote, or is writing: pixels from its chunks, axes and metadata from its records. */
export class OmeZarrDataset extends BaseDataset<OmeZarrEntry> implements OmeZarrReader {
  /** Images that were saved, but whose chunks are no longer there. */
  readonly lostImages: Axes[] = [];
  readonly #lines: RecordLines;
  readonly #poller = new Poller(() => this.refresh(), {
    isOver: () => this.isFinished,
    pauseMs: LOOK_MS,
  });

  /** @param name  the folder of the store */
  constructor(name: string, summaryMetadata: JsonObject, lines: RecordLines) {
    super(name, summaryMetadata);
    this.#lines = lines;
  }

  /** Makes an image known; returns the entry that it replaces. */
  add(axes: Axes, entry: OmeZarrEntry): OmeZarrEntry | undefined {
    const before = this.hasImage(axes) ? this.entryOf(axes) : undefined;
    this.addImage(axes, entry);
    return before;
  }

  finish(): void {
    this.markFinished();
  }

  /** Looks what another program has saved since. @throws {VitrineError} format, storage */
  async refresh(): Promise<void> {
    if (!this.isFinished) await this.#lines.follow?.(this);
  }

  /** As {@link Dataset.awaitNewImage}. Where another program writes, its records are looked at while somebody waits. */
  override awaitNewImage(options: { readonly signal?: AbortSignal } = {}): Promise<Axes | null> {
    const answer = super.awaitNewImage(options);
    return this.#lines.follow === undefined ? answer : this.#poller.until(answer);
  }

  imageLayout(axes: Axes): ImageLayout {
    const { width, height, channels, dtype } = this.entryOf(axes).layout;
    return { width, height, channels, dtype };
  }

  imageBitDepth(axes: Axes): number | undefined {
    return this.entryOf(axes).bitDepth;
  }

  async readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage> {
    const { layout, ...entry } = this.entryOf(axes);
    const bytes = imageBytes(layout);
    const fresh = () =>
      pixelView(
        layout,
        allocate(() => new ArrayBuffer(bytes), bytes, this.name),
      );
    const data = givenPixels(layout, options, this.name) ?? fresh();
    for (const [index, path] of chunkPaths(this.name, { layout, ...entry }).entries()) {
      await decodeChunk(await readFileBytes(path), layout, { index, into: data, at: path });
    }
    return { data, width: layout.width, height: layout.height, channels: layout.channels };
  }

  async readMetadata(axes: Axes): Promise<JsonObject> {
    return (await this.#lines.readLine(this.entryOf(axes).line)).metadata;
  }

  protected release(): Promise<void> {
    return this.#lines.close();
  }
}

/** The files of an image, first rows first. */
export function chunkPaths(
  folder: string,
  { image, at, tile, array = "0", layout }: Omit<OmeZarrEntry, "line">,
): string[] {
  const plane = `${folder}/${image}/${array}/c/${at.join("/")}`;
  if (tile !== undefined) return [`${plane}/${tile.join("/")}`];
  return Array.from({ length: chunkCount(layout) }, (_, y) => `${plane}/${y}/0`);
}

/** Whether all files of an image are there. */
export async function hasChunks(folder: string, entry: OmeZarrEntry): Promise<boolean> {
  const found = await Promise.all(chunkPaths(folder, entry).map(fileExists));
  return found.every((there) => there);
}
