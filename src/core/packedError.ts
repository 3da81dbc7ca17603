import { type Fault, VitrineError } from "./error.ts";

/** What was thrown, as plain data: structured clone between threads and processes drops classes and fields. */
export type PackedError =
  | {
      readonly kind: "error";
      readonly name: string;
      /** The built-in class that its class extends. */
      readonly base: string;
      readonly message: string;
      readonly stack?: string;
      readonly fault?: Fault;
      readonly cause?: PackedError;
    }
  /** Not an error: JavaScript throws anything. */
  | { readonly kind: "value"; readonly value: unknown };

/** Errors have causes that have causes, which may lead back to themselves; nobody reads further. */
const DEEPEST_CAUSE = 8;

const BASES = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** Packs whatever was thrown, with its chain of causes. A value that cannot be cloned becomes text. */
export function packError(thrown: unknown, depth = 0): PackedError {
  if (!(thrown instanceof Error)) return { kind: "value", value: cloneable(thrown) };
  const { message, stack, cause } = thrown;
  const hasCause = cause !== undefined && depth < DEEPEST_CAUSE;
  return {
    kind: "error",
    name: nameOf(thrown),
    base: BASES.find((base) => thrown instanceof base)?.name ?? "Error",
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(thrown instanceof VitrineError ? { fault: thrown.fault } : {}),
    ...(hasCause ? { cause: packError(cause, depth + 1) } : {}),
  };
}

/**
 * What {@link packError} packed: an error is of its own class where that is built in or ours, else of the built-in class that its
 * class extends and of its name; always with its message, stack and cause.
 */
export function unpackError(packed: PackedError): unknown {
  if (packed.kind === "value") return packed.value;
  const { name, message, stack, fault, cause } = packed;
  const options = cause === undefined ? {} : { cause: unpackError(cause) };
  const Base = BASES.find((base) => base.name === packed.base) ?? Error;
  const error = fault === undefined ? new Base(message, options) : new VitrineError(fault, options);
  if (error.name !== name)
    Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The name that an error has, or, where nobody gave it one, that of its class. */
function nameOf(error: Error): string {
  const isInherited = error.name === "Error" || BASES.some((base) => base.name === error.name);
  return isInherited ? (error.constructor?.name ?? error.name) : error.name;
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
