/** What runs in the thread of a SQLite database: its calls are synchronous, and would hold up everything else. */
import { parentPort } from "node:worker_threads";
import type { SqliteOrder } from "./sqliteProtocol.ts";
import { SqliteStatements } from "./sqliteStatements.ts";

/** How long a statement waits for another process's lock. */
const PATIENCE_MS = 10_000;

let statements: SqliteStatements | undefined;

parentPort?.on("message", (order: SqliteOrder) => {
  switch (order.kind) {
    case "open":
      statements = new SqliteStatements(order, PATIENCE_MS);
      return;
    case "run":
      parentPort?.postMessage(statements?.answer(order));
      return;
    case "close":
      statements?.close();
      parentPort?.close();
  }
});
