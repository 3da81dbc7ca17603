import type { PixelArray } from "../../../core/index.ts";
import { bytesPerValue, pixelView, Semaphore } from "../../../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN, swapBytes } from "../../byteOrder.ts";
import { indicesWithin } from "../../dataset/arrayPlan.ts";
import { copyBox } from "../../source/box.ts";
import type { BandJob, StoreFile } from "./band.ts";
import { packChunk } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { chunkMemory, isZeroChunk } from "./kernels.ts";

/** Files that are on their way to the disk while further chunks are packed. */
const STORED_AT_ONCE = 8;

/** What an index has for a chunk of nothing but fill. */
const ABSENT = 0xffffffff;

/** Cuts the columns of a band into chunks and stores each, or each shard; those of zeros alone are left out, as fill. */
export async function storeUnits(job: BandJob, data: PixelArray, store: StoreFile): Promise<void> {
  const { chunkShape, shardShape, prefix } = job.storage;
  const unit = shardShape ?? chunkShape;
  const [unitRows, unitColumns] = unit.slice(-2);
  const storing = new Semaphore(STORED_AT_ONCE);
  const stored: Promise<void>[] = [];
  for (let y = 0; y < job.band.rows; y += unitRows) {
    for (let x = job.columns[0]; x < job.columns[1]; x += unitColumns) {
      const start = [...job.outer.map(() => 0), y, x];
      await storing.acquire();
      const packed = shardShape === undefined ? chunkAt(job, data, start) : shardAt(job, data, start);
      const bytes = packed instanceof Promise ? await packed : packed;
      const place = [...job.origin, 0].map((first, i) => first + start[i] / unit[i]);
      // nothing comes in between here: the bytes may lie where another job packs its next chunk
      const file = bytes && store(prefix + place.join("/"), bytes);
      if (file === undefined) {
        storing.release();
        continue;
      }
      // an error is told once, by the last line
      stored.push(file);
      file.then(
        () => storing.release(),
        () => storing.release(),
      );
    }
  }
  await Promise.all(stored);
}

/** The chunks of a shard behind each other, then their places and lengths; undefined where there is none. */
async function shardAt(
  job: BandJob,
  data: PixelArray,
  start: readonly number[],
): Promise<Uint8Array | undefined> {
  const { chunkShape, shardShape = chunkShape } = job.storage;
  const grid = shardShape.map((side, i) => ({ from: 0, to: side / chunkShape[i] }));
  const pieces: Uint8Array[] = [];
  const places: (readonly [offset: number, length: number] | undefined)[] = [];
  let offset = 0;
  for (const indices of indicesWithin(grid)) {
    const at = indices.map((index, i) => start[i] + index * chunkShape[i]);
    const packed = chunkAt(job, data, at);
    const bytes = packed instanceof Promise ? await packed : packed?.slice();
    places.push(bytes === undefined ? undefined : [offset, bytes.length]);
    if (bytes === undefined) continue;
    pieces.push(bytes);
    offset += bytes.length;
  }
  return pieces.length === 0 ? undefined : joined([...pieces, shardIndex(places)], offset);
}

/** Pairs of unsigned 64-bit numbers, lowest byte first, and their checksum. */
function shardIndex(places: readonly (readonly [offset: number, length: number] | undefined)[]): Uint8Array {
  const bytes = new Uint8Array(16 * places.length + 4);
  const view = new DataView(bytes.buffer);
  const setLong = (at: number, value: number) => {
    view.setUint32(at, value % 2 ** 32, true);
    view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  };
  for (const [i, place] of places.entries()) {
    if (place === undefined) for (let at = 0; at < 16; at += 4) view.setUint32(16 * i + at, ABSENT, true);
    else for (const [j, value] of place.entries()) setLong(16 * i + 8 * j, value);
  }
  view.setUint32(16 * places.length, crc32c(bytes.subarray(0, -4)), true);
  return bytes;
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length + pieces[pieces.length - 1].length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A packed chunk, good until the next one where it comes at once; undefined where it lies outside, or holds nothing but zeros. */
function chunkAt(
  job: BandJob,
  data: PixelArray,
  start: readonly number[],
): Uint8Array | Promise<Uint8Array> | undefined {
  const { dtype, chunkShape, compression } = job.storage;
  const valueBytes = bytesPerValue(dtype);
  const block = [...job.outer, job.band.rows, job.band.width];
  const length = chunkShape.reduce((product, side) => product * side, 1);
  const sides = chunkShape.map((side, i) => Math.max(0, Math.min(side, block[i] - start[i])));
  if (sides.includes(0)) return undefined;
  const bytes = chunkMemory(length * valueBytes);
  if (sides.some((side, i) => side < chunkShape[i])) bytes.fill(0);
  const chunk = pixelView({ width: length, height: 1, channels: 1, dtype }, bytes.buffer, bytes.byteOffset);
  copyBox(
    { data, shape: block, at: start },
    { data: chunk, shape: chunkShape, at: start.map(() => 0) },
    sides,
  );
  if (isZeroChunk(bytes)) return undefined;
  if (!HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, valueBytes);
  return packChunk(bytes, { compression, valueBytes });
}
