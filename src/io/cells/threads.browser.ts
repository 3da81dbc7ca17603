/** A page has no kernels that scan tables, and so no thread for them. */
import type { CompiledKernels } from "./block.ts";
import type { CellThread } from "./thread.ts";

export type { CellThread } from "./thread.ts";

/** Never. */
export function smallestOfTeam(): number {
  return Infinity;
}

/** None. */
export function borrowCellThread(
  _module: CompiledKernels,
  _memory: WebAssembly.Memory,
): CellThread | undefined {
  return undefined;
}
