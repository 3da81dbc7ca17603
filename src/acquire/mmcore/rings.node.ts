import { readFileSync, rmSync } from "node:fs";
import { type ImageLayout, type PixelArray, pixelView } from "../../io/index.ts";
import { type FileRingReader, openFileRing } from "../frames/fileRing.node.ts";
import type { FileRingDescription, RingDescription } from "../frames/ring.ts";
import type { Notice, OutputNote } from "./protocol.ts";
import { removeRingFiles } from "./ringFile.node.ts";

/** Slots for what the image processor returns; Node empties them as they come. */
export const OUTPUT_SLOTS = 2;

interface OpenRing {
  readonly number: number;
  readonly description: FileRingDescription;
  readonly reader: FileRingReader;
  /** Frames that somebody has. */
  held: number;
  /** Released slots that the child has not been told of. */
  freed: number[];
}

/** The rings of one microscope: the current one, and those whose last frames are still out. */
export class FileRings {
  readonly #tell: (notice: Notice) => void;
  readonly #rings = new Map<number, OpenRing>();
  #current: OpenRing | undefined;

  constructor(tell: (notice: Notice) => void) {
    this.#tell = tell;
  }

  /** The number of the next ring. */
  get nextNumber(): number {
    return (this.#current?.number ?? 0) + 1;
  }

  /** Makes a ring that the child has opened the current one. */
  add(number: number, description: FileRingDescription): void {
    const before = this.#current;
    this.#current = { number, description, reader: openFileRing(description), held: 0, freed: [] };
    this.#rings.set(number, this.#current);
    if (before !== undefined) this.#retire(before);
  }

  /** The number of the ring that a frame is in, if it is one of these. */
  numberOf(description: RingDescription): number | undefined {
    const { path } = description.kind === "file" ? description : { path: undefined };
    return [...this.#rings.values()].find((ring) => ring.description.path === path)?.number;
  }

  /** A frame has come; `release` it once. */
  hold(number: number): OpenRing {
    const ring = this.#get(number);
    ring.held++;
    return ring;
  }

  release(number: number, slot: number): void {
    const ring = this.#rings.get(number);
    if (ring === undefined) return; // closed while the frame was out
    ring.reader.giveBack(slot);
    ring.held--;
    this.#free(ring, slot);
    this.#retire(ring);
  }

  /** A frame that this process had put into its slot is done with. */
  letGo(number: number): void {
    const ring = this.#rings.get(number);
    if (ring === undefined) return; // closed meanwhile
    ring.held--;
    this.#retire(ring);
  }

  /** An image that the processor returned, in memory of its own; its place is free afterwards. */
  takeOutput({ slot, ring: number, file }: OutputNote, layout: ImageLayout): PixelArray {
    if (file !== undefined) {
      const bytes = readFileSync(file);
      rmSync(file, { force: true });
      return pixelView(layout, bytes.buffer, bytes.byteOffset);
    }
    const ring = this.#get(number ?? 0);
    const pixels = ring.reader.copy(slot ?? 0, layout);
    this.#free(ring, slot ?? 0);
    return pixels;
  }

  /** Removes the files. What is open can still be read until `close`. */
  unlink(): void {
    for (const { description } of this.#rings.values()) removeRingFiles(description.path);
  }

  close(): void {
    this.unlink();
    for (const { reader } of this.#rings.values()) reader.close();
    this.#rings.clear();
  }

  #get(number: number): OpenRing {
    const ring = this.#rings.get(number);
    if (ring === undefined) throw new RangeError(`there is no ring ${number}`);
    return ring;
  }

  /** Many frames that are released together are one message. */
  #free(ring: OpenRing, slot: number): void {
    ring.freed.push(slot);
    if (ring.freed.length > 1) return;
    queueMicrotask(() => {
      this.#tell({ kind: "free", ring: ring.number, slots: ring.freed });
      ring.freed = [];
    });
  }

  #retire(ring: OpenRing): void {
    if (ring === this.#current || ring.held > 0) return;
    this.#rings.delete(ring.number);
    ring.reader.close();
    removeRingFiles(ring.description.path);
    this.#tell({ kind: "drop", ring: ring.number });
  }
}
