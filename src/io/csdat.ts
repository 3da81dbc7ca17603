/** cryoSPARC's own form of a `.cs` file: field after field, packed, then texts. */
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { type NpyRecords, type PlacedField, type RecordField, recordsOf } from "./records.ts";

const MAGIC = [0x95, 0x43, 0x53, 0x44, 0x41, 0x54]; // \x95CSDAT

/** LZ4 makes no byte more than so many of one. */
const MOST_PACKED = 255;

const HEADER = z.object({
  length: z.int().nonnegative(),
  dtype: z.array(
    z.union([
      z.tuple([z.string(), z.string()]),
      z.tuple([z.string(), z.string(), z.array(z.int().positive())]),
    ]),
  ),
  compression: z.literal("lz4").nullable(),
  compressed_fields: z.array(z.string()),
});

/** Whether bytes begin as this form does. */
export function isCsdat(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads a dataset as cryosparc-tools saves it with `CSDAT_FORMAT`: a length and a JSON header, the bytes of each field behind their number,
 * LZ4 blocks where the header says so, then all texts, in which fields of texts count bytes.
 *
 * @throws {VitrineError} format: damaged, truncated; unsupported: a type that is no number and no text
 *
 * Source: cryosparc-tools 5.0, cryosparc/dataset.
 */
export async function parseCsdat(bytes: Uint8Array, at: string): Promise<NpyRecords> {
  const reader = new Reader(bytes, at, MAGIC.length);
  const { length: rows, dtype, compression, compressed_fields } = headerOf(reader.take(reader.u32()), at);
  const columns: { readonly name: string; readonly field: RecordField; readonly bytes: Uint8Array }[] = [];
  for (const [name, type, shape = []] of dtype) {
    const field = fieldOf(type, shape, `${at} ${name}`);
    const size = rows * field.width * field.count;
    const stored = rows === 0 ? new Uint8Array(0) : reader.take(reader.u32());
    const isPacked = compression !== null && rows > 0 && compressed_fields.includes(name);
    const data = isPacked ? await unpack(stored, size, `${at} ${name}`) : stored;
    if (data.length !== size) throw damaged(`${at} ${name}`, `${size} bytes`, `${data.length}`);
    columns.push({ name, field, bytes: data });
  }
  const texts = reader.rest();
  const placed = columns.map(({ name, field, bytes: data }): [string, PlacedField] => {
    const place = { ...field, bytes: data, start: 0, stride: field.width * field.count };
    return [name, field.kind === "O" ? { ...place, texts } : place];
  });
  return recordsOf(new Map(placed), { rows, at });
}

function headerOf(bytes: Uint8Array, at: string): z.output<typeof HEADER> {
  const result = HEADER.safeParse(jsonOf(bytes));
  if (result.success) return result.data;
  throw damaged(`${at} header`, "a header of a dataset of cryoSPARC", result.error.issues[0].message);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function fieldOf(type: string, shape: readonly number[], at: string): RecordField {
  const [, order, kind, digits] = /^([<>|=]?)([uifbO])(\d*)$/.exec(type) ?? [];
  if (kind === undefined) {
    const expected = "texts, integers, floats and booleans";
    throw new VitrineError({ code: "unsupported", at, expected, found: type });
  }
  const width = kind === "O" ? 8 : Number(digits || 1);
  return { kind, width, count: shape.reduce((all, side) => all * side, 1), isLittle: order !== ">" };
}

/** One block of LZ4. */
async function unpack(packed: Uint8Array, size: number, at: string): Promise<Uint8Array> {
  if (size > MOST_PACKED * (packed.length + 1)) throw damaged(at, `${size} bytes`, "fewer");
  const { default: Lz4 } = await import("numcodecs/lz4");
  const block = new Uint8Array(4 + packed.length); // numcodecs writes the size before the block
  new DataView(block.buffer).setUint32(0, size, true);
  block.set(packed, 4);
  try {
    return await Lz4.fromConfig({ id: "lz4" }).decode(block);
  } catch {
    throw damaged(at, `${size} bytes that LZ4 packed`, "others");
  }
}

/** Takes bytes one after the other. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #at: string;
  #next: number;

  constructor(bytes: Uint8Array, at: string, from: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#next = from;
  }

  u32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  take(count: number): Uint8Array {
    const from = this.#next;
    this.#next += count;
    if (this.#next <= this.#bytes.length) return this.#bytes.subarray(from, this.#next);
    throw damaged(this.#at, `${this.#next} bytes at least`, `${this.#bytes.length}: it is cut off`);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#next);
  }
}

function damaged(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
