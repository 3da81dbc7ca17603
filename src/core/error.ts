/** What kind of trouble a {@link VitrineError} reports. Callers branch on this, never on the message. */
export type ErrorCode =
  | "format"
  | "shape"
  | "type"
  | "range"
  | "missing"
  | "undeterminable"
  | "exists"
  | "storage"
  | "busy"
  | "aborted"
  | "timeout"
  | "worker"
  | "device"
  | "unsupported";

/** The plain data of an error; survives structured clone between threads and processes. */
export interface Fault {
  readonly code: ErrorCode;
  /** File and field, or function and parameter. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;
  /** What the user can do, one sentence without the final full stop. */
  readonly hint?: string;
}

/**
 * The one error class. Its message reads `where: expected what, found what. What to do.`
 *
 * @example
 * throw new VitrineError({ code: "shape", at: "a.mrc", expected: "a cube", found: "3 x 4 x 4" });
 */
export class VitrineError extends Error {
  override readonly name = "VitrineError";
  readonly code: ErrorCode;
  readonly fault: Fault;

  constructor(fault: Fault, options: { readonly cause?: unknown } = {}) {
    const hint = fault.hint === undefined ? "" : ` ${fault.hint}.`;
    super(`${fault.at}: expected ${fault.expected}, found ${fault.found}.${hint}`, options);
    this.code = fault.code;
    this.fault = fault;
  }
}

/** Turns anything thrown into a fault that can cross a thread or process border; `at` names where it was caught. */
export function toFault(error: unknown, at: string): Fault {
  if (error instanceof VitrineError) return error.fault;
  const found = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "worker", at, expected: "no failure", found };
}
