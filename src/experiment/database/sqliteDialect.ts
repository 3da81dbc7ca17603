import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";
import { startWorkerThread } from "../../core/index.node.ts";
import { Semaphore, type WorkerThread } from "../../core/index.ts";
import { noteChange } from "./changes.ts";
import { StatementError, sqliteFault } from "./faults.ts";
import type { SqliteAnswer, SqliteOrder } from "./sqliteProtocol.ts";

/** Where the file of a SQLite database is, and whether it may be changed. */
export interface SqlitePlace {
  readonly path: string;
  readonly isReadOnly: boolean;
}

/** SQLite (libsql) in a thread of its own. */
export function sqliteDialect(place: SqlitePlace): Dialect {
  return {
    createDriver: () => new SqliteDriver(place),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** One connection, lent to one query or transaction after another. */
class SqliteDriver implements Driver {
  readonly #place: SqlitePlace;
  readonly #turn = new Semaphore(1);
  #connection: SqliteConnection | undefined;

  constructor(place: SqlitePlace) {
    this.#place = place;
  }

  async init(): Promise<void> {
    this.#connection = new SqliteConnection(this.#place);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turn.acquire();
    if (this.#connection === undefined) throw new Error("the driver was not started");
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#turn.release();
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    // The lock is taken at once: one that were taken later could find that another process has written in between.
    const mode = settings.accessMode === "read only" ? "deferred" : "immediate";
    await connection.executeQuery(CompiledQuery.raw(`begin ${mode}`));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
    noteChange();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  async destroy(): Promise<void> {
    await this.#connection?.close();
  }
}

/** libsql gives bytes as an ArrayBuffer, where PostgreSQL's client and the tables' types have arrays. */
function withBytes(rows: unknown[]): unknown[] {
  for (const row of rows as Record<string, unknown>[])
    for (const key in row) {
      const value = row[key];
      if (value instanceof ArrayBuffer) row[key] = new Uint8Array(value);
    }
  return rows;
}

interface Pending {
  readonly resolve: (answer: SqliteAnswer) => void;
  readonly reject: (error: Error) => void;
}

class SqliteConnection implements DatabaseConnection {
  readonly #path: string;
  readonly #thread: WorkerThread<SqliteOrder>;
  readonly #pending = new Map<number, Pending>();
  #count = 0;
  #isClosing = false;
  #onClosed = () => {};

  constructor({ path, isReadOnly }: SqlitePlace) {
    this.#path = path;
    this.#thread = startWorkerThread<SqliteOrder, SqliteAnswer>("#experiment-thread", {
      onMessage: (answer) => this.#settle(answer),
      onFailure: (found) => this.#fail(found),
    });
    this.#thread.hold(false);
    this.#thread.post({ kind: "open", path, isReadOnly });
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const answer = await this.#ask(sql, parameters);
    if ("code" in answer) throw sqliteFault(this.#path, new StatementError(answer.code, answer.message));
    if (answer.changes > 0) noteChange();
    return {
      rows: withBytes(answer.rows) as R[],
      numAffectedRows: BigInt(answer.changes),
      insertId: BigInt(answer.lastId),
    };
  }

  // biome-ignore lint/correctness/useYield: what Kysely calls for `stream()`; queries here are taken by pages
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("expected queries by pages: SQLite in a thread does not stream");
  }

  /** Ends the thread after the statements before. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    this.#isClosing = true;
    this.#thread.hold(true);
    this.#thread.post({ kind: "close" });
    await closed;
  }

  #ask(sql: string, parameters: readonly unknown[]): Promise<SqliteAnswer> {
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#thread.hold(true);
      this.#thread.post({ kind: "run", id, sql, parameters });
    });
  }

  #settle(answer: SqliteAnswer): void {
    this.#pending.get(answer.id)?.resolve(answer);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0 && !this.#isClosing) this.#thread.hold(false);
  }

  #fail(found: string): void {
    this.#onClosed();
    for (const { reject } of this.#pending.values())
      reject(sqliteFault(this.#path, new StatementError("THREAD", found)));
    this.#pending.clear();
  }
}
