import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VitrineError } from "../core/index.ts";
import { type JobTarget, runMultiprocessJobs } from "./index.ts";

const module = new URL("../../test/support/jobTargets.mjs", import.meta.url);
const target = (name: string) => ({ module, export: name });
const dist = (path: string) => new URL(`../../dist/${path}`, import.meta.url);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-jobs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function failureOf(promise: Promise<unknown>): Promise<VitrineError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof VitrineError)) throw new Error(`expected a VitrineError, found ${String(error)}`);
  return error;
}

/** The process ids that `announceAndWait` has written, once all are there. */
async function pidsOf(pidFile: string, count: number): Promise<number[]> {
  const files = Array.from({ length: count }, (_, i) => `${pidFile}.${i}`);
  while (!files.every((file) => existsSync(file))) await sleep(5);
  return files.map((file) => Number(readFileSync(file, "utf8")));
}

function isAlive(pid: number): boolean {
  try {
    // Where no init process collects dead orphans (containers), they stay in the table as zombies.
    if (existsSync("/proc/self/stat")) return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("the example of Leopard-EM's documentation", async () => {
  const kwargs = [
    { param1: 1, param2: 2 },
    { param1: 3, param2: 4 },
  ];
  expect(await runMultiprocessJobs(target("add"), kwargs)).toStrictEqual({ 0: 3, 1: 7 });
});

test("no jobs give an empty dictionary", async () => {
  expect(await runMultiprocessJobs(target("add"), [])).toStrictEqual({});
});

test("extra arguments come first, a job's own names win over the common ones, each job has its process", async () => {
  const jobs = [{ own: 1 }, { common: "mine" }];
  const results = await runMultiprocessJobs(target("record"), jobs, ["a", [2]], { common: "all", rest: 0 });
  expect(results).toMatchObject({
    job0: { first: "a", second: [2], kwargs: { common: "all", rest: 0, own: 1 } },
    job1: { first: "a", second: [2], kwargs: { common: "mine", rest: 0 } },
  });
  const pids = Object.values(results).map((value) => (value as { pid: number }).pid);
  expect(new Set([...pids, process.pid]).size).toBe(3);
});

test("the module may be a path relative to the working directory, or a file: URL in a string", async () => {
  const path = relative(process.cwd(), fileURLToPath(module));
  for (const name of [path, `./${path}`, fileURLToPath(module), module.href]) {
    const results = await runMultiprocessJobs({ module: name, export: "add" }, [{ param1: 1, param2: 1 }]);
    expect(results).toEqual({ 0: 2 });
  }
});

test("typed arrays and maps go there and back", async () => {
  const whole = Float32Array.of(9, 1, 2, 3, 9);
  const results = await runMultiprocessJobs(target("storeArrays"), [{ data: whole.subarray(1, 4) }]);
  expect(results).toStrictEqual({
    doubled0: Float32Array.of(2, 4, 6),
    map0: new Map([["key", Float64Array.of(0)]]),
  });
});

test("a job may store several keys, delete one, or store none", async () => {
  expect(await runMultiprocessJobs(target("storeMany"), [{}, {}])).toStrictEqual({ b: 0 });
});

test('"__proto__" and "constructor" are keys like any other', async () => {
  const results = await runMultiprocessJobs(target("storePrototype"), [{}]);
  expect(Object.keys(results)).toEqual(["__proto__", "constructor"]);
  expect(Object.getOwnPropertyDescriptor(results, "__proto__")?.value).toEqual({ polluted: true });
  expect("polluted" in {}).toBe(false);
});

test("jobs see each other's writes", async () => {
  expect(await runMultiprocessJobs(target("talk"), [{}, {}])).toStrictEqual({ question: 20, answer: 21 });
});

test("the later of two writes to one key stays, and every job sees it", async () => {
  const results = await runMultiprocessJobs(target("writeInTurn"), [{}, {}, {}], [], { count: 3 });
  expect(results).toEqual({ last: 2, seen0: 2, seen1: 2, seen2: 2 });
});

test("only assignments are shared, not changes inside a stored value", async () => {
  expect(await runMultiprocessJobs(target("changeInside"), [{}])).toStrictEqual({ lost: [1], kept: [1, 2] });
});

test("a job ends when its function ends, even if it left a timer", async () => {
  expect(await runMultiprocessJobs(target("leaveTimer"), [{}])).toEqual({ 0: "done" });
});

test("a thrown error names the job and keeps name, message, stack and cause; the other jobs are ended", async () => {
  const error = await failureOf(runMultiprocessJobs(target("fail"), [{}, {}, {}], [], { failing: 1 }));
  expect(error.message).toMatchInlineSnapshot(
    `"runMultiprocessJobs(fail) job 1: expected an end without failure, found RangeError: defocus too high."`,
  );
  expect(error.code).toBe("worker");
  expect(error.cause).toMatchObject({ name: "RangeError", message: "defocus too high" });
  expect((error.cause as Error).stack).toContain("jobTargets.mjs");
  expect((error.cause as Error).cause).toMatchObject({ name: "TypeError", message: "inner" });
});

test("a VitrineError in a job keeps its fault and its code", async () => {
  const core = dist("core/index.js").href;
  const error = await failureOf(runMultiprocessJobs(target("failWithFault"), [{ core }]));
  expect(error.code).toBe("format");
  expect(error.cause).toBeInstanceOf(VitrineError);
  expect((error.cause as VitrineError).fault).toEqual({
    code: "format",
    at: "a.mrc header.mode",
    expected: "0",
    found: "77",
  });
});

test("a rejected promise, an error in a timer, an early exit: each is an error that names the job", async () => {
  const messages: string[] = [];
  for (const [name, kwargs] of [
    ["reject", {}],
    ["failLater", {}],
    ["exitEarly", { code: 0 }],
    ["exitEarly", { code: 3 }],
  ] as const) {
    messages.push((await failureOf(runMultiprocessJobs(target(name), [kwargs]))).message);
  }
  expect(messages).toMatchInlineSnapshot(`
    [
      "runMultiprocessJobs(reject) job 0: expected an end without failure, found thrown value: a text.",
      "runMultiprocessJobs(failLater) job 0: expected an end without failure, found from a timer.",
      "runMultiprocessJobs(exitEarly) job 0: expected an end without failure, found the process ended early, by exit code 0.",
      "runMultiprocessJobs(exitEarly) job 0: expected an end without failure, found the process ended early, by exit code 3.",
    ]
  `);
});

test("kill -9 of one job is an error that names it, and ends the others", async () => {
  const pidFile = join(folder, "killed");
  const running = failureOf(runMultiprocessJobs(target("announceAndWait"), [{}, {}, {}], [], { pidFile }));
  const pids = await pidsOf(pidFile, 3);
  process.kill(pids[1], "SIGKILL");
  expect((await running).message).toMatchInlineSnapshot(
    `"runMultiprocessJobs(announceAndWait) job 1: expected an end without failure, found the process ended early, by signal SIGKILL."`,
  );
  expect(pids.map(isAlive)).toEqual([false, false, false]);
});

test("kill -9 of the parent leaves no jobs behind", async () => {
  const pidFile = join(folder, "orphan");
  const script = join(folder, "parent.mjs");
  const work = JSON.stringify({ module: module.href, export: "announceAndWait" });
  writeFileSync(
    script,
    `import { runMultiprocessJobs } from ${JSON.stringify(dist("jobs/index.js").href)};
await runMultiprocessJobs(${work}, [{}, {}], [], { pidFile: ${JSON.stringify(pidFile)} });`,
  );
  const parent = spawn(process.execPath, [script], { stdio: "ignore" });
  const pids = await pidsOf(pidFile, 2);
  parent.kill("SIGKILL");
  await once(parent, "close");
  while (pids.some(isAlive)) await sleep(5); // ends by the test's time limit if one stays
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test("a script given to node -e may use it", async () => {
  const code = `import { runMultiprocessJobs } from ${JSON.stringify(dist("jobs/index.js").href)};
const target = { module: ${JSON.stringify(module.href)}, export: "add" };
console.log(JSON.stringify(await runMultiprocessJobs(target, [{ param1: 1, param2: 2 }])));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const printed = await child.stdout.setEncoding("utf8").toArray();
  expect(printed.join("")).toBe('{"0":3}\n');
});

test("a value that cannot be sent names job and key, in results and in arguments", async () => {
  const stored = await failureOf(runMultiprocessJobs(target("storeFunction"), [{}]));
  const symbol = await failureOf(runMultiprocessJobs(target("storeSymbolKey"), [{}]));
  const kwargs = [{ param1: 1 }, { param1: Promise.resolve(1) }];
  const passed = await failureOf(runMultiprocessJobs(target("add"), kwargs));
  const extra = await failureOf(runMultiprocessJobs(target("add"), [{}], [1, () => 2]));
  expect([stored, symbol, passed, extra].map((error) => error.message)).toMatchInlineSnapshot(`
    [
      "runMultiprocessJobs(storeFunction) job 0 results["bad"]: expected a value that can be sent to another process, found () => 1 could not be cloned. Store plain data, typed arrays, maps or sets; no functions or promises.",
      "runMultiprocessJobs(storeSymbolKey) job 0 results: expected a string or number as key, found Symbol(s).",
      "runMultiprocessJobs(add) job 1 param1: expected a value that can be sent to another process, found #<Promise> could not be cloned. Pass plain data, typed arrays, maps or sets; no functions or promises.",
      "runMultiprocessJobs(add) job 0 extraArgs[1]: expected a value that can be sent to another process, found () => 2 could not be cloned. Pass plain data, typed arrays, maps or sets; no functions or promises.",
    ]
  `);
  expect([stored, symbol, passed, extra].map((error) => error.code)).toEqual([
    "type",
    "type",
    "type",
    "type",
  ]);
});

test("a target that cannot be used is refused with what to do instead", async () => {
  const closure = () => undefined;
  const wrong: unknown[] = [closure, { module }, { module: "https://example.org/a.js", export: "x" }];
  wrong.push({ module: "/a.ts", export: "x" }, { module: "/nowhere/a.js", export: "x" });
  const errors = [];
  for (const one of wrong) errors.push(await failureOf(runMultiprocessJobs(one as JobTarget, [{}])));
  expect(errors.map((error) => error.message)).toMatchInlineSnapshot(`
    [
      "runMultiprocessJobs(target): expected { module, export }, which another process can load, found the function closure. Export the function from a module and pass { module: new URL("./work.js", import.meta.url), export: "work" }.",
      "runMultiprocessJobs(target): expected { module, export }, which another process can load, found object. Export the function from a module and pass { module: new URL("./work.js", import.meta.url), export: "work" }.",
      "runMultiprocessJobs(target).module: expected a path or a file: URL, found https://example.org/a.js.",
      "runMultiprocessJobs(target).module: expected a .js, .mjs or .cjs file, found /a.ts. Node 20 runs JavaScript only: compile the module first.",
      "runMultiprocessJobs(target).module: expected a file, found no /nowhere/a.js.",
    ]
  `);
  expect(errors.map((error) => error.code)).toMatchInlineSnapshot(`
    [
      "type",
      "type",
      "unsupported",
      "unsupported",
      "missing",
    ]
  `);
});

test("an export that is not a function names the module's exports", async () => {
  const error = await failureOf(runMultiprocessJobs(target("notAFunction"), [{}]));
  expect(error.code).toBe("missing");
  expect(error.message).toContain(
    'job 0 target.export: expected a function named "notAFunction", found number; the module exports add,',
  );
});
