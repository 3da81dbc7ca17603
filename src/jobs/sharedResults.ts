import { VitrineError } from "../core/index.ts";
import type { Change } from "./protocol.ts";

/** A job's copy of the results, and the two ways in which the parent changes it. */
export interface SharedResults {
  /** What the target function gets: an object whose writes and deletions are sent to the parent. */
  readonly proxy: Record<string, unknown>;
  /** Another job's change, in the parent's order. */
  apply(change: Change): void;
  /** The parent has taken this job's oldest open change of `key`. */
  receive(key: string): void;
}

/**
 * Makes a job's view of the shared results.
 *
 * The parent decides the order of all changes. A change of this job counts at once here; until its receipt arrives,
 * changes of the same key by others are older in the parent's order and are dropped, so every copy ends equal.
 *
 * @param send   hands one change to the parent; throws if the value cannot be cloned
 * @param label  names the job in errors
 */
export function sharedResults(send: (change: Change) => void, label: string): SharedResults {
  // Without a prototype, so that "__proto__" and "constructor" are keys like any other.
  const values: Record<string, unknown> = Object.create(null);
  const open = new Map<string, number>();

  const submit = (change: Change) => {
    sendOrExplain(send, change, label);
    open.set(change.key, (open.get(change.key) ?? 0) + 1);
    applyChange(values, change);
    return true;
  };
  const proxy = new Proxy(values, {
    set: (_, key, value) => submit({ kind: "write", key: stringKey(key, label), value }),
    deleteProperty: (_, key) => submit({ kind: "delete", key: stringKey(key, label) }),
    defineProperty: (_, key, { value }) => submit({ kind: "write", key: stringKey(key, label), value }),
  });
  return {
    proxy,
    apply: (change) => {
      if (!open.has(change.key)) applyChange(values, change);
    },
    receive: (key) => {
      const left = (open.get(key) ?? 0) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    },
  };
}

/** Carries out one change; "__proto__" becomes a key like any other. */
export function applyChange(values: Record<string, unknown>, change: Change): void {
  if (change.kind === "delete") delete values[change.key];
  else {
    const { key, value } = change;
    Object.defineProperty(values, key, { value, writable: true, enumerable: true, configurable: true });
  }
}

function stringKey(key: string | symbol, label: string): string {
  if (typeof key === "string") return key;
  throw new VitrineError({
    code: "type",
    at: `${label} results`,
    expected: "a string or number as key",
    found: String(key),
  });
}

function sendOrExplain(send: (change: Change) => void, change: Change, label: string): void {
  try {
    send(change);
  } catch (cause) {
    const fault = {
      code: "type",
      at: `${label} results[${JSON.stringify(change.key)}]`,
      expected: "a value that can be sent to another process",
      found: cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause),
      hint: "Store plain data, typed arrays, maps or sets; no functions or promises",
    } as const;
    throw new VitrineError(fault, { cause });
  }
}
