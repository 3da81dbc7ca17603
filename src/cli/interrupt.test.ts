import { expect, test } from "vitest";
import { abortOnSignals } from "./interrupt.ts";

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s raises the signal with its name; afterwards nobody listens",
  (name) => {
    const before = process.listenerCount(name);
    const interrupt = abortOnSignals();
    process.emit(name, name);
    expect(interrupt.signal.reason).toEqual(new Error(`received ${name}`));
    interrupt[Symbol.dispose]();
    expect(process.listenerCount(name)).toBe(before);
  },
);
