import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { newMemory } from "../../core/index.node.ts";
import { imageBytes, pixelBytes, pixelView, VitrineError } from "../../core/index.ts";
import type { ImageLayout, PixelArray } from "../../io/index.ts";
import type { FileRingDescription } from "./ring.ts";

/** One system call reads at most this; Node refuses 2 GiB and more. */
const LARGEST_CALL = 2 ** 30;

/** Reads frames from the slots of a ring in a file, on any thread that has its description. */
export interface FileRingReader {
  /** The pixels of a slot, in memory of their own, in `into` if it is given. */
  copy(slot: number, layout: ImageLayout, into?: PixelArray): PixelArray;
  /**
   * The pixels of a slot, in memory that the reader uses again: good until `giveBack` of this slot, or the next `borrow` of it.
   * A file is not memory, so this copies as well; it only saves new memory for every frame.
   */
  borrow(slot: number, layout: ImageLayout): PixelArray;
  /** The borrowed pixels of this slot are not needed any more. */
  giveBack(slot: number): void;
  /** Closes the file; afterwards every read is an error. */
  close(): void;
}

/**
 * Opens a ring that another thread or process made. The ring's file is there until its microscope is closed.
 *
 * @throws {VitrineError} missing: the file is not there (any more), or is no ring of this size; reading throws range: an image
 *   that is larger than a slot, or memory of another size; storage: the system refused; missing: after `close`
 */
export function openFileRing(description: FileRingDescription): FileRingReader {
  return new OpenRing(description);
}

class OpenRing implements FileRingReader {
  readonly #ring: FileRingDescription;
  readonly #borrowed = new Map<number, ArrayBuffer>();
  #spare: ArrayBuffer[] = [];
  #file: number | undefined;

  constructor(description: FileRingDescription) {
    this.#ring = description;
    this.#file = openRing(description);
  }

  copy(slot: number, layout: ImageLayout, into?: PixelArray): PixelArray {
    const bytes = this.#bytesOf(slot, layout);
    // not zeroed first: every byte is read
    const pixels = into ?? pixelView(layout, newMemory(bytes));
    if (pixels.byteLength !== bytes) throw wrongTarget(this.#ring.path, bytes, pixels.byteLength);
    this.#read(slot, pixelBytes(pixels));
    return pixels;
  }

  borrow(slot: number, layout: ImageLayout): PixelArray {
    this.#bytesOf(slot, layout);
    const memory = this.#borrowed.get(slot) ?? this.#spare.pop() ?? new ArrayBuffer(this.#ring.slotBytes);
    this.#borrowed.set(slot, memory);
    const pixels = pixelView(layout, memory);
    this.#read(slot, pixelBytes(pixels));
    return pixels;
  }

  giveBack(slot: number): void {
    const memory = this.#borrowed.get(slot);
    if (memory === undefined) return;
    this.#borrowed.delete(slot);
    this.#spare.push(memory);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#borrowed.clear();
    this.#spare = [];
  }

  #bytesOf(slot: number, layout: ImageLayout): number {
    const { path, slots, slotBytes } = this.#ring;
    const bytes = imageBytes(layout);
    if (slot >= 0 && slot < slots && bytes <= slotBytes) return bytes;
    const expected = `one of ${slots} slots of ${slotBytes} bytes`;
    throw new VitrineError({ code: "range", at: path, expected, found: `${bytes} bytes in slot ${slot}` });
  }

  #read(slot: number, target: Uint8Array): void {
    const start = slot * this.#ring.slotBytes;
    for (let done = 0; done < target.length; ) {
      const length = Math.min(target.length - done, LARGEST_CALL);
      const read = readSync(this.#open(), target, done, length, start + done);
      if (read === 0) throw shortRing(this.#ring.path, start + done);
      done += read;
    }
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    throw new VitrineError({
      code: "missing",
      at: this.#ring.path,
      expected: "an open ring",
      found: "one that was closed",
      hint: "Copy frames before their microscope is closed",
    });
  }
}

function openRing({ path, slots, slotBytes }: FileRingDescription): number {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    if (fstatSync(file).size >= slots * slotBytes) return file;
  } catch (cause) {
    throw noRing(path, "no such file", cause);
  }
  closeSync(file);
  throw noRing(path, "a file that is too small", undefined);
}

function noRing(at: string, found: string, cause: unknown): VitrineError {
  const hint = "A ring is there until its microscope is closed";
  return new VitrineError({ code: "missing", at, expected: "a ring of frames", found, hint }, { cause });
}

function wrongTarget(at: string, bytes: number, found: number): VitrineError {
  return new VitrineError({
    code: "range",
    at,
    expected: `memory of ${bytes} bytes for a frame`,
    found: `${found}`,
  });
}

function shortRing(at: string, offset: number): VitrineError {
  return new VitrineError({
    code: "storage",
    at,
    expected: "a whole frame",
    found: `an end at byte ${offset}`,
  });
}
