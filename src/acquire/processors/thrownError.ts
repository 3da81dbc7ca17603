import { VitrineError } from "../../core/index.ts";
import type { ThrownError } from "./protocol.ts";

/** An error as plain data. */
export function toThrown(error: unknown): ThrownError {
  if (!(error instanceof Error))
    return { name: "Error", message: String(error), stack: undefined, fault: undefined };
  const fault = error instanceof VitrineError ? error.fault : undefined;
  return { name: error.name, message: error.message, stack: error.stack, fault };
}

const BUILT_IN = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** The error again: of its own class where that is built in or ours, else an Error of its name; always with its stack. */
export function fromThrown({ name, message, stack, fault }: ThrownError): Error {
  const error = fault === undefined ? ofClass(name, message) : new VitrineError(fault);
  if (stack !== undefined) error.stack = stack;
  return error;
}

function ofClass(name: string, message: string): Error {
  const found = Object.entries(BUILT_IN).find(([each]) => each === name);
  if (found !== undefined) return new found[1](message);
  const error = new Error(message);
  error.name = name;
  return error;
}
