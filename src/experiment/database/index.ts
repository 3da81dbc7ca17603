export { changeCount } from "./changes.ts";
export { insertRows, type RowsOf } from "./insertRows.ts";
export type { Database, DatabasePlace } from "./open.ts";
export { migrate, openDatabase, requireMigrated } from "./open.ts";
export { type NumberedTable, reserveIds } from "./reserveIds.ts";
export { serverOf } from "./serverOf.ts";
export type * from "./tables.ts";
