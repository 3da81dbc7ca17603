import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import * as platform from "#threads";
import { buildDomain } from "../../test/support/domain.ts";
import type { VitrineError } from "../core/index.ts";
import { defineJob } from "./job.ts";
import { linePlanBytes, writeLinePlan } from "./linePlan.ts";
import { type Phase, runPhases } from "./phases.ts";
import { createPool, createThreadPool, type PoolOptions, type ThreadPool } from "./pool.ts";
import type { Thread, Threads } from "./threads.ts";

/** Kernels that make the pool's promises visible: how often each index is visited, in which order, and a gate to hold workers. */
const KERNELS = `
export function visit(dst: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) atomic.add<i32>(dst + (<usize>i << 2), 1);
}
export function mirror(src: usize, dst: usize, count: i32, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) store<i32>(dst + (<usize>i << 2), load<i32>(src + (<usize>(count - 1 - i) << 2)) + 1);
}
export function append(list: usize, id: i32, begin: i32, end: i32): void {
  const at = atomic.add<i32>(list, 1);
  store<i32>(list + (<usize>(at + 1) << 2), id);
}
export function gate(words: usize, begin: i32, end: i32): void {
  atomic.add<i32>(words, 1);
  while (atomic.load<i32>(words + 4) == 0) {}
}
export function trap(begin: i32, end: i32): void { unreachable(); }
`;

const phasesJob = defineJob("toy/phases", runPhases);

let domain: { entry: URL } & Disposable;

beforeAll(async () => {
  domain = await buildDomain({ name: "toy", kernels: KERNELS });
});
afterAll(() => domain[Symbol.dispose]());

/** A pool on the kernels above; its threads and how many of them have ended. */
async function openTestPool(options: PoolOptions) {
  const opened: Thread[] = [];
  const ended = { count: 0 };
  const threads: Threads = {
    ...platform,
    startThread(events, entry) {
      const watched = {
        ...events,
        onFailure(found: string, cause: unknown) {
          ended.count++;
          events.onFailure(found, cause);
        },
      };
      const thread = platform.startThread(watched, entry);
      opened.push(thread);
      return thread;
    },
  };
  const pool = await createThreadPool({ ...options, entry: domain.entry }, threads);
  onTestFinished(() => pool.dispose());
  return { pool, threads: opened, ended };
}

function phases(...list: Phase[]): readonly Phase[] {
  return list;
}

function phase(kernel: string, args: readonly number[], count = 1, step = 1): Phase {
  return { kernel, args, count, step };
}

/** Zeroed words. */
function words(pool: ThreadPool, count: number): number {
  const { address } = pool.allocate(4 * count);
  pool.i32(address, count).fill(0);
  return address;
}

