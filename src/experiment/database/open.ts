import { CamelCasePlugin, type Dialect, Kysely, Migrator } from "kysely";
import { openPath } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import { type DatabaseKind, migrationsOf } from "./migrations.ts";
import type { PostgresPlace } from "./postgresDialect.ts";
import { serverOf } from "./serverOf.ts";
import { type SqlitePlace, sqliteDialect } from "./sqliteDialect.ts";
import type { Tables } from "./tables.ts";

/** Where the database of an experiment is. */
export type DatabasePlace =
  | ({ readonly kind: "sqlite" } & SqlitePlace)
  | ({ readonly kind: "postgres" } & PostgresPlace);

/** An open database: one set of queries, whichever it is. */
export interface Database {
  readonly kind: DatabaseKind;
  /** Its file or server, for messages. */
  readonly at: string;
  readonly query: Kysely<Tables>;
  /** Where PostgreSQL keeps its tables; SQLite has a file of its own. */
  readonly schema?: string;
}

/** Endings of what SQLite opens beside its file. */
const SQLITE_FILES = ["", "-wal", "-shm", "-journal"];

/** Opens a database; nothing is read before the first query. SQLite's files lie within what is open (`openPath` of core). Whoever opened it calls `query.destroy()`. */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  if (place.kind === "sqlite") for (const each of SQLITE_FILES) await openPath(place.path + each);
  const dialect = place.kind === "sqlite" ? sqliteDialect(place) : await postgresDialectOf(place);
  const at = place.kind === "sqlite" ? place.path : serverOf(place.url);
  const query = new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] });
  return { kind: place.kind, at, query, ...(place.kind === "postgres" && { schema: place.schema }) };
}

/** Its client is loaded where an experiment is on a server, and else never. */
async function postgresDialectOf(place: PostgresPlace): Promise<Dialect> {
  const { postgresDialect } = await import("./postgresDialect.ts");
  return postgresDialect(place);
}

/**
 * Brings the tables up to date: makes them, or changes those of an earlier version, all or none.
 *
 * @throws {VitrineError} unsupported: made by a later version; what a query throws
 */
export async function migrate(database: Database): Promise<void> {
  const { error } = await migratorOf(database).migrateToLatest();
  if (error === undefined) return;
  if (error instanceof Error && error.message.startsWith("corrupted migrations"))
    throw newer(database.at, error);
  throw error;
}

/** Requires the tables of this version, for whoever may not change them. @throws {VitrineError} unsupported */
export async function requireMigrated(database: Database): Promise<void> {
  const known = await migratorOf(database).getMigrations();
  const pending = known.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
  if (pending.length === 0) return;
  throw new VitrineError({
    code: "unsupported",
    at: database.at,
    expected: "the tables of this version",
    found: `none of ${pending.join(", ")}`,
    hint: "Open the experiment for writing once (vitrine experiment show DIR --upgrade)",
  });
}

function migratorOf({ kind, query, schema }: Database): Migrator {
  const migrations = migrationsOf(kind);
  return new Migrator({
    db: query,
    provider: { getMigrations: async () => migrations },
    // else the tables of another experiment on the same server would be taken for this one's
    ...(schema !== undefined && { migrationTableSchema: schema }),
  });
}

function newer(at: string, cause: Error): VitrineError {
  return new VitrineError(
    {
      code: "unsupported",
      at,
      expected: "tables of this or an earlier version",
      found: "those of a later one",
      hint: "Install the newer vitrine",
    },
    { cause },
  );
}
