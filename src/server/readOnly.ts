import { VitrineError } from "../core/index.ts";

/** What is said to whoever changes something on a server that changes nothing. */
export function readOnly(at: string): VitrineError {
  return new VitrineError({
    code: "storage",
    at,
    expected: "a server that may change what it serves",
    found: "one that was started with --read-only",
    hint: "Start vitrine serve without --read-only",
  });
}