/** A job that holds every worker which takes one of `count` ranges, until it is opened. */
function gateJob(pool: ThreadPool, count: number) {
  const address = words(pool, 2);
  const view = () => pool.i32(address, 2);
  return {
    job: phases(phase("gate", [address], count)),
    entered: () => Atomics.load(view(), 0),
    open: () => Atomics.store(view(), 1, 1),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The error of work that must fail. */
async function failure(work: Promise<unknown>): Promise<VitrineError> {
  return work.then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );
}

test.each([1, 2, 3])("%i workers visit every index once for each team", async (workers) => {
  const { pool } = await openTestPool({ workers });
  for (let teams = 1; teams <= workers; teams++) {
    for (const [count, step] of [
      [0, 4],
      [1, 1],
      [7, 100],
      [1000, 1],
      [1000, 7],
      [4096, 64],
    ] as const) {
      const dst = words(pool, count + 1);
      await pool.run(phasesJob, phases(phase("visit", [dst], count, step)), { teams });
      expect([...pool.i32(dst, count + 1)]).toEqual([...Array(count).fill(teams), 0]);
    }
  }
});

test.each([1, 2, 3])("%i workers: every phase sees all of the one before", async (workers) => {
  const { pool } = await openTestPool({ workers });
  const count = 257;
  const [a, b] = [words(pool, count), words(pool, count)];
  pool.i32(a, count).set(Array.from({ length: count }, (_, i) => i));
  const there = phase("mirror", [a, b, count], count, 3);
  const back = phase("mirror", [b, a, count], count, 10);
  await pool.run(phasesJob, phases(...Array.from({ length: 200 }, () => [there, back]).flat()));
  expect([...pool.i32(a, count)]).toEqual(Array.from({ length: count }, (_, i) => i + 400));
});

test("the package's own workers serve its own jobs from the same memory, and name those that they do not know", async () => {
  // of what is loaded beforehand only the first job of it tells
  const pool = await createThreadPool({ workers: 2, domains: ["compute", "nobody"] });
  onTestFinished(() => pool.dispose());
  const { address } = pool.allocate(4 * 8);
  pool.f32(address, 8).set([1, 0, 0, 0, 9, 9, 9, 9]);
  const plan = pool.allocate(linePlanBytes(2));
  writeLinePlan(pool.memory.buffer, plan.address, 2);
  const scratch = { address: pool.allocate(1024).address, bytes: 512 };
  const args = [address, 16, address, 16, 1, plan.address, 0, 1];
  await pool.run(defineJob("compute/phases", runPhases), [
    { kernel: "complexRows", args, scratch, count: 1, step: 1 },
  ]);
  expect([...pool.f32(address, 8)]).toEqual([1, 0, 1, 0, 9, 9, 9, 9]);
  const unknown = (name: `${string}/${string}`) => failure(pool.run(defineJob(name, runPhases), []));
  expect((await unknown("compute/no")).message).toMatchInlineSnapshot(
    `"worker: expected one of compute/phases, found the job compute/no. List it in its domain and the domain in the worker's entry, then run \`npm run build\`."`,
  );
  expect((await unknown("nobody/phases")).message).toMatchInlineSnapshot(
    `"worker: expected one of compute, likelihood, match, pyramid, subtomogram, found the job nobody/phases. List it in its domain and the domain in the worker's entry, then run \`npm run build\`."`,
  );
});

test("memory grows under running workers, old data stay, and new regions are seen", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  const small = words(pool, 100);
  const held = gateJob(pool, 2);
  const running = pool.run(phasesJob, held.job);
  await until(() => held.entered() === 2);
  const before = pool.memory.buffer.byteLength;
  const large = words(pool, 8_000_000);
  expect(pool.memory.buffer.byteLength).toBeGreaterThan(before);
  held.open();
  await running;
  await pool.run(
    phasesJob,
    phases(phase("visit", [small], 100, 3), phase("visit", [large], 8_000_000, 100_000)),
  );
  expect(pool.i32(small, 100).every((value) => value === 1)).toBe(true);
  expect(pool.i32(large, 8_000_000).every((value) => value === 1)).toBe(true);
});

test("kernels reach what lies above 2 GiB", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  pool.allocate(2.5 * 2 ** 30); // never touched, so the system gives addresses and no memory
  const dst = words(pool, 1000);
  expect(dst).toBeGreaterThan(2 ** 31);
  await pool.run(phasesJob, phases(phase("visit", [dst], 1000, 10)));
  expect(pool.i32(dst, 1000).every((value) => value === 1)).toBe(true);
});

test.each([1, 2, 3])("abort: none of %i workers begins another kernel call", async (workers) => {
  const { pool } = await openTestPool({ workers, countLateCalls: true });
  const held = gateJob(pool, 1000);
  const controller = new AbortController();
  const running = failure(pool.run(phasesJob, held.job, { signal: controller.signal }));
  await until(() => held.entered() === workers);
  const reason = new Error("enough");
  controller.abort(reason);
  held.open();
  const error = await running;
  expect(error.message).toMatchInlineSnapshot(`"toy/phases job: expected to finish, found an abort."`);
  expect([error.code, error.cause]).toEqual(["aborted", reason]);
  expect(held.entered()).toBe(workers);
  // Each was inside one call when the flag was raised, and that was its last.
  expect(pool.lateCalls()).toEqual(Array(workers).fill(1));
  const dst = words(pool, 50);
  await pool.run(phasesJob, phases(phase("visit", [dst], 50, 2)));
  expect(pool.i32(dst, 50).every((value) => value === 1)).toBe(true);
  expect(pool.lateCalls()).toEqual(Array(workers).fill(0));
});

test("abort wakes the members that sleep at a barrier", async () => {
  const { pool } = await openTestPool({ workers: 3, countLateCalls: true });
  const dst = words(pool, 1);
  const held = gateJob(pool, 1);
  const controller = new AbortController();
  const job = phases(...held.job, phase("visit", [dst]));
  const running = failure(pool.run(phasesJob, job, { signal: controller.signal }));
  await until(() => held.entered() === 1);
  await new Promise((resolve) => setTimeout(resolve, 50)); // the others are past spinning
  controller.abort();
  held.open();
  expect((await running).code).toBe("aborted");
  expect(pool.lateCalls().sort()).toEqual([0, 0, 1]);
  expect(pool.i32(dst, 1)[0]).toBe(0);
});

