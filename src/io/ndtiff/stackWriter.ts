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

/** An image that waits to be written. */
interface Waiting {
  readonly span: ImageSpan;
  readonly image: ImageBytes;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One TIFF file that grows. An image is written with its IFD in one call, together with those that wait and lie behind it; only then is
 * the first of them linked to the one before it, so that the chain of IFDs ends properly whenever the program dies.
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
  /** Places of such offsets, with what was written there before the next image was part of the chain. */
  readonly #linkedAhead = new Map<number, number>();
  /** End of the last image of the chain. */
  #end: number;
  #size = STEP_BYTES;
  #grown: Promise<void>;
  #isBroken = false;
  #isFinished = false;
  /** Calls that write: two at once into one file wait for each other in the system, and burn a core meanwhile. */
  readonly #calls = new Semaphore(1);
  #waiting: Waiting[] = [];

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
  write(span: ImageSpan, image: ImageBytes): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ span, image, resolve, reject });
      void this.#calls.run(() => this.#writeNext());
    });
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
    if (this.#linkedAhead.get(this.#link) !== offset) await this.#putLink(offset);
    this.#linkedAhead.delete(this.#link);
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
    // an image whose entry of the index could not be written
    if (this.#linkedAhead.has(this.#link)) await this.#putLink(0);
    await file.resize(this.#end);
    if (this.#options.durability === "power") await file.sync();
  }

  /** Writes all neighbours that wait, or nothing where an earlier call took them. Never rejects: each is told. */
  async #writeNext(): Promise<void> {
    const count = countNeighbours(this.#waiting);
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    if (count === 0 || (await this.#writeTogether(batch)) === undefined) return;
    // some may fit where all do not
    for (const one of batch) {
      const failure = await this.#writeTogether([one]);
      if (failure !== undefined) one.reject(failure.error);
    }
  }

  /** Returns why it could not, in an object of its own. */
  async #writeTogether(batch: readonly Waiting[]): Promise<{ readonly error: unknown } | undefined> {
    const spans = batch.map(({ span }) => span);
    const ifds = batch.map(({ span, image }, i) =>
      this.#ifdOf(span, { image, next: spans[i + 1]?.offset ?? 0 }),
    );
    const pieces = batch.flatMap(({ span, image }, i) => [
      ifds[i],
      image.pixels,
      image.metadata,
      ...padOf(span),
    ]);
    try {
      await this.#growTo(spans[spans.length - 1].end + 2);
      await (await this.file).write(pieces, spans[0].offset);
    } catch (error) {
      return { error };
    }
    for (const [i, span] of spans.slice(1).entries())
      this.#linkedAhead.set(spans[i].offset + NEXT_IFD_AT, span.offset);
    for (const { resolve } of batch) resolve();
    return undefined;
  }

  #ifdOf(
    { offset }: ImageSpan,
    { image, next }: { readonly image: ImageBytes; readonly next: number },
  ): Uint8Array {
    const { resolution } = this.#options;
    const { layout, metadata } = image;
    const bytes = formatIfd(offset, { layout, metadataBytes: metadata.length, resolution });
    new DataView(bytes.buffer).setUint32(NEXT_IFD_AT, next, true);
    return bytes;
  }

  /** Says where the image behind the chain is. */
  async #putLink(offset: number): Promise<void> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, offset, true);
    await this.#put([bytes], this.#link);
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

/** How many of the first images follow each other without a gap. */
function countNeighbours(waiting: readonly Waiting[]): number {
  const gap = waiting.findIndex(({ span }, i) => i > 0 && span.offset !== even(waiting[i - 1].span.end));
  return gap < 0 ? waiting.length : gap;
}

/** What lies between an image and the next. */
function padOf({ end }: ImageSpan): Uint8Array[] {
  return even(end) === end ? [] : [new Uint8Array(1)];
}
