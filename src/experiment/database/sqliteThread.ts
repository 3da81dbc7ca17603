/** What runs in the thread of a SQLite database: its calls are synchronous, and would hold up everything else. */
import { parentPort } from "node:worker_threads";
import Database from "libsql";
import type { SqliteAnswer, SqliteOrder, SqliteRequest } from "./sqliteProtocol.ts";

/** How long a statement waits for another process's lock. */
const PATIENCE_MS = 10_000;

let path = "";
let isReadOnly = false;
let database: Database.Database | undefined;

/** A commit is on the disk before it is acknowledged; readers see the last one while another process writes. */
function open(): Database.Database {
  const opened = new Database(path, { timeout: PATIENCE_MS });
  opened.exec(`pragma busy_timeout = ${PATIENCE_MS}`);
  opened.exec("pragma journal_mode = wal");
  opened.exec("pragma synchronous = full");
  opened.exec("pragma foreign_keys = on");
  opened.exec("pragma cache_size = -65536");
  if (isReadOnly) opened.exec("pragma query_only = on");
  return opened;
}

function answer({ id, sql, parameters }: SqliteRequest): SqliteAnswer {
  try {
    database ??= open();
    const statement = database.prepare(sql);
    if (statement.reader) return { id, rows: statement.all(...parameters), changes: 0, lastId: 0 };
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { id, rows: [], changes, lastId: Number(lastInsertRowid) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return { id, code, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (order: SqliteOrder) => {
  switch (order.kind) {
    case "open":
      path = order.path;
      isReadOnly = order.isReadOnly;
      return;
    case "run":
      parentPort?.postMessage(answer(order));
      return;
    case "close":
      database?.close();
      parentPort?.close();
  }
});