test("aborts at any moment neither hang nor leave anything behind", async () => {
  const { pool } = await openTestPool({ workers: 3, countLateCalls: true });
  const dst = words(pool, 64);
  const job = phases(...Array.from({ length: 3000 }, () => phase("visit", [dst], 64, 4)));
  for (let i = 0; i < 40; i++) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), i / 2);
    const ending = pool.run(phasesJob, job, { signal: controller.signal, teams: 1 + (i % 3) });
    await ending.catch((error) => expect(error.code).toBe("aborted"));
    expect(Math.max(...pool.lateCalls())).toBeLessThanOrEqual(1);
  }
  pool.i32(dst, 64).fill(0);
  await pool.run(phasesJob, phases(phase("visit", [dst], 64, 4)));
  expect(pool.i32(dst, 64).every((value) => value === 1)).toBe(true);
});

test("a kernel that traps rejects its job, frees its teammates, and the pool works on", async () => {
  const { pool } = await openTestPool({ workers: 3 });
  const error = await failure(pool.run(phasesJob, phases(phase("trap", []))));
  expect(error.code).toBe("worker");
  expect(error.message.replace(/worker \d/, "worker N")).toMatchInlineSnapshot(
    `"toy/phases job, worker N of 3: expected no failure, found RuntimeError: unreachable."`,
  );
  const outside = await failure(pool.run(phasesJob, phases(phase("visit", [2 ** 32 - 4096], 1000, 1))));
  expect(outside.message).toContain("out of bounds");
  const dst = words(pool, 1);
  await pool.run(phasesJob, phases(phase("visit", [dst])));
  expect(pool.i32(dst, 1)[0]).toBe(1);
});

test("a kernel that does not exist is named", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  const dst = words(pool, 1);
  const error = await failure(pool.run(phasesJob, phases(phase("visit", [dst]), phase("vist", [dst]))));
  expect(error.code).toBe("missing");
  expect(error.message).toMatchInlineSnapshot(
    `"phases[1].kernel: expected a function of the domain's WASM module, found "vist". If it is a new kernel, run \`npm run build\`."`,
  );
});

test("a range that would never end is refused", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  for (const [count, step] of [
    [10, 0],
    [10, -1],
    [-1, 1],
    [1.5, 1],
    [10, Number.NaN],
  ] as const) {
    expect((await failure(pool.run(phasesJob, phases(phase("visit", [0], count, step))))).code).toBe("range");
  }
});

test("the death of a worker rejects running and waiting work and ends the others", async () => {
  const { pool, threads, ended } = await openTestPool({ workers: 3 });
  const held = gateJob(pool, 2); // two in the kernel, one asleep at the barrier
  const running = failure(pool.run(phasesJob, held.job));
  const waiting = failure(pool.run(phasesJob, held.job));
  await until(() => held.entered() === 2);
  await threads[1]!.terminate();
  const error = await running;
  expect(error.code).toBe("worker");
  expect(error.message).toMatchInlineSnapshot(
    `"worker 2 of 3: expected a live thread, found the end of its thread with exit code 1. The pool is of no further use; create another."`,
  );
  expect((await waiting).message).toBe(error.message);
  expect((await failure(pool.run(phasesJob, held.job))).message).toBe(error.message);
  expect(ended.count).toBe(3);
  expect(held.entered()).toBe(2);
});

test("an idle worker's death is told by the next run", async () => {
  const { pool, threads, ended } = await openTestPool({ workers: 2 });
  await threads[0]!.terminate();
  await until(() => ended.count === 2);
  expect((await failure(pool.run(phasesJob, phases()))).message).toContain("worker 1 of 2");
});

test("jobs run one by one in the order of their calls", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  const list = words(pool, 20);
  const held = gateJob(pool, 1);
  const runs = [pool.run(phasesJob, held.job)];
  for (let id = 1; id <= 10; id++) runs.push(pool.run(phasesJob, phases(phase("append", [list, id]))));
  runs.push(failure(pool.run(phasesJob, phases(phase("trap", [])))).then(() => {}));
  runs.push(pool.run(phasesJob, phases(phase("append", [list, 11]))));
  held.open();
  await Promise.all(runs);
  expect([...pool.i32(list, 12)]).toEqual([11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a waiting job is aborted at once and never begins", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  const dst = words(pool, 1);
  const held = gateJob(pool, 1);
  const running = pool.run(phasesJob, held.job);
  const controller = new AbortController();
  const waiting = failure(pool.run(phasesJob, phases(phase("visit", [dst])), { signal: controller.signal }));
  controller.abort();
  expect((await waiting).code).toBe("aborted");
  expect((await failure(pool.run(phasesJob, held.job, { signal: controller.signal }))).code).toBe("aborted");
  held.open();
  await running;
  await pool.run(phasesJob, phases());
  expect(pool.i32(dst, 1)[0]).toBe(0);
});

test("progress grows to what the job reported", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  const dst = words(pool, 1);
  const held = gateJob(pool, 1);
  const told: number[] = [];
  const before = Array.from({ length: 4 }, () => phase("visit", [dst]));
  const job = phases(...before, ...held.job, ...before);
  const running = pool.run(phasesJob, job, { onProgress: (done) => told.push(done) });
  await until(() => told.includes(4)); // from the timer, while the job is held
  held.open();
  await running;
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(told.at(-1)).toBe(9);
});

