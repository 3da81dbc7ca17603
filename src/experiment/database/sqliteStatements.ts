import Database from "libsql";
import type { SqlitePlace } from "./sqliteDialect.ts";
import type { SqliteAnswer, SqliteRequest } from "./sqliteProtocol.ts";

/** One connection to a SQLite file: statements one after another, each held until its answer is there. */
export class SqliteStatements {
  readonly #place: SqlitePlace;
  readonly #patienceMs: number;
  #database: Database.Database | undefined;
  /** Whether a statement of this connection ended because of another's lock. */
  #wasBusy = false;

  /** Opens nothing yet; `patienceMs` is how long a statement waits for another connection's lock. */
  constructor(place: SqlitePlace, patienceMs: number) {
    this.#place = place;
    this.#patienceMs = patienceMs;
  }

  /** Runs a statement; never throws. */
  answer({ id, sql, parameters }: SqliteRequest): SqliteAnswer {
    try {
      if (this.#wasBusy) this.#renew();
      this.#database ??= this.#open();
      const statement = this.#database.prepare(sql);
      if (statement.reader) return { id, rows: statement.all(...parameters), changes: 0, lastId: 0 };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { id, rows: [], changes, lastId: Number(lastInsertRowid) };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      this.#wasBusy ||= code.startsWith("SQLITE_BUSY");
      return { id, code, message: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  /** A commit is on the disk before it is acknowledged; readers see the last one while another process writes. */
  #open(): Database.Database {
    const opened = new Database(this.#place.path, { timeout: this.#patienceMs });
    opened.exec(`pragma busy_timeout = ${this.#patienceMs}`);
    opened.exec("pragma journal_mode = wal");
    opened.exec("pragma synchronous = full");
    opened.exec("pragma foreign_keys = on");
    opened.exec("pragma cache_size = -65536");
    if (this.#place.isReadOnly) opened.exec("pragma query_only = on");
    return opened;
  }

  /**
   * Closes the connection, so that the next statement opens another. libsql (0.5.29) does not reset a statement that
   * SQLite ended as busy: until it is collected it counts as one that writes, and no transaction of its connection can
   * commit ("cannot commit transaction - SQL statements in progress"; pull requests 237 and 238 of libsql-js).
   */
  #renew(): void {
    if (this.#database?.inTransaction) return;
    this.close();
    this.#wasBusy = false;
  }
}
