import { type Insertable, type Kysely, sql } from "kysely";
import type { DatabaseKind } from "./migrations.ts";
import { snakeCase } from "./reserveIds.ts";
import type { Tables } from "./tables.ts";

/** Rows of one statement: large enough that its cost is the rows', small enough to be held several times. */
const ROWS_AT_ONCE = 10_000;

/** What {@link insertRows} writes. */
export interface RowsOf<T extends keyof Tables> {
  readonly table: T;
  /** All with the same keys. */
  readonly rows: readonly Insertable<Tables[T]>[];
}

/**
 * Writes many rows, thousands a statement: a single JSON text goes to the database, which takes it apart. A statement with
 * a place for each value takes ten times as long to make.
 *
 * @param query  a transaction, so that all rows are there or none
 */
export async function insertRows<T extends keyof Tables>(
  query: Kysely<Tables>,
  kind: DatabaseKind,
  { table, rows }: RowsOf<T>,
): Promise<void> {
  if (rows.length === 0) return;
  const keys = Object.keys(rows[0]);
  const blobs = new Set(keys.filter((key) => rows.some((row) => fieldOf(row, key) instanceof Uint8Array)));
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const part = rows.slice(from, from + ROWS_AT_ONCE);
    const texts = part.map((row) => JSON.stringify(record(row, keys, kind)));
    await statement({ table, keys, blobs, kind, json: `[${texts.join(",")}]` }).execute(query);
  }
}

interface Statement {
  readonly table: string;
  readonly keys: readonly string[];
  readonly blobs: ReadonlySet<string>;
  readonly kind: DatabaseKind;
  readonly json: string;
}

function statement({ table, keys, blobs, kind, json }: Statement) {
  const columns = sql.join(keys.map((key) => sql.ref(key)));
  if (kind === "postgres")
    return sql`insert into ${sql.table(table)} (${columns})
      select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${json}::json)`;
  const values = keys.map((key, i) => {
    const value = sql.raw(`value->>${i}`);
    return blobs.has(key) ? sql`unhex(${value})` : value;
  });
  return sql`insert into ${sql.table(table)} (${columns}) select ${sql.join(values)} from json_each(${json})`;
}

/** A row as the database's own function reads it: values in order for SQLite, by columns' names for PostgreSQL. */
function record(row: object, keys: readonly string[], kind: DatabaseKind): unknown {
  const values = keys.map((key) => plain(fieldOf(row, key), kind));
  return kind === "sqlite" ? values : Object.fromEntries(keys.map((key, i) => [snakeCase(key), values[i]]));
}

function fieldOf(row: object, key: string): unknown {
  return Reflect.get(row, key);
}

function plain(value: unknown, kind: DatabaseKind): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const hex = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
  return kind === "sqlite" ? hex : `\\x${hex}`;
}
