/** Parquet by hyparquet's writer, which is loaded with the first file. */
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
