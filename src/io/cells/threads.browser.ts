/** A page has no kernels that scan tables, and so no thread for them. */
import type { CellTable, CellThread } from "./thread.ts";

export type { CellThread } from "./thread.ts";

/** None. */
export function borrowCellThread(_table: CellTable): CellThread | undefined {
  return undefined;
}
