export { insertRows, type RowsOf } from "./insertRows.ts";
export type { Database, DatabasePlace } from "./open.ts";
export { migrate, openDatabase, requireMigrated } from "./open.ts";
export { serverOf } from "./postgresDialect.ts";
export { type NumberedTable, reserveIds } from "./reserveIds.ts";
export type * from "./tables.ts";
