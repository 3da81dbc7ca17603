import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mountSmallDisk } from "../../test/support/smallDisk.ts";
import { newPlace, oneStep, runsIn, squaresOf, squaresStep, until } from "../../test/support/stepCase.ts";
import { cleanupStep } from "./cleanup.ts";
import { initStep } from "./initStep.ts";
import { tasksAtOnce } from "./local.ts";
import { collectStep, collectStepFolder, resubmitStep, runStep, submitStep } from "./runStep.ts";
import { stepInfo, stepLog } from "./states.ts";

const local = { kind: "local", tasks: 2, totalCores: 2 } as const;
const smallDisk = mountSmallDisk();

test("phases run one after the other in processes, and their files come with their results", async () => {
  const place = newPlace();
  const numbers = [3, 1, 4, 1, 5];
  const seen: string[] = [];
  const onProgress = ({ done, total, unit }: { done: number; total: number; unit: string }) =>
    seen.push(`${done}/${total} ${unit}`);
  expect(await runStep(squaresStep(numbers), { ...place, engine: local, onProgress })).toEqual(
    squaresOf(numbers),
  );
  expect(seen[0]).toBe("0/5 numbers");
  expect(seen).toContain("5/5 numbers");
  expect(seen.at(-1)).toBe("2/2 sums");
  const path = join(place.directory, "squares");
  const { phases } = await stepInfo(path);
  expect(phases.map(({ counts }) => counts.done)).toEqual([5, 2]);
  expect(await stepLog(path, { phase: "sum", index: 1 })).toMatch(/begins on .*\n.*done after/);
  for (const folder of ["heartbeats/square", "ends", "checkpoints", "scratch/sum"])
    if (existsSync(join(path, folder))) expect(readdirSync(join(path, folder))).toEqual([]);
});

test("what is done is not run again, what failed is, and both by name", async () => {
  const place = newPlace();
  const step = squaresStep([1, 2, 3, 4]);
  const options = { ...place, engine: local, existing: "resume" } as const;
  const bad = { ...options, options: { ...place.options, bad: 3 } };
  await expect(runStep(step, bad)).rejects.toThrow(
    "squares square 2: expected a batch that is done, found Error: a bad number. Its log tells more; resubmitting runs what is missing, and keeps what is done.",
  );
  expect(runsIn(place.directory)).toHaveLength(4);
  const path = join(place.directory, "squares");
  const info = await stepInfo(path);
  expect(info.phases[0].counts).toEqual({ pending: 0, running: 0, done: 3, failed: 1, lost: 0 });
  expect(info.batches[2]).toMatchObject({ state: "failed", message: "Error: a bad number" });
  await expect(collectStep(step, path)).rejects.toMatchObject({ code: "worker" });
  const record = JSON.parse(readFileSync(join(path, "step.json"), "utf8"));
  writeFileSync(join(path, "step.json"), JSON.stringify({ ...record, options: place.options }));
  await resubmitStep(path, { engine: local });
  expect(await collectStep(step, path)).toEqual(squaresOf([1, 2, 3, 4]));
  expect(
    runsIn(place.directory)
      .map((line) => line.split(" ").slice(0, 2).join(" "))
      .sort(),
  ).toEqual(["square 0", "square 1", "square 2", "square 2", "square 3", "sum 0", "sum 1"]);
});

test("a killed batch counts as failed and runs again", async () => {
  const place = newPlace();
  const step = oneStep("wait", [10, 20]);
  const work = runStep(step, { ...place, engine: local });
  const failure = expect(work).rejects.toThrow(
    "one-wait wait 0: expected a batch that is done, found the process ended early, by signal SIGKILL.",
  );
  await until(() => runsIn(place.directory).length === 2);
  const pid = Number(
    runsIn(place.directory)
      .find((line) => line.startsWith("wait 0"))!
      .split(" ")[2],
  );
  process.kill(pid, "SIGKILL");
  writeFileSync(join(place.directory, "go"), "");
  await failure;
  await resubmitStep(join(place.directory, "one-wait"), { engine: local });
  expect(await collectStepFolder(join(place.directory, "one-wait"))).toEqual([
    ["wait", 0, 10],
    ["wait", 1, 20],
  ]);
  expect(runsIn(place.directory)).toHaveLength(3);
});

