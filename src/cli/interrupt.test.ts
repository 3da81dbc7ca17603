import { expect, test } from "vitest";
import { abortOnSignals } from "./interrupt.ts";
import { report } from "./report.ts";

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

test("a command that fails before it waits for anything leaves no listener of signals behind", async () => {
  const listeners = () => process.listenerCount("SIGINT") + process.listenerCount("SIGTERM");
  const before = listeners();
  const fails = report({ text: () => "" }, ({ signal }): Promise<null> => {
    throw new Error(`failed, ${signal.aborted}`);
  });
  await expect(fails).rejects.toThrow("failed, false");
  expect(listeners()).toBe(before);
});
