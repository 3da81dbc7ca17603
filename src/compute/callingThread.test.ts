import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { VitrineError } from "../core/index.ts";
import { createFft } from "./fft.ts";
import { rfft2 } from "./fftOnce.ts";
import { defineJob } from "./job.ts";
import { runPhases } from "./phases.ts";
import { createPool, createThreadPool, type ThreadPool } from "./pool.ts";
import { enlistCaller } from "./threads.browser.ts";

const phasesJob = defineJob("compute/phases", runPhases);

async function openPool(workers: number): Promise<ThreadPool> {
  const pool = await createThreadPool({ workers, callingThread: true });
  onTestFinished(() => pool.dispose());
  return pool;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error("did not fail")),
    (error: VitrineError) => error,
  );

const SHAPE = [240, 250] as const;
const VALUES = Float32Array.from({ length: SHAPE[0] * SHAPE[1] }, (_, i) => (i * 37) % 101);

test.each([1, 2, 3])("with %d workers the caller does its part of every phase", async (workers) => {
  const threads = await createPool({ workers });
  onTestFinished(() => threads.dispose());
  const expected = await rfft2(threads, VALUES, SHAPE);
  const pool = await openPool(workers);
  for (let time = 0; time < 20; time++) {
    const spectrum = await rfft2(pool, VALUES, SHAPE);
    expect(Buffer.compare(Buffer.from(spectrum.buffer), Buffer.from(expected.buffer))).toBe(0);
  }
});

test("progress is told at the end", async () => {
  const pool = await openPool(2);
  const plan = createFft(pool, { kind: "real2d", shape: SHAPE });
  plan.set("real", VALUES);
  const done: number[] = [];
  await plan.run("forward", { onProgress: (amount) => done.push(amount) });
  expect(done.length).toBeGreaterThan(0);
});

test("a fault in the caller's part is told, and the pool works on", async () => {
  const pool = await openPool(1);
  const job = [{ kernel: "nowhere", args: [], count: 1, step: 1 }];
  expect((await failure(pool.run(phasesJob, job))).message).toContain("phases[0].kernel");
  const [sum] = await rfft2(pool, VALUES, SHAPE);
  expect(sum).toBe(VALUES.reduce((total, value) => total + value));
});

test("work that has not begun is left alone by an abort and by the pool's end, and nothing waits for threads that are gone", async () => {
  const pool = await openPool(2);
  const plan = createFft(pool, { kind: "real2d", shape: SHAPE });
  plan.set("real", VALUES);
  expect((await failure(plan.run("forward", { signal: AbortSignal.abort() }))).code).toBe("aborted");
  plan.set("real", VALUES);
  const running = failure(plan.run("forward"));
  await pool.dispose();
  expect((await running).message).toContain("it was disposed");
});

test("one thread fewer starts", async () => {
  const dist = dirname(dirname(createRequire(import.meta.url).resolve("#worker-entry")));
  const program = `import { createPool, rfft2 } from "${pathToFileURL(join(dist, "compute/index.js"))}";
const pool = await createPool({ workers: 2, callingThread: true });
const [sum] = await rfft2(pool, new Float32Array(4096).fill(1), [64, 64]);
console.log(sum, process.report.getReport().workers.length);
await pool.dispose();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  expect(stdout).toBe("4096 1\n");
});

test("a page, and an entry of one's own, are refused", async () => {
  expect(() => enlistCaller()).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: createPool callingThread: expected Node, found a page, whose own thread may not wait for others. Leave it out.]`,
  );
  const entry = new URL("file:///lab/worker.mjs");
  const error = await failure(createPool({ workers: 2, callingThread: true, entry }));
  expect(error.message).toMatchInlineSnapshot(
    `"createPool callingThread: expected the package's own domains, found the entry file:///lab/worker.mjs. Leave callingThread or entry out."`,
  );
});
