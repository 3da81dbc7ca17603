import { openWritable, removeFile } from "#files";
import type { ImageLayout } from "../../core/index.ts";
import { imageBytes, Semaphore } from "../../core/index.ts";
import type { Durability, WritableFile } from "../files.ts";
import { even, within } from "./format.ts";
import { formatIfd, ifdBytes, NEXT_IFD_AT } from "./ifd.ts";
import { FIRST_IFD_AT, formatStackHeader } from "./stackHeader.ts";

/** Room that Micro-Manager's writers leave at the end of a stack. */
const RESERVE_BYTES = 5_000_000;

/**
 * Stacks grow in steps of this, as holes where the disk knows them, so that a stack that is still written has zeros behind
 * its last image. A step lengthens the file by one call in many; a crash leaves no file of 4 GiB.
 */
const STEP_BYTES = 2 ** 26;

/** What a stack is made of. */
export interface StackOptions {
  readonly folder: string;
  readonly name: string;
  /** JSON of the summary metadata. */
  readonly summary: Uint8Array;
  readonly maxFileBytes: number;
  /** Pixels per centimetre. */
  readonly resolution: number;
  readonly durability: Durability;
}

/** What is written of an image. */
export interface ImageBytes {
  readonly layout: ImageLayout;
  readonly pixels: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Where an image goes. */
export interface ImageSpan {
  /** Offset of its IFD. */
  readonly offset: number;
  readonly pixelOffset: number;
  readonly metadataOffset: number;
  readonly end: number;
}

/**
 * One TIFF file that grows. An image is written with its IFD in one call; only then is it linked to the one before it, so that
 * the chain of IFDs ends properly whenever the program dies.
 */
export class StackWriter {
  readonly name: string;
  /** The open file with its header; rejects where it cannot be made. */
  readonly file: Promise<WritableFile>;
  readonly #options: StackOptions;
  readonly #start: number;
  /** Where the next image goes. */
  #position: number;
  /** Where the offset of the next IFD is to be written. */
  #link = FIRST_IFD_AT;
  /** End of the last image of the chain. */
  #end: number;
  #size = STEP_BYTES;
  #grown: Promise<void>;
  #isBroken = false;
  #isFinished = false;
  /** Calls that write: two at once into one file wait for each other in the system, and burn a core meanwhile. */
  readonly #calls = new Semaphore(1);

  constructor(options: StackOptions) {
    this.name = options.name;
    this.#options = options;
    const header = formatStackHeader(options.summary);
    this.#end = header.length;
    this.#start = even(header.length);
    this.#position = this.#start;
    this.file = createStack(within(options.folder, options.name), header);
    this.#grown = this.file.then(() => {});
    // whoever writes is told
    this.#grown.catch(() => {
      this.#isBroken = true;
    });
  }

  /** It could not be made. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether an image fits: any into an empty stack, into others with Micro-Manager's reserve. */
  hasRoom(layout: ImageLayout, metadataBytes: number): boolean {
    const end = this.#position + ifdBytes(layout.channels) + imageBytes(layout) + metadataBytes;
    return this.#position === this.#start || end + RESERVE_BYTES < this.#options.maxFileBytes;
  }

  /** Takes the room of an image. */
  reserve(layout: ImageLayout, metadataBytes: number): ImageSpan {
    const offset = this.#position;
    const pixelOffset = offset + ifdBytes(layout.channels);
    const metadataOffset = pixelOffset + imageBytes(layout);
    const end = metadataOffset + metadataBytes;
    this.#position = even(end);
    return { offset, pixelOffset, metadataOffset, end };
  }

  /** Gives back the room of an image that could not be written; it stays empty if another one lies behind it. */
  giveBack({ offset, end }: ImageSpan): void {
    if (this.#position === even(end)) this.#position = offset;
  }

  /** Writes an image where it has its place. @throws {VitrineError} storage */
  async write({ offset, end }: ImageSpan, { layout, pixels, metadata }: ImageBytes): Promise<void> {
    await this.#growTo(end + 2);
    const { resolution } = this.#options;
    const ifd = formatIfd(offset, { layout, metadataBytes: metadata.length, resolution });
    await this.#put([ifd, pixels, metadata], offset);
  }

  /** Writes all of an image but its pixels, which follow by {@link overwrite}. @throws {VitrineError} storage */
  async writeFrame(
    { offset, metadataOffset, end }: ImageSpan,
    frame: Omit<ImageBytes, "pixels">,
  ): Promise<void> {
    await this.#growTo(end + 2);
    const { layout, metadata } = frame;
    const { resolution } = this.#options;
    await this.#put([formatIfd(offset, { layout, metadataBytes: metadata.length, resolution })], offset);
    await this.#put([metadata], metadataOffset);
  }

  /** Writes over what is there. @throws {VitrineError} storage */
  async overwrite(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#put([bytes], offset);
  }

  /** Makes an image that was written part of the chain, behind those that were linked before. @throws {VitrineError} storage */
  async link({ offset, end }: ImageSpan): Promise<void> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, offset, true);
    await this.#put([bytes], this.#link);
    this.#link = offset + NEXT_IFD_AT;
    this.#end = end;
  }

  async sync(): Promise<void> {
    await (await this.file).sync();
  }

  /** Ends the file with its last image; it stays open for reading. A second call does nothing. @throws {VitrineError} storage */
  async finish(): Promise<void> {
    if (this.#isFinished || this.#isBroken) return;
    this.#isFinished = true;
    const file = await this.file;
    await this.#grown.catch(() => {});
    await file.resize(this.#end);
    if (this.#options.durability === "power") await file.sync();
  }

  async #put(pieces: readonly Uint8Array[], offset: number): Promise<void> {
    const file = await this.file;
    await this.#calls.run(() => file.write(pieces, offset));
  }

  /** Steps wait for each other: two at once could end in the wrong order and cut the file. */
  #growTo(bytes: number): Promise<void> {
    if (bytes <= this.#size) return this.#grown;
    const size = bytes + STEP_BYTES;
    this.#size = size;
    this.#grown = this.#grown.catch(() => {}).then(async () => (await this.file).resize(size));
    this.#grown.catch(() => {});
    return this.#grown;
  }
}

/** A file that cannot get its header is removed: the next try makes it anew. */
async function createStack(path: string, header: Uint8Array): Promise<WritableFile> {
  const file = await openWritable(path, { create: true });
  try {
    await file.resize(STEP_BYTES);
    await file.write([header], 0);
    return file;
  } catch (error) {
    await file.close();
    await removeFile(path);
    throw error;
  }
}
