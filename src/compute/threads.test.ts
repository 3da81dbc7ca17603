import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { checkSupport } from "./threads.browser.ts";
import { defaultWorkerCount } from "./threads.node.ts";

test("a page without cross-origin isolation is told the two headers", () => {
  // Node, like such a page, has no crossOriginIsolated.
  expect(() => checkSupport()).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: createPool: expected a page with cross-origin isolation, found a page without it. Serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.]`,
  );
});

test("the default number of workers is one that this machine has", () => {
  expect(defaultWorkerCount()).toBeGreaterThanOrEqual(1);
  if (process.env.SLURM_CPUS_PER_TASK === undefined) {
    expect(defaultWorkerCount()).toBeLessThanOrEqual(availableParallelism());
  }
});
