/** Steps of the tests of the engines: their batches are functions of stepTargets.mjs. */
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Json, Step } from "../../src/jobs/index.ts";
import { removePatiently } from "./patiently.ts";

/** A step's outcome: phase, index and value of every result. */
export type Values = [string, number, Json][];

const module = new URL("./stepTargets.mjs", import.meta.url);

/** A step of one phase. */
export function oneStep(name: string, batches: readonly Json[]): Step<Json, Json, Values> {
  return {
    name: `one-${name}`,
    phases: [{ name, target: { module, export: name }, unit: "batches" }],
    init: () => batches,
    collect: collectValues,
    collectTarget: { module, export: "collectValues" },
  };
}

/** Squares of numbers, then sums of pairs of them. */
export function squaresStep(numbers: readonly number[]): Step<Json, Json, Values> {
  const pairs = numbers.flatMap((_, i) => (i % 2 === 0 && i + 1 < numbers.length ? [[i, i + 1]] : []));
  return {
    name: "squares",
    phases: [
      { name: "square", target: { module, export: "square" }, unit: "numbers" },
      { name: "sum", target: { module, export: "sum" }, unit: "sums" },
    ],
    init: (phase) => (phase === "square" ? numbers : pairs),
    collect: collectValues,
  };
}

async function collectValues(results: AsyncIterable<{ phase: string; index: number; value: Json }>) {
  const values: Values = [];
  for await (const { phase, index, value } of results) values.push([phase, index, value]);
  return values;
}

/** What {@link squaresStep} must give. */
export function squaresOf(numbers: readonly number[]): Values {
  const squares = numbers.map((n) => n * n);
  const sums = squares.flatMap((square, i) => (i % 2 === 1 ? [squares[i - 1] + square] : []));
  return [
    ...squares.map((n, i) => ["square", i, n] as [string, number, Json]),
    ...sums.map((n, i) => ["sum", i, n] as [string, number, Json]),
  ];
}

/** A new folder for the test that runs, whose end removes it; the batches find it in the step's options. */
export function newPlace(identity: Record<string, Json> = { config: 1, kernels: "relaxed" }) {
  const directory = mkdtempSync(join(tmpdir(), "vitrine-step-"));
  // a batch that was just killed may still end a write
  onTestFinished(() => removePatiently(directory));
  return { directory, identity, options: { dir: directory } };
}

/** Lines of `phase index pid`, one for each time that a batch began. */
export function runsIn(directory: string): string[] {
  const path = join(directory, "runs.txt");
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

/** Waits until something is so. @throws after two minutes */
export async function until(what: () => boolean | Promise<boolean>, limitMs = 120_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await what())) {
    if (Date.now() > end) throw new Error(`it never came to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
