/** Columns of many rows as arrays of numbers: a million rows as objects take six times the processor time, and a gigabyte. */
import { type AliasedExpression, sql } from "kysely";
import type { Experiment } from "../experiment.ts";

/** Rows of a query that is aliased `r` and has a limit, without which their order is not kept. */
export const ALL_ROWS = 2 ** 31 - 1;

/**
 * Numbers by the names of columns, in the order of the rows; null where there is none. They are the database's, to the last bit.
 *
 * @param rows  with an order and a limit
 */
export async function readNumbers<Name extends string>(
  { query, databaseKind }: Pick<Experiment, "query" | "databaseKind">,
  rows: AliasedExpression<Record<Name, unknown>, "r">,
  names: readonly Name[],
): Promise<Record<Name, (number | null)[]>> {
  const text = NUMBER_TEXTS[databaseKind];
  const found = await query
    .selectFrom(rows)
    .select(names.map((name) => text(name).as(name)))
    .executeTakeFirstOrThrow();
  const values = found as Readonly<Record<string, string | null>>;
  return Object.fromEntries(names.map((name) => [name, numbersOf(values[name])])) as Record<
    Name,
    (number | null)[]
  >;
}

/** Texts by the names of columns, in the order of the rows; null where there is none. */
export async function readTexts<Name extends string>(
  { query, databaseKind }: Pick<Experiment, "query" | "databaseKind">,
  rows: AliasedExpression<Record<Name, unknown>, "r">,
  names: readonly Name[],
): Promise<Record<Name, (string | null)[]>> {
  const list = { sqlite: sql`json_group_array`, postgres: sql`json_agg` }[databaseKind];
  const found = await query
    .selectFrom(rows)
    .select(names.map((name) => sql<unknown>`${list}(${sql.ref(`r.${name}`)})`.as(name)))
    .executeTakeFirstOrThrow();
  const values = found as Readonly<Record<string, unknown>>;
  // PostgreSQL's client parses JSON itself, and has null where there is no row
  const parsed = (value: unknown) => (typeof value === "string" ? JSON.parse(value) : (value ?? []));
  return Object.fromEntries(names.map((name) => [name, parsed(values[name])])) as Record<
    Name,
    (string | null)[]
  >;
}

/** Seventeen figures tell a 64-bit float. */
const NUMBER_TEXTS = {
  sqlite: (name: string) => {
    const value = sql.ref(`r.${name}`);
    return sql<string | null>`group_concat(case when ${value} is null then 'null'
      when typeof(${value}) = 'integer' then ${value} else format('%!.17g', ${value}) end)`;
  },
  postgres: (name: string) =>
    sql<string | null>`string_agg(coalesce(${sql.ref(`r.${name}`)}::text, 'null'), ',')`,
};

function numbersOf(text: string | null): (number | null)[] {
  if (text === null) return [];
  // what JSON has no word for
  const words = /[IN]/.test(text)
    ? text.replace(/(-?)Inf(inity)?/g, "$11e999").replaceAll("NaN", "null")
    : text;
  return JSON.parse(`[${words}]`);
}
