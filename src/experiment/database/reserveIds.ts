import { type Kysely, sql } from "kysely";
import type { DatabaseKind } from "./migrations.ts";
import type { Tables } from "./tables.ts";

/** Tables whose rows have a number of their own that the database can give. */
export type NumberedTable = Exclude<keyof Tables, "experiments">;

/** What {@link reserveIds} is asked for. */
export interface Reservation {
  readonly table: NumberedTable;
  readonly count: number;
}

/**
 * Takes numbers for rows that refer to one another before they are written.
 *
 * @param query  the transaction that writes them: SQLite's lets no other process write meanwhile
 * @returns      the first of `count` numbers that follow one another
 */
export async function reserveIds(
  query: Kysely<Tables>,
  kind: DatabaseKind,
  { table, count }: Reservation,
): Promise<number> {
  if (kind === "sqlite") {
    const answer = await sql<{
      last: number | null;
    }>`select max(id) as last from ${sql.table(table)}`.execute(query);
    return (answer.rows[0].last ?? 0) + 1;
  }
  // The lock keeps others from taking numbers in between; it ends with the transaction.
  await sql`lock table ${sql.table(table)} in share row exclusive mode`.execute(query);
  const sequence = sql`pg_get_serial_sequence(${snakeCase(table)}, 'id')`;
  const answer = await sql<{ last: number }>`
    select setval(${sequence}, nextval(${sequence}) + ${count - 1}) as last`.execute(query);
  return Number(answer.rows[0].last) - count + 1;
}

/** The name of a table or column in SQL. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
