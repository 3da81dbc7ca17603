import { type CellKernels, type CompiledKernels, type LineRange, scanLines } from "./block.ts";

/** A thread that finds rows of one table. */
export interface CellThread {
  /** False while it starts, and once it ended. */
  isReady(): boolean;
  /** Rows of whole lines, -1 where it cannot tell, as of `scanLines`. */
  scan(range: LineRange): Promise<number>;
  /** Nobody needs the table's memory any more. */
  forget(): void;
}

/** What the thread is asked: rows in a memory, or to let go of it. */
export type CellQuestion =
  | {
      readonly id: number;
      readonly table: number;
      readonly module: CompiledKernels;
      readonly memory: WebAssembly.Memory;
      readonly range: LineRange;
    }
  | { readonly forgotten: number };

/** What it answers; first of all that it is there. */
export type CellAnswer = { readonly ready: true } | { readonly id: number; readonly rows: number };

/** The kernels in the memory of the table that was asked about last. */
let last: { readonly table: number; readonly kernels: CellKernels } | undefined;

/** Answers a question; undefined where there is nothing to say. */
export function answerCells(question: CellQuestion): CellAnswer | undefined {
  if ("forgotten" in question) {
    if (last?.table === question.forgotten) last = undefined;
    return undefined;
  }
  const { id, table, module, memory, range } = question;
  if (last?.table !== table) {
    const { exports } = new WebAssembly.Instance(module as WebAssembly.Module, { env: { memory } });
    last = { table, kernels: exports as WebAssembly.Exports & CellKernels };
  }
  return { id, rows: scanLines(last.kernels, range) };
}
