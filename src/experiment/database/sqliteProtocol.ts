/** What the thread of a SQLite database is told: which file it has, one statement after another, and its end. */
export type SqliteOrder =
  | { readonly kind: "open"; readonly path: string; readonly isReadOnly: boolean }
  | SqliteRequest
  | { readonly kind: "close" };

/** One statement, with values in the places of its question marks. */
export interface SqliteRequest {
  readonly kind: "run";
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What it gave: rows of a query, or what a change did; or why it failed, by SQLite's own name (`SQLITE_BUSY`). */
export type SqliteAnswer =
  | { readonly id: number; readonly rows: unknown[]; readonly changes: number; readonly lastId: number }
  | { readonly id: number; readonly code: string; readonly message: string };
