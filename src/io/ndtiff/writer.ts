import { makeFolder, openWritable, removeFile, writeFileAtomic } from "#files";
import type { Axes, ImageLayout, PixelArray } from "../../core/index.ts";
import {
  describeAxes,
  imageBytes,
  type OptionKeys,
  pixelBytes,
  requireKnownOptions,
  Semaphore,
  VitrineError,
} from "../../core/index.ts";
import type { DatasetImage, DatasetWriter, JsonObject } from "../dataset/dataset.ts";
import type { Durability } from "../files.ts";
import { NdtiffDataset } from "./dataset.ts";
import {
  DISPLAY_SETTINGS,
  entryLayout,
  INDEX_NAME,
  LARGEST_STACK,
  NDTIFF_VERSION,
  type NdtiffEntry,
  stackName,
  within,
} from "./format.ts";
import { formatIndexEntry } from "./indexEntries.ts";
import { IndexWriter } from "./indexWriter.ts";
import { encodeJson } from "./json.ts";
import { AxisKinds, type PreparedFacts, type PreparedImage, prepareFacts, prepareImage } from "./prepare.ts";
import { StackFiles } from "./stackFiles.ts";
import { type ImageSpan, StackWriter } from "./stackWriter.ts";
import { Syncer } from "./syncer.ts";

/**
 * Images that are written or wait for it: those that wait go out with the next call. Where a sync limits what a power cut costs, one fills
 * the pause between two calls of the other.
 */
const WRITES_AT_ONCE = { power: 2, process: 5 };

/** Options of {@link createNdtiff}. */
export interface NdtiffOptions {
  /** The folder itself, made if it is not there; {@link nextDatasetFolder} finds a new one. */
  readonly directory: string;
  /** Start of the stacks' file names (default none). */
  readonly name?: string;
  readonly summaryMetadata?: JsonObject;
  /** Size at which the next stack begins, bytes (default and most 4 GiB). */
  readonly maxFileBytes?: number;
  /** Pixels that neighbouring tiles (axes row and column) share; goes into the summary metadata. */
  readonly overlapPx?: { readonly x: number; readonly y: number };
  /** Default "power". */
  readonly durability?: Durability;
  /** Colours and contrast, as JSON of any form. */
  readonly displaySettings?: JsonObject;
}

/** What is written becomes readable image by image. */
export interface NdtiffWriter extends DatasetWriter {
  readonly dataset: NdtiffDataset;
}

const KEYS: OptionKeys<NdtiffOptions> = {
  directory: true,
  name: true,
  summaryMetadata: true,
  maxFileBytes: true,
  overlapPx: true,
  durability: true,
  displaySettings: true,
};

/**
 * Begins an NDTiff 3.3 dataset: 8 bits, 10 to 16 bits or RGB, images of any sizes. An image that is saved survives the end of
 * the program; with the durability "power" a power cut costs at most the last 100 ms, or the 32 MB that a slow disk is behind.
 *
 * @throws {VitrineError} exists: a dataset in the folder; storage; range: options
 *
 * @example
 * await using writer = await createNdtiff({ directory: await nextDatasetFolder("/data", "cells") });
 * await writer.put({ axes: { time: 0 }, image: { data, width: 512, height: 512, channels: 1 }, metadata: {} });
 */
export async function createNdtiff(options: NdtiffOptions): Promise<NdtiffWriter> {
  requireKnownOptions("createNdtiff", options, KEYS);
  const writer = await openFolderWriter({ ...options, datasetName: options.directory, resolutionLevel: 0 });
  if (options.displaySettings !== undefined)
    await writeDisplaySettings(options.directory, options.displaySettings);
  return writer;
}

/** Writes the file of colours and contrast. @throws {VitrineError} storage */
export async function writeDisplaySettings(directory: string, settings: JsonObject): Promise<void> {
  await writeFileAtomic(within(directory, DISPLAY_SETTINGS), encodeJson(settings), { overwrite: true });
}