test("a progress listener that throws stops the work, and its error comes out", async () => {
  const { pool } = await openTestPool({ workers: 2 });
  const held = gateJob(pool, 2);
  const error = new Error("the bar is full");
  let calls = 0;
  const running = failure(
    pool.run(phasesJob, phases(...held.job, ...held.job), {
      onProgress() {
        calls++;
        held.open();
        throw error;
      },
    }),
  );
  expect(await running).toBe(error);
  expect(calls).toBe(1);
});

test("dispose rejects running and waiting work and ends every thread; a second one does nothing", async () => {
  const { pool, ended } = await openTestPool({ workers: 3 });
  const held = gateJob(pool, 2);
  const running = failure(pool.run(phasesJob, held.job));
  const waiting = failure(pool.run(phasesJob, held.job));
  await until(() => held.entered() === 2);
  await pool.dispose();
  expect(ended.count).toBe(3);
  expect((await running).message).toMatchInlineSnapshot(
    `"pool: expected to be in use, found that it was disposed. Create another."`,
  );
  expect((await waiting).code).toBe("aborted");
  expect((await failure(pool.run(phasesJob, phases()))).code).toBe("aborted");
  await pool.dispose();
});

test("an entry that is not there, a wrong number of workers and of teams are errors", async () => {
  const nowhere = new URL("nowhere.mjs", domain.entry);
  expect((await failure(createPool({ workers: 2, entry: nowhere }))).code).toBe("worker");
  for (const workers of [0, -1, 1.5, Number.NaN]) {
    expect((await failure(createPool({ workers }))).code).toBe("range");
  }
  const { pool } = await openTestPool({ workers: 2 });
  for (const teams of [0, 3, 1.5]) {
    expect((await failure(pool.run(phasesJob, phases(), { teams }))).code).toBe("range");
  }
});

test("a module that cannot be linked fails the first job of its domain", async () => {
  using unlinked = await buildDomain({
    name: "toy",
    kernels: "declare function missing(): void;\nexport function call(): void { missing(); }",
  });
  const pool = await createThreadPool({ workers: 2, entry: unlinked.entry });
  onTestFinished(() => pool.dispose());
  const error = await failure(pool.run(phasesJob, phases()));
  expect(error.message).toMatch(/^toy\/phases job, worker \d of 2: .*Import #/);
});

const dist = dirname(dirname(createRequire(import.meta.url).resolve("#worker-entry")));

/** Runs a script in a Node of its own that has a built package as `compute`; its output. */
async function runNode(script: string, folder = dist): Promise<string> {
  const text = `import * as compute from "${pathToFileURL(join(folder, "compute/index.js"))}";\n${script}`;
  const done = promisify(execFile)(process.execPath, ["--input-type=module", "-e", text], {
    timeout: 150_000,
  });
  return (await done).stdout;
}

test("an idle pool does not keep a process alive, a running one does", async () => {
  const out = await runNode(`
    const pool = await compute.createPool({ workers: 2 });
    compute.rfft2(pool, new Float32Array(1024 * 1024).fill(1), [1024, 1024]).then((x) => console.log(x[0]));
  `);
  expect(out).toBe("1048576\n");
});

test("dispose ends a process's threads, and importing alone starts none", async () => {
  const out = await runNode(`
    const threads = () => process.report.getReport().workers.length;
    const before = threads();
    const pool = await compute.createPool({ workers: 2 });
    const open = threads();
    await pool.dispose();
    console.log(before, open, threads());
  `);
  expect(out).toBe("0 2 0\n");
});

test.each(["compute/kernels.relaxed.wasm", "worker/worker.node.js"])(
  "a package without %s says how to build it",
  async (file) => {
    const folder = await mkdtemp(join(tmpdir(), "vitrine-pool-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(join(dist, "../package.json"), join(folder, "package.json"));
    for (const part of ["core", "compute", "worker", "programs"]) {
      // programs: what a whole build joins, and nothing else does
      if (existsSync(join(dist, part)))
        await cp(join(dist, part), join(folder, "dist", part), { recursive: true });
    }
    await rm(join(folder, "dist", file));
    const out = await runNode(
      `const work = async () => compute.rfft2(await compute.createPool({ workers: 1 }), new Float32Array(4), [2, 2]);
      await work().catch((error) => console.log(error.code, error.message));
      process.exit();`,
      join(folder, "dist"),
    );
    expect(out).toMatch(/^missing .*Run `npm run build`/);
  },
);
