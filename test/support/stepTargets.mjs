/** Functions that the tests of steps run as batches. */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Every run leaves a line, so that a test can count them. */
function began({ phase, index, options }) {
  appendFileSync(join(options.dir, "runs.txt"), `${phase} ${index} ${process.pid}\n`);
}

export function square(batch, context) {
  began(context);
  context.onProgress({ done: 1, total: 2, unit: "halves", rate: 1 });
  if (batch === context.options.bad) throw new Error("a bad number");
  return { value: batch * batch, files: { "square.bin": new Uint8Array([batch, batch * batch]) } };
}

export async function sum(batch, context) {
  began(context);
  const results = await Promise.all(batch.map((index) => context.resultOf("square", index)));
  const bytes = await Promise.all(results.map((result) => result.read("square.bin")));
  const path = context.scratch("sum.bin");
  const { mkdirSync } = await import("node:fs");
  const { dirname } = await import("node:path");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, new Uint8Array(bytes.flatMap((one) => [...one])));
  return { value: results.reduce((all, { value }) => all + value, 0), files: { "sum.bin": { path } } };
}

/** Waits until a file of the step's folder says go; writes a checkpoint when it is asked to end. */
export async function wait(batch, context) {
  began(context);
  const before = await context.checkpoint.read();
  const from = before === undefined ? 0 : before[0];
  context.onLog(`from ${from}`, "note");
  while (!existsSync(join(context.options.dir, "go"))) {
    if (context.signal.aborted) {
      await context.checkpoint.write(new Uint8Array([from + 7]));
      throw context.signal.reason;
    }
    await sleep(20);
  }
  return { value: batch + from };
}

/** Never ends by itself, and does not listen. */
export function block(_batch, context) {
  began(context);
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

export async function large(batch, context) {
  began(context);
  return { value: batch, files: { "large.bin": new Uint8Array(batch) } };
}

export async function needsKernels(batch, { requireSame, options }) {
  await requireSame("kernels", options.variant);
  return { value: batch };
}

export async function collectValues(results) {
  const values = [];
  for await (const { phase, index, value } of results) values.push([phase, index, value]);
  return values;
}

/** The folder to which paths are relative. */
export function where() {
  return { value: process.cwd() };
}

export async function collectWhere(results) {
  for await (const { value } of results) return [value, process.cwd()];
  return [];
}

/** Says its number on both outputs; one of 9 leaves a timer behind. */
export function speak(batch, context) {
  began(context);
  console.log(`out ${batch}`);
  console.error(`err ${batch}`);
  if (batch === 9) setInterval(() => {}, 1000);
  return { value: batch };
}

/** Which of all batches of its process it is, counted in a thing that they keep, and how many threads it may use. */
export async function count(batch, context) {
  began(context);
  const counter = await context.keep("counter", async () => ({
    batches: 0,
    async [Symbol.asyncDispose]() {},
  }));
  counter.batches++;
  if (batch === context.options.bad) throw new Error("a bad number");
  return { value: [counter.batches, context.cores] };
}
