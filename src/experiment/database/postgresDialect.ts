import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresDialect,
  type QueryResult,
} from "kysely";
import { Pool, types } from "pg";
import { noteChange } from "./changes.ts";
import { postgresFault } from "./faults.ts";
import { serverOf } from "./serverOf.ts";

/** Where a PostgreSQL database is, and which of its schemas holds the experiment. */
export interface PostgresPlace {
  readonly url: string;
  readonly schema: string;
  readonly isReadOnly: boolean;
}

/** How long a statement waits for what another writer holds, ms; as in SQLite. */
const PATIENCE_MS = 10_000;
/** Connections at once. */
const CONNECTIONS = 8;
/** PostgreSQL's number of the type of `count(*)`: 64 bits, which come as text. */
const INT8 = 20;

/** PostgreSQL with PostGIS; an experiment has a schema of its own. */
export function postgresDialect({ url, schema, isReadOnly }: PostgresPlace): Dialect {
  const mode = isReadOnly ? " -c default_transaction_read_only=on" : "";
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    // The schema's name is ours: letters, figures and underscores.
    options: `-c search_path=${schema},public -c lock_timeout=${PATIENCE_MS}${mode}`,
    types: {
      getTypeParser: (oid, format) =>
        oid === INT8 ? Number : types.getTypeParser(oid, format === "binary" ? "text" : format),
    },
  });
  // A connection that breaks while it idles is replaced by the next query, which tells if the server is gone.
  pool.on("error", () => {});
  const dialect = new PostgresDialect({ pool });
  return {
    createDriver: () => new TellingDriver(dialect.createDriver(), serverOf(url)),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

/** Kysely's driver, whose errors say where they come from and what to do. */
class TellingDriver implements Driver {
  readonly #driver: Driver;
  readonly #at: string;
  readonly #inner = new WeakMap<DatabaseConnection, DatabaseConnection>();

  constructor(driver: Driver, at: string) {
    this.#driver = driver;
    this.#at = at;
  }

  init(): Promise<void> {
    return this.#driver.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await this.#telling(() => this.#driver.acquireConnection());
    const telling: DatabaseConnection = {
      executeQuery: async <R>(query: CompiledQuery) => {
        const answer = await this.#telling(() => connection.executeQuery<R>(query));
        if (answer.numAffectedRows) noteChange();
        return answer;
      },
      streamQuery: <R>(query: CompiledQuery, rows?: number): AsyncIterableIterator<QueryResult<R>> =>
        connection.streamQuery<R>(query, rows),
    };
    this.#inner.set(telling, connection);
    return telling;
  }

  beginTransaction(...[connection, settings]: Parameters<Driver["beginTransaction"]>): Promise<void> {
    return this.#telling(() => this.#driver.beginTransaction(this.#of(connection), settings));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#telling(() => this.#driver.commitTransaction(this.#of(connection)));
    noteChange();
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#telling(() => this.#driver.rollbackTransaction(this.#of(connection)));
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#driver.releaseConnection(this.#of(connection));
  }

  destroy(): Promise<void> {
    return this.#driver.destroy();
  }

  #of(connection: DatabaseConnection): DatabaseConnection {
    return this.#inner.get(connection) ?? connection;
  }

  async #telling<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw postgresFault(this.#at, error);
    }
  }
}
