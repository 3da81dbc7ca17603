import { z } from "zod";
import { openFile, openWritable } from "#files";
import { VitrineError } from "../../core/index.ts";
import type { Axes, JsonObject } from "../dataset/dataset.ts";
import type { WritableFile } from "../files.ts";
import { isJsonObject } from "../ndtiff/json.ts";
import { parseWithSchema } from "../schema.ts";
import type { Indices } from "./imageGroups.ts";

/** Beside the list of images, where programs of this layout expect further files. */
export const RECORDS = "OME/vitrine.jsonl";

/** What the axes of an image are, and where its pixels and its metadata lie. */
export interface ImageRecord {
  readonly axes: Axes;
  /** Name of the image group. */
  readonly image: string;
  readonly at: Indices;
  readonly metadata: JsonObject;
  /** Bits of a value that the camera uses. */
  readonly bitDepth?: number | undefined;
}

/** The first line. */
export interface RecordsHeader {
  readonly vitrine: 1;
  readonly name: string;
  readonly summaryMetadata: JsonObject;
}

/** A line with its place in the file. */
export interface PlacedLine {
  readonly record: ImageRecord;
  readonly offset: number;
  readonly length: number;
}

/** What JSON.parse gave needs no second look at its depths. */
const jsonObject = z.custom<JsonObject>(isJsonObject, "a group of keys");
const index = z.number().int().min(0);

const headerSchema: z.ZodType<RecordsHeader> = z.strictObject({
  vitrine: z.literal(1),
  name: z.string(),
  summaryMetadata: jsonObject,
});

const recordSchema: z.ZodType<ImageRecord> = z.strictObject({
  axes: z.record(z.string(), z.union([z.number(), z.string()])),
  image: z.string().regex(/^\d+$/),
  at: z.tuple([index, index, index]),
  metadata: jsonObject,
  bitDepth: z.number().optional(),
});

/** Writes records one line each, behind each other; what fails leaves no half line. */
export class RecordsWriter {
  readonly #file: WritableFile;
  #end = 0;
  #isClosed = false;

  private constructor(file: WritableFile) {
    this.#file = file;
  }

  /** @throws {VitrineError} exists: a store is there already; storage */
  static async create(path: string, header: RecordsHeader): Promise<RecordsWriter> {
    const writer = new RecordsWriter(await openWritable(path, { create: true }));
    await writer.#append([encodeLine(header)]);
    return writer;
  }

  /** Resolves once the lines would survive a power cut; gives their places. */
  async append(records: readonly ImageRecord[]): Promise<{ offset: number; length: number }[]> {
    const lines = records.map(encodeLine);
    let offset = this.#end;
    await this.#append(lines);
    return lines.map(({ length }) => {
      const place = { offset, length };
      offset += length;
      return place;
    });
  }

  /** Also after {@link close}. */
  async readLine(place: { readonly offset: number; readonly length: number }): Promise<ImageRecord> {
    const { name } = this.#file;
    const file = this.#isClosed ? await openFile(name) : this.#file;
    try {
      return parseRecord(await file.read(place.offset, place.length), name);
    } finally {
      if (file !== this.#file) await file.close();
    }
  }

  /** A second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  async #append(lines: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#file.write(lines, this.#end);
      await this.#file.sync();
    } catch (error) {
      await this.#file.resize(this.#end);
      throw error;
    }
    this.#end += lines.reduce((sum, { length }) => sum + length, 0);
  }
}

/**
 * Reads a file of records. A last line without an end is that of an image which was never acknowledged: it does not count.
 *
 * @throws {VitrineError} format, type, missing: a line that is no record, with its number
 */
export function parseRecords(
  bytes: Uint8Array,
  at: string,
): { readonly header: RecordsHeader; readonly lines: readonly PlacedLine[] } {
  const places = linesOf(bytes);
  if (places.length === 0) {
    throw new VitrineError({ code: "format", at, expected: "a first line that ends", found: "none" });
  }
  const [header, ...lines] = places.map(({ offset, length }, i) => {
    const value = parseLine(bytes.subarray(offset, offset + length), `${at} line ${i + 1}`);
    return { value, offset, length };
  });
  return {
    header: parseWithSchema(header.value, headerSchema, `${at} line 1`),
    lines: lines.map(({ value, offset, length }, i) => ({
      record: parseWithSchema(value, recordSchema, `${at} line ${i + 2}`),
      offset,
      length,
    })),
  };
}

/** One record from its line. */
export function parseRecord(line: Uint8Array, at: string): ImageRecord {
  return parseWithSchema(parseLine(line, at), recordSchema, at);
}

function linesOf(bytes: Uint8Array): { offset: number; length: number }[] {
  const places = [];
  let offset = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, offset)) {
    places.push({ offset, length: end + 1 - offset });
    offset = end + 1;
  }
  return places;
}

function encodeLine(value: ImageRecord | RecordsHeader): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

function parseLine(line: Uint8Array, at: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch (cause) {
    throw new VitrineError(
      { code: "format", at, expected: "a line of JSON", found: String(cause) },
      { cause },
    );
  }
}
