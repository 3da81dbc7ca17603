/** Parquet by hyparquet and its writer, which are loaded with the first file. */
import { gunzipSync } from "node:zlib";
import { VitrineError } from "../../../core/index.ts";
import { openFile } from "../../../io/index.ts";
import type { CellValue, ColumnKind, ObjectColumn } from "./tableRows.ts";

const TYPES = { integer: "INT64", number: "DOUBLE", text: "STRING", outline: "BYTE_ARRAY" } as const;

/** GeoParquet 1.1: which columns are outlines; they are pixels, on no globe. */
const GEO = JSON.stringify({
  version: "1.1.0",
  primary_column: "geometry",
  columns: Object.fromEntries(
    ["geometry", "nucleus"].map((name) => [name, { encoding: "WKB", geometry_types: [], crs: null }]),
  ),
});

type Library = typeof import("hyparquet-writer");

/** Makes the bytes of a Parquet file, some rows at a time. */
export class ParquetChunks {
  readonly #columns: readonly ObjectColumn[];
  readonly #bytes: InstanceType<Library["ByteWriter"]>;
  readonly #writer: InstanceType<Library["ParquetWriter"]>;

  private constructor(library: Library, columns: readonly ObjectColumn[]) {
    this.#columns = columns;
    this.#bytes = new library.ByteWriter();
    const schema = library.schemaFromColumnData({
      columnData: columns.map(({ name, kind }) => ({ name, type: TYPES[kind], data: [], nullable: true })),
    });
    const kvMetadata = [{ key: "geo", value: GEO }];
    this.#writer = new library.ParquetWriter({
      writer: this.#bytes,
      schema,
      kvMetadata,
      createdBy: "vitrine",
    });
  }

  /** A file with these columns. */
  static async create(columns: readonly ObjectColumn[]): Promise<ParquetChunks> {
    return new ParquetChunks(await import("hyparquet-writer"), columns);
  }

  /** Adds rows as a group of their own; returns the bytes since the last call. */
  rows(rows: readonly Readonly<Record<string, CellValue>>[]): Uint8Array {
    const columnData = this.#columns.map(({ name, kind }) => ({
      name,
      type: TYPES[kind],
      nullable: true,
      data: rows.map((row) => cellOf(row[name], kind)),
    }));
    this.#writer.write({ columnData, rowGroupSize: rows.length });
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

function cellOf(value: CellValue | undefined, kind: ColumnKind): CellValue | bigint {
  if (value === undefined || value === null) return null;
  return kind === "integer" && typeof value === "number" ? BigInt(value) : value;
}

/** Rows of a Parquet file that are read together. */
const ROWS = 20_000;

/**
 * The rows of a Parquet file by the names of their columns: whole numbers of 64 bits as numbers, bytes without a type as bytes.
 *
 * @throws {VitrineError} format: no Parquet, or damaged; unsupported: packed otherwise than by snappy or gzip
 */
export async function* readParquetRows(path: string): AsyncGenerator<Record<string, unknown>> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const file = await openFile(path);
  try {
    const source = {
      byteLength: file.size,
      async slice(start: number, end = file.size) {
        const bytes = await file.read(start, end - start);
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      },
    };
    const metadata = await telling(path, () => parquetMetadataAsync(source, { geoparquet: false }));
    const rows = Number(metadata.num_rows);
    const compressors = { GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)) };
    for (let rowStart = 0; rowStart < rows; rowStart += ROWS) {
      const rowEnd = Math.min(rows, rowStart + ROWS);
      const what = { file: source, metadata, rowStart, rowEnd, utf8: false, compressors };
      for (const row of await telling(path, () => parquetReadObjects(what))) yield plainRow(row);
    }
  } finally {
    await file.close();
  }
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
        expected: isPacked ? "Parquet that is packed by snappy or gzip, or not packed" : "a Parquet file",
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
