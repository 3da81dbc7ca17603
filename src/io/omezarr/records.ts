import { z } from "zod";
import { openFile, openWritable } from "#files";
import type { Axes } from "../../core/index.ts";
import { formatJson, parseJson, plainJson, VitrineError } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import type { Durability, WritableFile } from "../files.ts";
import { isJsonObject } from "../ndtiff/json.ts";
import { parseWithSchema } from "../schema.ts";
import type { Indices, TileIndex } from "./imageGroups.ts";

/** Beside the list of images, where programs of this layout expect further files. */
export const RECORDS = "OME/vitrine.jsonl";

/** What the axes of an image are, and where its pixels and its metadata lie. */
export interface ImageRecord {
  readonly axes: Axes;
  /** Name of the image group. */
  readonly image: string;
  readonly at: Indices;
  /** Of a tile: its place in the array. */
  readonly tile?: TileIndex | undefined;
  /** The array of the group, where it is not the full resolution. */
  readonly array?: string | undefined;
  readonly metadata: JsonObject;
  /** Bits of a value that the camera uses. */
  readonly bitDepth?: number | undefined;
}

/** A record whose metadata are JSON already: what they were when the image was given. */
export interface NewRecord extends Omit<ImageRecord, "metadata"> {
  readonly metadataJson: string;
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
  tile: z.tuple([index, index]).optional(),
  array: z.literal("tiles").optional(),
  metadata: jsonObject,
  bitDepth: z.number().optional(),
});

/** The last line of a store that was finished. */
const endSchema = z.strictObject({ end: z.literal(true) });

/** Writes records one line each, behind each other; what fails leaves no half line. */
export class RecordsWriter {
  readonly #file: WritableFile;
  readonly #durability: Durability;
  #end = 0;
  #isClosed = false;

  private constructor(file: WritableFile, durability: Durability) {
    this.#file = file;
    this.#durability = durability;
  }

  /** @throws {VitrineError} exists: a store is there already; storage */
  static async create(
    path: string,
    header: RecordsHeader,
    durability: Durability = "power",
  ): Promise<RecordsWriter> {
    const writer = new RecordsWriter(await openWritable(path, { create: true }), durability);
    await writer.#append([encodeLine(header)]);
    return writer;
  }

  /** Resolves once the lines are as durable as asked for; gives their places. */
  async append(records: readonly NewRecord[]): Promise<{ offset: number; length: number }[]> {
    const lines = records.map(encodeRecord);
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

  /** Says that no more will come, and closes. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#append([encodeLine({ end: true })]);
    } finally {
      await this.#file.close();
    }
  }

  async #append(lines: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#file.write(lines, this.#end);
      if (this.#durability === "power") await this.#file.sync();
    } catch (error) {
      await this.#file.resize(this.#end);
      throw error;
    }
    this.#end += lines.reduce((sum, { length }) => sum + length, 0);
  }
}

/** Lines of a file of records from some place on. */
export interface RecordLinesRead {
  readonly lines: readonly PlacedLine[];
  /** The writer has finished. */
  readonly isEnded: boolean;
  /** Where the next line will begin. */
  readonly end: number;
}

/**
 * Reads records. A last line without an end is that of an image which was never acknowledged: it does not count.
 *
 * @param bytes  from `offset`, where a line begins, to the end of the file
 * @throws {VitrineError} format, type, missing: a line that is no record, with its place
 */
export function parseRecords(bytes: Uint8Array, at: string, offset: number): RecordLinesRead {
  const lines: PlacedLine[] = [];
  let isEnded = false;
  const places = linesOf(bytes);
  for (const { start, length } of places) {
    const where = `${at} byte ${offset + start}`;
    const value = parseLine(bytes.subarray(start, start + length), where);
    if (endSchema.safeParse(value).success) isEnded = true;
    else lines.push({ record: parseWithSchema(value, recordSchema, where), offset: offset + start, length });
  }
  return { lines, isEnded, end: offset + places.reduce((sum, { length }) => sum + length, 0) };
}

/** The first line of a file of records, and where the second begins. @throws {VitrineError} format, type, missing */
export function parseHeader(
  bytes: Uint8Array,
  at: string,
): { readonly header: RecordsHeader; readonly end: number } {
  const [first] = linesOf(bytes);
  if (first === undefined) {
    throw new VitrineError({ code: "format", at, expected: "a first line that ends", found: "none" });
  }
  const value = parseLine(bytes.subarray(0, first.length), `${at} byte 0`);
  return { header: parseWithSchema(value, headerSchema, `${at} byte 0`), end: first.length };
}

/** One record from its line. */
export function parseRecord(line: Uint8Array, at: string): ImageRecord {
  return parseWithSchema(parseLine(line, at), recordSchema, at);
}

function linesOf(bytes: Uint8Array): { start: number; length: number }[] {
  const places = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    places.push({ start, length: end + 1 - start });
    start = end + 1;
  }
  return places;
}

function encodeLine(value: RecordsHeader | z.infer<typeof endSchema>): Uint8Array {
  return new TextEncoder().encode(`${formatJson(value)}\n`);
}

function encodeRecord({ metadataJson, ...others }: NewRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(others).slice(0, -1)},"metadata":${metadataJson}}\n`);
}

/** Metadata as JSON, NaN and infinity as Python writes them. @throws {VitrineError} type: JSON cannot hold them */
export function metadataJson(metadata: JsonObject, at: string): string {
  return formatJson(plainJson(metadata, `${at} metadata`));
}

function parseLine(line: Uint8Array, at: string): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch (cause) {
    throw new VitrineError(
      { code: "format", at, expected: "a line of JSON", found: String(cause) },
      { cause },
    );
  }
}
