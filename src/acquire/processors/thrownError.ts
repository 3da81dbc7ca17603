import { VitrineError } from "../../core/index.ts";
import type { ThrownError } from "./protocol.ts";

/** Errors have causes that have causes; nobody reads further. */
const DEEPEST_CAUSE = 8;

/** Whatever was thrown as plain data. */
export function toThrown(thrown: unknown, depth = 0): ThrownError {
  if (!(thrown instanceof Error)) return { kind: "value", value: cloneable(thrown) };
  const { message, stack, cause } = thrown;
  const hasCause = cause !== undefined && depth < DEEPEST_CAUSE;
  return {
    kind: "error",
    name: nameOf(thrown),
    base: BASES.find((base) => thrown instanceof base)?.name ?? "Error",
    message,
    stack,
    fault: thrown instanceof VitrineError ? thrown.fault : undefined,
    cause: hasCause ? toThrown(cause, depth + 1) : undefined,
  };
}

/**
 * What was thrown again: an error is of its own class where that is built in or ours, else of the built-in class that its class
 * extends and of its name; always with its message and stack.
 */
export function fromThrown(thrown: ThrownError): unknown {
  if (thrown.kind === "value") return thrown.value;
  const { name, message, stack, fault, cause } = thrown;
  const options = cause === undefined ? {} : { cause: fromThrown(cause) };
  const Base = BASES.find((base) => base.name === thrown.base) ?? Error;
  const error = fault === undefined ? new Base(message, options) : new VitrineError(fault, options);
  if (error.name !== name)
    Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  if (stack !== undefined) error.stack = stack;
  return error;
}

const BASES = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

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