test("an interrupt lets batches write checkpoints, says so, and what follows goes on from them", async () => {
  const place = newPlace();
  const step = oneStep("wait", [10, 20, 30]);
  const controller = new AbortController();
  const work = runStep(step, { ...place, engine: local, signal: controller.signal });
  const failure = expect(work).rejects.toThrow(
    /^one-wait: expected to finish, found an abort when 0 of 3 batches were done, 2 have checkpoints\. What is done is kept: vitrine jobs resubmit .*one-wait goes on from it, as does --resume\.$/,
  );
  await until(() => runsIn(place.directory).length === 2);
  controller.abort(new Error("received SIGINT"));
  await failure;
  const path = join(place.directory, "one-wait");
  expect((await stepInfo(path)).batches.map(({ state, hasCheckpoint }) => [state, hasCheckpoint])).toEqual([
    ["pending", true],
    ["pending", true],
    ["pending", false],
  ]);
  writeFileSync(join(place.directory, "go"), "");
  const values = await runStep(step, { ...place, engine: local, existing: "resume" });
  expect(values).toEqual([
    ["wait", 0, 17],
    ["wait", 1, 27],
    ["wait", 2, 30],
  ]);
  expect((await stepInfo(path)).batches.some(({ hasCheckpoint }) => hasCheckpoint)).toBe(false);
});

test("a batch whose time is over is told, then killed; its fault is a timeout", async () => {
  const place = newPlace();
  const engine = { ...local, durationS: 1 };
  const work = runStep(oneStep("block", [1]), { ...place, engine, graceS: 0.2 });
  await expect(work).rejects.toMatchObject({ code: "timeout" });
  await expect(work).rejects.toThrow("its time of 1 s is over; killed, as it did not end by itself");
  const { batches } = await stepInfo(join(place.directory, "one-block"));
  expect(batches[0].state).toBe("failed");
});

test("a killed parent leaves no batches behind, not even busy ones, and they count as lost", async () => {
  const place = newPlace();
  await initStep(oneStep("block", [1, 2]), place);
  const path = join(place.directory, "one-block");
  const code = `import { resubmitStep } from ${JSON.stringify(new URL("../../dist/jobs/index.js", import.meta.url).href)};
    await resubmitStep(${JSON.stringify(path)}, { engine: { kind: "local", tasks: 2, totalCores: 2 }, heartbeatMs: 200 });`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  await until(() => runsIn(place.directory).length === 2);
  const pids = runsIn(place.directory).map((line) => Number(line.split(" ")[2]));
  parent.kill("SIGKILL");
  await until(() => pids.every((pid) => !isAlive(pid)));
  await until(async () => (await stepInfo(path, 500)).phases[0].counts.lost === 2);
});

function isAlive(pid: number): boolean {
  const line = execFileSync("ps", ["-o", "stat=", "-p", String(pid)].concat(), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  return line !== "" && !line.startsWith("Z");
}

describe("whose results", () => {
  test("a step of another identity is refused by the part that differs", async () => {
    const place = newPlace();
    await initStep(oneStep("square", [1]), place);
    const path = join(place.directory, "one-square");
    const other = { ...place, identity: { config: 1, kernels: "plain" }, existing: "resume" } as const;
    await expect(initStep(oneStep("square", [1]), other)).rejects.toThrow(
      `${path}: expected states of the same work, found those of another kernels (relaxed, now plain). Overwrite them, or take another directory.`,
    );
    await expect(initStep(oneStep("square", [1]), place)).rejects.toMatchObject({ code: "exists" });
    await initStep(oneStep("square", [1, 2]), { ...other, existing: "overwrite" });
    expect((await stepInfo(path)).batches).toHaveLength(2);
  });

  test("a result of another identity among the others is refused by the part that differs", async () => {
    const place = newPlace();
    const step = oneStep("square", [1, 2]);
    await runStep(step, { ...place, engine: local });
    const foreign = newPlace({ config: 1, kernels: "plain" });
    await runStep(step, { ...foreign, engine: local });
    const of = (directory: string) => join(directory, "one-square", "results", "square", "1.json");
    writeFileSync(of(place.directory), readFileSync(of(foreign.directory)));
    await expect(collectStep(step, join(place.directory, "one-square"))).rejects.toThrow(
      `${of(place.directory)}: expected work of the same configuration, inputs, version and kernels, found another kernels.`,
    );
  });

  test("a batch that finds other kernels than the identity says fails by their name", async () => {
    const place = newPlace();
    const options = { ...place.options, variant: "plain" };
    const work = runStep(oneStep("needsKernels", [1]), { ...place, options, engine: local });
    await expect(work).rejects.toThrow(
      "needsKernels 0 kernels: expected relaxed, as the other batches have, found plain",
    );
  });

  test("a directory of an older or newer layout is refused", async () => {
    const place = newPlace();
    const { path } = await initStep(oneStep("square", [1]), place);
    const file = join(path, "step.json");
    const record = JSON.parse(readFileSync(file, "utf8"));
    for (const [layout, words] of [
      [0, "version 0. An older vitrine made it: finish with that one, or take another directory."],
      [2, "version 2. A newer vitrine made it: use that one, or another directory."],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...record, layout }));
      await expect(stepInfo(path)).rejects.toThrow(
        `${file} layout: expected version 1 of job directories, found ${words}`,
      );
    }
  });

  test("a result whose bytes have changed is no result", async () => {
    const place = newPlace();
    const step = squaresStep([1]);
    await runStep(step, { ...place, engine: local });
    const folder = join(place.directory, "squares", "results", "square");
    const file = readdirSync(folder).find((name) => name.endsWith("square.bin"))!;
    writeFileSync(join(folder, file), "x");
    const reading = {
      ...step,
      collect: async (all: AsyncIterable<{ read(name: string): Promise<Uint8Array> }>) => {
        for await (const one of all) await one.read("square.bin");
      },
    };
    await expect(collectStep(reading, join(place.directory, "squares"))).rejects.toMatchObject({
      code: "format",
    });
  });
});