/** A folder of a dataset: the whole of it, or a level of its pyramid. */
export interface FolderOptions extends NdtiffOptions {
  /** How messages call it. */
  readonly datasetName: string;
  readonly resolutionLevel: number;
}

/** Begins a folder. @throws {VitrineError} as {@link createNdtiff} */
export async function openFolderWriter(options: FolderOptions): Promise<FolderWriter> {
  checkOptions(options);
  await makeFolder(options.directory);
  const path = within(options.directory, INDEX_NAME);
  const index = await openWritable(path, { create: true });
  const writer = new FolderWriter(options, new IndexWriter(index));
  try {
    await writer.begin();
    return writer;
  } catch (error) {
    await index.close();
    await removeFile(path);
    throw error;
  }
}

/** Summary metadata with the overlap of tiles. */
function summaryWithOverlap({ summaryMetadata = {}, overlapPx }: NdtiffOptions): JsonObject {
  if (overlapPx === undefined) return summaryMetadata;
  return { ...summaryMetadata, GridPixelOverlapX: overlapPx.x, GridPixelOverlapY: overlapPx.y };
}

/** Writes one folder: stacks and index. */
export class FolderWriter implements NdtiffWriter {
  readonly dataset: NdtiffDataset;
  readonly #options: FolderOptions;
  readonly #summary: Uint8Array;
  readonly #resolution: number;
  readonly #index: IndexWriter;
  readonly #stacks: StackFiles;
  readonly #writing: Semaphore;
  readonly #kinds = new AxisKinds();
  readonly #dirty = new Set<StackWriter>();
  /** None where the system is trusted to bring what it has to the disk. */
  readonly #syncer: Syncer | undefined;
  readonly #made = new Map<string, StackWriter>();
  #stack: StackWriter;
  #stackNumber = 0;
  /** The stack of the image that was saved last. */
  #linked: StackWriter | undefined;
  /** Pixels of all images so far are written, or could not be. */
  #turn: Promise<void> = Promise.resolve();
  /** All images so far are saved, or could not be. */
  #saved: Promise<void> = Promise.resolve();
  /** Links and ends of stacks, in order, beside the saving. */
  #background: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #finishing: Promise<void> | undefined;
  #duplicates = 0;

