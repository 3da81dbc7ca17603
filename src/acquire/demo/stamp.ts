import { fillWith } from "#image-memory";
import { VitrineError } from "../../core/index.ts";
import type { PixelImage } from "../../io/index.ts";
import { seededNoise } from "./hash.ts";

/** Bytes of a stamp: the frame's number, 32 bits, least significant byte first. */
const STAMP_BYTES = 4;

/** Bytes that are copied at a time: few calls, and they stay in the processor's first cache. */
const BLOCK_BYTES = 16_384;

/**
 * Writes frames at the speed of memory: seeded noise, the same in every row, and at the start of every row the frame's number
 * (two u16 values: low, then high). Every byte of every frame is written.
 */
export class StampWriter {
  readonly #rowBytes: number;
  readonly #block: Uint8Array;
  readonly #stamps: DataView;

  /** @param rowBytes  at least 4; the noise follows from `seed` */
  constructor(rowBytes: number, seed: number) {
    checkRow(rowBytes, "Pattern Stamp");
    this.#rowBytes = rowBytes;
    const rows = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
    const row = seededNoise(rowBytes, seed);
    this.#block = new Uint8Array(rows * rowBytes);
    for (let i = 0; i < rows; i++) this.#block.set(row, i * rowBytes);
    this.#stamps = new DataView(this.#block.buffer);
  }

  /** Overwrites whole rows. */
  write(frameNumber: number, out: Uint8Array): void {
    const block = this.#block;
    for (let at = 0; at < block.length; at += this.#rowBytes) this.#stamps.setUint32(at, frameNumber, true);
    fillWith(out, block);
  }
}

/**
 * Checks that every row of an image of the demo camera's pattern `Stamp` carries a frame's number.
 *
 * @param frameNumber  metadata `FrameNumber`
 * @throws {VitrineError} format: a row with another number, which is named; shape: rows shorter than the stamp
 */
export function checkStamp(image: PixelImage, frameNumber: number): void {
  const { data, height } = image;
  const bytes = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const rowBytes = data.byteLength / height;
  checkRow(rowBytes, "checkStamp(image)");
  for (let at = 0; at < data.byteLength; at += rowBytes) {
    if (bytes.getUint32(at, true) !== frameNumber)
      throw wrongStamp(at / rowBytes, frameNumber, bytes.getUint32(at, true));
  }
}

function wrongStamp(row: number, expected: number, found: number): VitrineError {
  const at = `checkStamp(image) row ${row}`;
  return new VitrineError({ code: "format", at, expected: `frame ${expected}`, found: `frame ${found}` });
}

function checkRow(rowBytes: number, at: string): void {
  if (rowBytes >= STAMP_BYTES) return;
  const expected = `rows of at least ${STAMP_BYTES} bytes`;
  throw new VitrineError({ code: "shape", at, expected, found: `${rowBytes} bytes` });
}
