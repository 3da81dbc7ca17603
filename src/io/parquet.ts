/** Parquet by hyparquet and its writer, which are loaded with the first file. */
import { openFile } from "#files";
import { VitrineError } from "../core/index.ts";

/** Rows that are read together. */
const ROWS = 20_000;

/**
 * The rows of a Parquet file by the names of their columns: whole numbers of 64 bits as numbers, bytes without a type as bytes.
 *
 * @throws {VitrineError} missing, storage: the file; format: no Parquet, or damaged; unsupported: packed otherwise than by snappy, gzip or
 *   zstd
 */
export async function* readParquetRows(path: string): AsyncGenerator<Record<string, unknown>> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const file = await openFile(path);
  try {
    const source = {
      byteLength: file.size,
      async slice(start: number, end = file.size) {
        const bytes = await file.read(start, end - start);
        return new Uint8Array(bytes).buffer;
      },
    };
    const metadata = await telling(path, () => parquetMetadataAsync(source, { geoparquet: false }));
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

function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) if (typeof row[name] === "bigint") row[name] = Number(row[name]);
  return row;
}

/** A column to be written; null where a row has no value. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: "FLOAT" | "DOUBLE" | "INT64" | "BOOLEAN" | "STRING";
  readonly values: readonly (number | string | boolean | null)[];
}

/** The bytes of a Parquet file, packed by snappy, of columns that are in memory. */
export async function formatParquet(columns: readonly ParquetColumn[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columns.map(({ name, type, values }) => ({
    name,
    type,
    nullable: values.includes(null),
    data:
      type === "INT64" ? values.map((value) => (value === null ? null : BigInt(Number(value)))) : [...values],
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
