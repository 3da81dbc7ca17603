import { type Fault, VitrineError } from "../core/index.ts";

/** One change of the shared results. */
export type Change =
  | { readonly kind: "write"; readonly key: string; readonly value: unknown }
  | { readonly kind: "delete"; readonly key: string };

/** What the parent sends to a job: its work once, then other jobs' changes, and receipts of its own ones. */
export type ToJob =
  | {
      readonly kind: "start";
      readonly label: string;
      readonly module: string;
      readonly export: string;
      readonly index: number;
      readonly args: readonly unknown[];
      readonly kwargs: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "receipt"; readonly key: string }
  | Change;

/** What a job sends to the parent. After `end` or `failure` nothing follows. */
export type FromJob =
  | Change
  | { readonly kind: "end" }
  | { readonly kind: "failure"; readonly error: PackedError };

/** An error as plain data, since structured clone drops classes and fields. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly fault?: Fault;
  readonly cause?: PackedError;
}

const DEEPEST_CAUSE = 8; // a cause that leads back to itself must not be followed for ever

/** Packs anything thrown, with its chain of causes. */
export function packError(thrown: unknown, depth = 0): PackedError {
  if (!(thrown instanceof Error)) return { name: "thrown value", message: describe(thrown) };
  const hasCause = thrown.cause !== undefined && depth < DEEPEST_CAUSE;
  return {
    name: thrown.name,
    message: thrown.message,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(thrown instanceof VitrineError ? { fault: thrown.fault } : {}),
    ...(hasCause ? { cause: packError(thrown.cause, depth + 1) } : {}),
  };
}

/** The error that {@link packError} packed: a VitrineError if it was one, else an Error of the same name and stack. */
export function unpackError(packed: PackedError): Error {
  const cause = packed.cause === undefined ? undefined : unpackError(packed.cause);
  const options = cause === undefined ? {} : { cause };
  const error =
    packed.fault === undefined ? plainError(packed, options) : new VitrineError(packed.fault, options);
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}

function plainError({ name, message }: PackedError, options: { readonly cause?: Error }): Error {
  return Object.assign(new Error(message, options), { name });
}

function describe(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  try {
    return JSON.stringify(thrown) ?? "an object";
  } catch {
    return "an object that has no JSON";
  }
}
