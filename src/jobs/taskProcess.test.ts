import { join } from "node:path";
import { expect, test } from "vitest";
import { newPlace, oneStep, runsIn, squaresStep } from "../../test/support/stepCase.ts";
import { readResult } from "./batchFiles.ts";
import type { LocalEngine } from "./engine.ts";
import { readStepFolder } from "./layout.ts";
import { runStep } from "./runStep.ts";
import { stepLog } from "./states.ts";

const alone = { kind: "local", tasks: 1 } as const;
const resultOf = async (directory: string, index: number) => {
  const folder = await readStepFolder(join(directory, "one-count"));
  return (await readResult(folder, { phase: "count", index })).value;
};
const pids = (directory: string) => runsIn(directory).map((line) => line.split(" ")[2]);

test("batches of all phases share a process, which is there for one at a time", async () => {
  const place = newPlace();
  await runStep(squaresStep([1, 2, 3, 4]), { ...place, engine: alone });
  expect(pids(place.directory)).toHaveLength(6);
  expect(new Set(pids(place.directory)).size).toBe(1);
});

test("each has a log of its own; one that leaves something behind takes its process with it", async () => {
  const place = newPlace();
  await runStep(oneStep("speak", [5, 6, 9, 7]), { ...place, engine: alone });
  const [first, second, third, fourth] = pids(place.directory);
  expect([second, third]).toEqual([first, first]);
  expect(fourth).not.toBe(first);
  for (const [index, value] of [5, 6, 9, 7].entries()) {
    const log = await stepLog(join(place.directory, "one-speak"), { phase: "speak", index });
    const lines = log.trim().split("\n");
    expect(lines.slice(1, 3)).toEqual([`out ${value}`, `err ${value}`]);
    expect([lines.length, lines[0], lines[3]]).toEqual([
      4,
      expect.stringContaining("begins on"),
      expect.stringContaining("done after"),
    ]);
  }
});

test("after a failure the next batch has a new process", async () => {
  const place = newPlace();
  const failing = { ...place, options: { ...place.options, bad: 2 } };
  await expect(runStep(squaresStep([1, 2, 3, 4]), { ...failing, engine: alone })).rejects.toThrow(
    "a bad number",
  );
  const [first, second, third, fourth] = pids(place.directory);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(fourth).toBe(third);
});

test("batches of a process keep things in common, until one fails", async () => {
  const place = newPlace();
  const counts = async (bad: number) => {
    const options = { ...place.options, bad };
    const step = oneStep("count", [5, 6, 7, 8]);
    return runStep(step, { ...place, options, engine: { ...alone, totalCores: 8 }, existing: "overwrite" });
  };
  const values = (await counts(0)).map(([, , value]) => value);
  expect(values).toEqual([1, 2, 3, 4].map((batches) => [batches, 1]));
  await expect(counts(6)).rejects.toThrow("a bad number");
  const infos = await Promise.all([0, 2, 3].map((index) => resultOf(place.directory, index)));
  expect(infos).toEqual([1, 1, 2].map((batches) => [batches, 1]));
});

test("where fewer batches run than might, they share what there is", async () => {
  const coresOf = async (batches: number, engine: Omit<LocalEngine, "kind">) => {
    const step = oneStep(
      "count",
      Array.from({ length: batches }, () => 1),
    );
    const outcome = await runStep(step, { ...newPlace(), engine: { kind: "local", ...engine } });
    return outcome.map(([, , value]) => (Array.isArray(value) ? value[1] : value));
  };
  expect(await coresOf(1, { totalCores: 5 })).toEqual([5]);
  expect(await coresOf(2, { totalCores: 5 })).toEqual([2, 2]);
  expect(await coresOf(1, { totalCores: 5, tasks: 2 })).toEqual([2]);
  expect(await coresOf(1, { totalCores: 5, tasks: 1, cores: 3 })).toEqual([3]);
});
