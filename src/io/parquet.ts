/** Parquet by hyparquet and its writer, which are loaded with the first file. */
import { openFile } from "#files";
import { VitrineError } from "../core/index.ts";

/** Rows that are read together. */
const ROWS = 20_000;

/**
 * The rows of a Parquet file by the names of their columns: whole numbers of 64 bits as numbers, as texts where
 * these would lose digits, bytes without a type as bytes.
 *
 * @throws {VitrineError} missing, storage: the file; format: no Parquet, or damaged; unsupported: packed otherwise than by snappy, gzip or
 *   zstd
 */
export async function* readParquetRows(path: string): AsyncGenerator<Record<string, unknown>> {
  const { parquetReadObjects } = await import("hyparquet");
  const { file, source, metadata } = await openParquet(path);
  try {
    const rows = Number(metadata.num_rows);
    const compressors = await unpackers();
    for (let rowStart = 0; rowStart < rows; rowStart += ROWS) {
      const rowEnd = Math.min(rows, rowStart + ROWS);
      const what = { file: source, metadata, rowStart, rowEnd, utf8: false, compressors };
      for (const row of await telling(path, () => parquetReadObjects(what))) yield plainRow(row);
    }
  } finally {
    await file.close();
  }
}

/** The names of a Parquet file's columns, which it has without rows too. @throws {VitrineError} missing, storage, format: the file */
export async function readParquetColumns(path: string): Promise<readonly string[]> {
  const { parquetSchema } = await import("hyparquet");
  const { file, metadata } = await openParquet(path);
  await file.close();
  return parquetSchema(metadata).children.map(({ element }) => element.name);
}

/** The caller closes the file. */
async function openParquet(path: string) {
  const { parquetMetadataAsync } = await import("hyparquet");
  const file = await openFile(path);
  const source = {
    byteLength: file.size,
    async slice(start: number, end = file.size) {
      const bytes = await file.read(start, end - start);
      return new Uint8Array(bytes).buffer;
    },
  };
  try {
    const metadata = await telling(path, () => parquetMetadataAsync(source, { geoparquet: false }));
    return { file, source, metadata };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function unpackers() {
  const [{ gunzipSync }, { decompress }] = await Promise.all([import("fflate"), import("fzstd")]);
  return {
    GZIP: (bytes: Uint8Array) => gunzipSync(bytes),
    ZSTD: (bytes: Uint8Array, length: number) => decompress(bytes, new Uint8Array(length)),
  };
}

/** The library's errors say what, and not where. */
async function telling<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    const isPacked = /compression codec/.test(found);
    throw new VitrineError(
      {
        code: isPacked ? "unsupported" : "format",
        at: path,
        expected: isPacked
          ? "Parquet that is packed by snappy, gzip or zstd, or not packed"
          : "a Parquet file",
        found,
      },
      { cause },
    );
  }
}

/** Whole numbers of more digits than a number holds are texts: they are names of things, and would lose their last digits. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name];
    if (typeof value === "bigint")
      row[name] = Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  }
  return row;
}

/** A column of a Parquet file. */
export interface ParquetField {
  readonly name: string;
  readonly type: "FLOAT" | "DOUBLE" | "INT64" | "BOOLEAN" | "STRING" | "BYTE_ARRAY";
  /** Whether a row may have no value (null). */
  readonly isNullable?: boolean;
}

/** A cell of a Parquet file; null where a row has no value. Whole numbers of INT64 are numbers here. */
export type ParquetValue = number | string | boolean | Uint8Array | null;

/** A column to be written; null where a row has no value. */
export interface ParquetColumn extends ParquetField {
  readonly values: readonly ParquetValue[];
}

type Library = typeof import("hyparquet-writer");

/** Makes the bytes of a Parquet file, packed by snappy, some rows at a time. */
export class ParquetChunks {
  readonly #fields: readonly ParquetField[];
  readonly #bytes: InstanceType<Library["ByteWriter"]>;
  readonly #writer: InstanceType<Library["ParquetWriter"]>;

  private constructor(
    library: Library,
    fields: readonly ParquetField[],
    metadata: Readonly<Record<string, string>>,
  ) {
    this.#fields = fields;
    this.#bytes = new library.ByteWriter();
    const schema = library.schemaFromColumnData({
      columnData: fields.map(({ name, type, isNullable = false }) => ({
        name,
        type,
        data: [],
        nullable: isNullable,
      })),
    });
    const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    this.#writer = new library.ParquetWriter({
      writer: this.#bytes,
      schema,
      kvMetadata,
      createdBy: "vitrine",
    });
  }

  /** A file with these columns. @param metadata  texts by their keys, as GeoParquet's `geo` */
  static async create(
    fields: readonly ParquetField[],
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<ParquetChunks> {
    return new ParquetChunks(await import("hyparquet-writer"), fields, metadata);
  }

  /** Adds rows as a group of their own, a list of values a column; returns the bytes since the last call. */
  rows(columns: readonly (readonly ParquetValue[])[]): Uint8Array {
    const columnData = this.#fields.map(({ name, type, isNullable = false }, i) => ({
      ...{ name, type, nullable: isNullable },
      data: type === "INT64" ? columns[i].map(bigOf) : [...columns[i]],
    }));
    this.#writer.write({ columnData, rowGroupSize: columns[0]?.length ?? 0 });
    return this.#take();
  }

  /** The end of the file. */
  finish(): Uint8Array {
    this.#writer.finish();
    return this.#take();
  }

  #take(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}

function bigOf(value: ParquetValue): bigint | null {
  return value === null ? null : BigInt(Number(value));
}

/** The bytes of a Parquet file of columns that are in memory. */
export async function formatParquet(columns: readonly ParquetColumn[]): Promise<Uint8Array> {
  const fields = columns.map((column) => ({ ...column, isNullable: column.values.includes(null) }));
  const file = await ParquetChunks.create(fields);
  const rows =
    columns.length > 0 && columns[0].values.length > 0
      ? file.rows(columns.map(({ values }) => values))
      : new Uint8Array(0);
  const end = file.finish();
  const bytes = new Uint8Array(rows.length + end.length);
  bytes.set(rows);
  bytes.set(end, rows.length);
  return bytes;
}
