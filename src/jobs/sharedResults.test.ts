import fc from "fast-check";
import { expect, test } from "vitest";
import type { Change } from "./protocol.ts";
import { applyChange, sharedResults } from "./sharedResults.ts";

test("a job's own writes and deletions are sent and visible at once", () => {
  const sent: Change[] = [];
  const { proxy } = sharedResults((change) => sent.push(change), "job 0");
  proxy.a = 1;
  proxy[7] = "seven";
  delete proxy.a;
  Object.defineProperty(proxy, "d", { value: 4, enumerable: true, configurable: true, writable: true });
  expect(sent).toEqual([
    { kind: "write", key: "a", value: 1 },
    { kind: "write", key: "7", value: "seven" },
    { kind: "delete", key: "a" },
    { kind: "write", key: "d", value: 4 },
  ]);
  expect({ ...proxy }).toEqual({ 7: "seven", d: 4 });
});

test("a value that cannot be sent names job and key, and is not stored", () => {
  const refuse = () => {
    throw new Error("() => 1 could not be cloned.");
  };
  const { proxy } = sharedResults(refuse, "job 3");
  expect(() => {
    proxy.bad = () => 1;
  }).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: job 3 results["bad"]: expected a value that can be sent to another process, found () => 1 could not be cloned. Store plain data, typed arrays, maps or sets; no functions or promises.]`,
  );
  expect("bad" in proxy).toBe(false);
});

/** What may happen next: job `who` writes, or one message that is under way arrives. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("write"), who: fc.nat(2), key: fc.constantFrom("x", "y", "__proto__") }),
  fc.record({ kind: fc.constant("deliver"), who: fc.nat(2), key: fc.constant("") }),
  fc.record({ kind: fc.constant("take"), who: fc.nat(2), key: fc.constant("") }),
);

test("whatever the order of messages, every copy ends as the parent's, and no job loses its own last write early", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const parent: Record<string, unknown> = {};
      const toParent: Change[][] = [[], [], []];
      const toJob: (Change | { kind: "receipt"; key: string })[][] = [[], [], []];
      const jobs = toParent.map((queue, i) => sharedResults((change) => queue.push(change), `job ${i}`));
      const take = (who: number) => {
        const change = toParent[who].shift();
        if (change === undefined) return;
        applyChange(parent, change);
        toJob.forEach((queue, i) => {
          queue.push(i === who ? { kind: "receipt", key: change.key } : change);
        });
      };
      const deliver = (who: number) => {
        const message = toJob[who].shift();
        if (message?.kind === "receipt") jobs[who].receive(message.key);
        else if (message !== undefined) jobs[who].apply(message);
      };
      for (const [n, { kind, who, key }] of steps.entries()) {
        if (kind === "write") {
          jobs[who].proxy[key] = n;
          expect(jobs[who].proxy[key]).toBe(n);
        } else if (kind === "take") take(who);
        else deliver(who);
      }
      for (let who = 0; who < 3; who++) while (toParent[who].length > 0) take(who);
      for (let who = 0; who < 3; who++) while (toJob[who].length > 0) deliver(who);
      for (const { proxy } of jobs)
        expect(Object.entries(proxy).sort()).toEqual(Object.entries(parent).sort());
    }),
  );
});