test("cleaning up removes what the engine made and nothing else", async () => {
  const place = newPlace();
  const path = join(place.directory, "one-square");
  await runStep(oneStep("square", [1, 2]), { ...place, engine: local });
  writeFileSync(join(path, "results", "notes.txt"), "mine");
  await cleanupStep(path);
  expect(readdirSync(path, { recursive: true }).sort()).toEqual(["results", "results/notes.txt"]);
});

test("more than the machine has is refused, and what fits is what runs", () => {
  const engine = { kind: "local", totalCores: 8, totalMemoryBytes: 2 ** 34 } as const;
  expect(tasksAtOnce(engine)).toBe(8);
  expect(tasksAtOnce({ ...engine, cores: 3 })).toBe(2);
  expect(tasksAtOnce({ ...engine, memoryBytes: 2 ** 33 })).toBe(2);
  expect(tasksAtOnce({ ...engine, tasks: 3 })).toBe(3);
  expect(() => tasksAtOnce({ ...engine, cores: 9 })).toThrow("cores of a batch: expected at most 8");
  expect(() => tasksAtOnce({ ...engine, memoryBytes: 2 ** 35 })).toThrow(
    "memory of a batch: expected at most 16.0 GiB, what this machine has, found 32.0 GiB.",
  );
});

test("processes of this machine cannot be left alone", async () => {
  const { path } = await initStep(oneStep("square", [1]), newPlace());
  await expect(submitStep(path, { engine: local })).rejects.toMatchObject({ code: "unsupported" });
});

test.skipIf(smallDisk === undefined)(
  "a full disk is one clear error, and what is done stays done",
  async () => {
    const place = { ...newPlace(), directory: smallDisk! };
    // one after the other: while the large one fills the disk, the small one would find no room either
    const engine = { ...local, tasks: 1 };
    const work = runStep(oneStep("large", [1000, 2_000_000]), { ...place, engine });
    await expect(work).rejects.toThrow(/room for a file of state, found a full disk \(ENOSPC\)/);
    const { phases } = await stepInfo(join(smallDisk!, "one-large"));
    expect(phases[0].counts).toMatchObject({ done: 1, failed: 1 });
  },
);

test("paths of batches and of their join stay relative to where the step was made, whoever finishes it", async () => {
  const place = newPlace();
  const made = realpathSync(place.directory);
  const before = process.cwd();
  const module = new URL("../../test/support/stepTargets.mjs", import.meta.url);
  const step = { ...oneStep("where", [1]), collectTarget: { module, export: "collectWhere" } };
  process.chdir(made);
  try {
    await initStep(step, { ...place, directory: "jobs" });
  } finally {
    process.chdir(before);
  }
  const path = join(made, "jobs/one-where");
  await resubmitStep(path);
  expect(await collectStepFolder(path)).toEqual([made, made]);
  expect(process.cwd()).toBe(before);
});