  constructor(options: FolderOptions, index: IndexWriter) {
    const summaryMetadata = summaryWithOverlap(options);
    this.#options = options;
    this.#writing = new Semaphore(WRITES_AT_ONCE[options.durability ?? "power"]);
    this.#syncer = options.durability === "process" ? undefined : new Syncer(() => this.#sync());
    this.#index = index;
    this.#summary = encodeJson(summaryMetadata);
    this.#resolution = resolutionOf(summaryMetadata);
    this.#stacks = new StackFiles(options.directory);
    this.#stack = this.#newStack();
    this.dataset = new NdtiffDataset({
      name: options.datasetName,
      summaryMetadata,
      version: NDTIFF_VERSION,
      resolutionLevel: options.resolutionLevel,
      stacks: this.#stacks,
      displaySettings: options.displaySettings,
      follower: undefined,
      pollMs: 0,
    });
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Waits for the first stack. @throws {VitrineError} exists, storage */
  async begin(): Promise<void> {
    await this.#stack.file;
  }

  async put(image: DatasetImage): Promise<void> {
    await this.#after(this.#save(image));
  }

  putHeld(image: DatasetImage): Promise<() => void> {
    return this.#after(this.#save(image, { isHeld: true }));
  }

  /**
   * Saves an image whose values come piece by piece, in C order, so that it need not fit in memory. Errors as those of `put`;
   * shape: more values than the layout says, or fewer.
   */
  putPieces(
    image: Omit<DatasetImage, "image"> & { readonly layout: ImageLayout },
    pieces: AsyncIterable<PixelArray>,
  ): Promise<void> {
    return this.#after(this.#savePieces(image, pieces));
  }

  #after<T>(done: Promise<T>): Promise<T> {
    const before = this.#saved;
    this.#saved = done.then(
      () => before,
      () => before,
    );
    return done;
  }

  finish(): Promise<void> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
  }

  /**
   * Overwrites rows of an image that is saved already; its metadata stay.
   *
   * @param firstRow  the row at which `rows` begin
   * @throws {VitrineError} missing: no such image; storage
   */
  async overwriteRows(axes: Axes, rows: Uint8Array, firstRow: number): Promise<void> {
    const entry = this.dataset.entry(axes);
    const layout = entryLayout(entry);
    const offset = entry.pixelOffset + (firstRow * imageBytes(layout)) / layout.height;
    const stack = this.#made.get(entry.file) ?? this.#stack;
    this.dataset.letGo(entry);
    await this.#writing.run(async () => {
      await this.#syncer?.room();
      await stack.overwrite(rows, offset);
      this.#wrote(stack, rows.length);
    });
  }

  /** Gives what lets go of the pixels, where they are held. */
  async #save(image: DatasetImage, { isHeld = false } = {}): Promise<() => void> {
    if (this.#finishing !== undefined) throw alreadyFinished(this.dataset.name);
    const prepared = prepareImage(image, this.dataset.name);
    const write = (stack: StackWriter, span: ImageSpan) => this.#write(stack, span, prepared);
    const entry = await this.#place(prepared, image.metadata, write);
    return isHeld ? this.dataset.hold(entry, prepared.pixels) : () => {};
  }

  async #savePieces(
    image: Omit<DatasetImage, "image"> & { readonly layout: ImageLayout },
    pieces: AsyncIterable<PixelArray>,
  ): Promise<void> {
    if (this.#finishing !== undefined) throw alreadyFinished(this.dataset.name);
    const prepared = prepareFacts(image, this.dataset.name);
    await this.#place(prepared, image.metadata, async (stack, span) => {
      await stack.writeFrame(span, prepared);
      let at = span.pixelOffset;
      for await (const piece of pieces) {
        const bytes = pixelBytes(piece);
        if (at + bytes.length > span.metadataOffset) break;
        await this.#syncer?.room();
        await stack.overwrite(bytes, at);
        this.#wrote(stack, bytes.length);
        at += bytes.length;
      }
      if (at !== span.metadataOffset) throw wrongLength(this.dataset.name, image.axes);
    });
  }

  /** The part before the first wait gives the image its span, in the order of the calls. */
  async #place(
    prepared: PreparedFacts,
    metadata: JsonObject,
    write: (stack: StackWriter, span: ImageSpan) => Promise<void>,
  ): Promise<NdtiffEntry> {
    this.#kinds.check(prepared.axes, this.dataset.name);
    const stack = this.#stackFor(prepared);
    const span = stack.reserve(prepared.layout, prepared.metadata.length);
    const written = this.#writing.run(() => write(stack, span));
    const turn = this.#turn.then(() => written);
    written.catch(() => {});
    this.#turn = turn.catch(() => {});
    try {
      await turn;
    } catch (error) {
      stack.giveBack(span);
      throw error;
    }
    const entry = entryOf(prepared, stack.name, span);
    await this.#index.append(formatIndexEntry(entry));
    this.#link(stack, span);
    this.#announce(entry, metadata);
    return entry;
  }

  async #write(stack: StackWriter, span: ImageSpan, image: PreparedImage): Promise<void> {
    await this.#syncer?.room();
    await stack.write(span, image);
    this.#wrote(stack, image.pixels.length + image.metadata.length);
  }

  #wrote(stack: StackWriter, bytes: number): void {
    if (this.#syncer === undefined) return;
    this.#dirty.add(stack);
    this.#syncer.wrote(bytes);
  }

  #announce(entry: NdtiffEntry, metadata: JsonObject): void {
    const { channel } = entry.axes;
    if (typeof channel === "number" && !this.dataset.knowsChannel(channel)) {
      const { Channel: name } = metadata;
      this.dataset.nameChannel(channel, typeof name === "string" ? name : String(channel));
    }
    if (!this.dataset.add(entry)) this.#duplicates++;
  }

  #stackFor({ layout, metadata }: PreparedFacts): StackWriter {
    const isBroken = this.#stack.isBroken;
    if (!isBroken && this.#stack.hasRoom(layout, metadata.length)) return this.#stack;
    // one that could not be made is tried again under its name
    if (!isBroken) this.#stackNumber++;
    this.#stack = this.#newStack();
    return this.#stack;
  }

  #newStack(): StackWriter {
    const { directory, name, maxFileBytes = LARGEST_STACK } = this.#options;
    const stack = new StackWriter({
      folder: directory,
      name: stackName(name === undefined || name === "" ? "" : `${name}_`, this.#stackNumber),
      summary: this.#summary,
      maxFileBytes,
      resolution: this.#resolution,
      durability: this.#options.durability ?? "power",
    });
    this.#made.set(stack.name, stack);
    stack.file.then(
      (file) => this.#stacks.adopt(stack.name, file),
      () => {},
    );
    return stack;
  }

  /** The image is readable by the index already; for TIFF readers it joins the chain a little later. */
  #link(stack: StackWriter, span: ImageSpan): void {
    const last = this.#linked;
    this.#linked = stack;
    this.#inBackground(async () => {
      await stack.link(span);
      if (last !== undefined && last !== stack) await last.finish();
    });
  }

  #inBackground(task: () => Promise<void>): void {
    this.#background = this.#background.then(task).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Pixels first: an entry of the index without its pixels is worse than the reverse. */
  async #sync(): Promise<void> {
    const stacks = [...this.#dirty];
    this.#dirty.clear();
    for (const stack of stacks) await stack.sync();
    await this.#index.sync();
  }

  async #finish(): Promise<void> {
    await this.#saved;
    const syncer = this.#syncer;
    if (syncer !== undefined) this.#inBackground(() => syncer.flush());
    for (const stack of this.#made.values())
      this.#inBackground(() => stack.finish().finally(() => this.#stacks.release(stack.name)));
    this.#inBackground(() => this.#index.close(this.#options.durability));
    await this.#background;
    this.dataset.finish();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function entryOf(
  { axes, layout, pixelType, metadata }: PreparedFacts,
  file: string,
  span: ImageSpan,
): NdtiffEntry {
  const { width, height } = layout;
  const { pixelOffset, metadataOffset } = span;
  return {
    axes,
    file,
    pixelOffset,
    width,
    height,
    pixelType,
    metadataOffset,
    metadataBytes: metadata.length,
  };
}

/** Pixels per centimetre; 1 where the summary metadata do not say how large a pixel is. */
function resolutionOf({ PixelSizeUm, PixelSize_um }: JsonObject): number {
  const pixelSizeUm = Number(PixelSizeUm ?? PixelSize_um ?? 0);
  const resolution = 1e4 / pixelSizeUm;
  return resolution >= 1e-3 && resolution < 1e6 ? resolution : 1;
}

function checkOptions({ name = "", maxFileBytes = LARGEST_STACK }: NdtiffOptions): void {
  const at = "createNdtiff";
  if (/[/\\\0]/.test(name))
    throw new VitrineError({
      code: "range",
      at: `${at} name`,
      expected: "a name without slashes",
      found: name,
    });
  if (!(maxFileBytes > 0 && maxFileBytes <= LARGEST_STACK))
    throw new VitrineError({
      code: "range",
      at: `${at} maxFileBytes`,
      expected: `a number above 0 and at most ${LARGEST_STACK}`,
      found: String(maxFileBytes),
    });
}

function wrongLength(name: string, axes: Axes): VitrineError {
  const at = `${name} image at ${describeAxes(axes)}`;
  return new VitrineError({
    code: "shape",
    at,
    expected: "as many values as its layout says",
    found: "others",
  });
}

function alreadyFinished(at: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "an image before finish()",
    found: "one after it",
  });
}
