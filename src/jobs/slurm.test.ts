import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requirement } from "../../test/support/require.ts";
import { killIfThere, type SlurmCluster, startSlurm } from "../../test/support/slurmCluster.ts";
import { newPlace, oneStep, runsIn, squaresOf, squaresStep, until } from "../../test/support/stepCase.ts";
import { initStep } from "./initStep.ts";
import { readStepFolder } from "./layout.ts";
import { collectStep, resubmitStep, runStep, submitStep } from "./runStep.ts";
import { parseAccounts, parseQueue, parseTasks } from "./slurmCommands.ts";
import { readSubmissions } from "./slurmSubmit.ts";
import { stepInfo } from "./states.ts";

const engine = { kind: "slurm", pollS: 0.3 } as const;
const { available } = requirement("slurm");

describe.skipIf(!available)("a real cluster of four nodes", () => {
  let cluster: SlurmCluster | undefined;
  beforeAll(async () => {
    cluster = await startSlurm({ maxArraySize: 3 });
  });
  afterAll(() => cluster?.stop());

  test("arrays are split at the cluster's limit, phases wait for each other, results are those of this machine", async () => {
    const numbers = [3, 1, 4, 1, 5, 9, 2];
    const place = newPlace();
    const values = await runStep(squaresStep(numbers), { ...place, engine });
    expect(values).toEqual(squaresOf(numbers));
    const submissions = await readSubmissions(await readStepFolder(join(place.directory, "squares")));
    expect(submissions.map(({ phase, indices }) => [phase, indices.length])).toEqual([
      ["square", 3],
      ["square", 3],
      ["square", 1],
      ["sum", 3],
    ]);
    const here = newPlace();
    await runStep(squaresStep(numbers), { ...here, engine: { kind: "local" } });
    for (const [phase, file] of [
      ["square", "square.bin"],
      ["sum", "sum.bin"],
    ])
      expect(resultBytes(place.directory, phase, file)).toEqual(resultBytes(here.directory, phase, file));
  });

  test("a failed batch ends the chain by name; resubmitting runs what is missing", async () => {
    const place = newPlace();
    const step = squaresStep([1, 2]);
    const bad = { ...place, options: { ...place.options, bad: 2 }, engine };
    await expect(runStep(step, bad)).rejects.toThrow(
      "squares square 1: expected a batch that is done, found Error: a bad number.",
    );
    const path = join(place.directory, "squares");
    const record = JSON.parse(readFileSync(join(path, "step.json"), "utf8"));
    writeFileSync(join(path, "step.json"), JSON.stringify({ ...record, options: place.options }));
    await resubmitStep(path, { engine });
    expect(await collectStep(step, path)).toEqual(squaresOf([1, 2]));
    expect(runsIn(place.directory).filter((line) => line.startsWith("square 0"))).toHaveLength(1);
  });

  test("a killed task and a lost node run again", async () => {
    const place = newPlace();
    const warnings: string[] = [];
    const work = runStep(oneStep("wait", [10, 20]), {
      ...place,
      engine: { ...engine, watchdogS: 10 },
      heartbeatMs: 300,
      onLog: (message) => warnings.push(message),
    });
    await until(() => runsIn(place.directory).length >= 2);
    const [first] = runsIn(place.directory);
    killIfThere(Number(first.split(" ")[2]));
    await until(() => runsIn(place.directory).length >= 3);
    const before = runsIn(place.directory);
    const node = execFileSync("squeue", ["-h", "-t", "R", "-o", "%N"], { encoding: "utf8" })
      .trim()
      .split("\n")[0];
    for (const line of before) killIfThere(Number(line.split(" ")[2]));
    cluster!.killNode(node);
    await until(() => runsIn(place.directory).length >= before.length + 2);
    writeFileSync(join(place.directory, "go"), "");
    expect(await work).toEqual([
      ["wait", 0, 10],
      ["wait", 1, 20],
    ]);
    expect(warnings[0]).toMatch(/^wait \d: the cluster lost it; it runs again \(1 of 3\)$/);
    cluster!.startNode(node);
  });

  test("a killed submitter leaves its tasks; resubmitting takes them over and finishes", async () => {
    const place = newPlace();
    const step = oneStep("wait", [1, 2, 3, 4]);
    const { path } = await initStep(step, place);
    const code = `import { resubmitStep } from ${JSON.stringify(new URL("../../dist/jobs/index.js", import.meta.url).href)};
      await resubmitStep(${JSON.stringify(path)}, { engine: { kind: "slurm", pollS: 0.3 } });`;
    const submitter = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
    await until(() => runsIn(place.directory).length >= 1);
    submitter.kill("SIGKILL");
    const finish = resubmitStep(path, { engine });
    writeFileSync(join(place.directory, "go"), "");
    await finish;
    expect(await collectStep(step, path)).toEqual([1, 2, 3, 4].map((value, i) => ["wait", i, value]));
    expect(runsIn(place.directory)).toHaveLength(4);
  });

  test("an interrupt cancels the tasks, which write checkpoints; what follows goes on from them", async () => {
    const place = newPlace();
    const step = oneStep("wait", [10]);
    const controller = new AbortController();
    const work = runStep(step, { ...place, engine, signal: controller.signal });
    const failure = expect(work).rejects.toThrow(
      "an abort when 0 of 1 batches were done, 1 has a checkpoint.",
    );
    await until(() => runsIn(place.directory).length === 1);
    controller.abort(new Error("received SIGINT"));
    await failure;
    writeFileSync(join(place.directory, "go"), "");
    expect(await runStep(step, { ...place, engine, existing: "resume" })).toEqual([["wait", 0, 17]]);
  });

  test("a step left to the cluster is done without anybody waiting", async () => {
    const place = newPlace();
    const { path } = await initStep(squaresStep([1, 2]), place);
    expect(await submitStep(path, { engine })).toHaveLength(2);
    await until(async () => (await stepInfo(path)).batches.every(({ state }) => state === "done"));
  });

  test("what the cluster refuses is one error with its words", async () => {
    const place = newPlace();
    const work = runStep(oneStep("square", [1]), { ...place, engine: { ...engine, partition: "nowhere" } });
    await expect(work).rejects.toMatchObject({ code: "device" });
    await expect(work).rejects.toThrow(/^sbatch: expected a cluster that takes the job, found .*nowhere/);
    const option = { ...engine, sbatch: ["--no-such-option"] };
    const other = runStep(oneStep("square", [1]), { ...newPlace(), engine: option });
    await expect(other).rejects.toThrow(/sbatch: .*no-such-option/);
  });
});

/** The bytes of a file of every result of a phase, by index. */
function resultBytes(directory: string, phase: string, file: string): string[] {
  const bytes: string[] = [];
  for (let index = 0; ; index++) {
    const record = join(directory, "squares", "results", phase, `${index}.json`);
    if (!existsSync(record)) return bytes;
    const { stored } = JSON.parse(readFileSync(record, "utf8")).files[file];
    bytes.push(
      readFileSync(join(directory, "squares", "results", phase, `${index}.${stored}`)).toString("hex"),
    );
  }
}

test("without Slurm's commands there is one error that says so", async () => {
  const path = process.env.PATH;
  process.env.PATH = newPlace().directory;
  try {
    await expect(runStep(oneStep("square", [1]), { ...newPlace(), engine })).rejects.toThrow(
      "scontrol: expected the commands of Slurm on PATH, found no such command. Run it where the cluster's jobs are submitted, or take the engine local.",
    );
  } finally {
    process.env.PATH = path;
  }
});

describe("what Slurm says", () => {
  test("tasks of an array's text", () => {
    expect(parseTasks("3,5-7,10-20:5%4")).toEqual([3, 5, 6, 7, 10, 15, 20]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(10_000), { minLength: 1 }), (tasks) => {
        expect(parseTasks(`${tasks.join(",")}%7`)).toEqual(tasks);
      }),
    );
  });

  test("queues of earlier and later versions say the same", () => {
    const job = { name: "a", array_job_id: 7, array_task_id: 2, array_task_string: "", job_state: "RUNNING" };
    const later = {
      ...job,
      array_job_id: { set: true, infinite: false, number: 7 },
      array_task_id: { set: true, infinite: false, number: 2 },
      job_state: ["RUNNING"],
    };
    const expected = [{ job: "7", task: 2, name: "a", state: "RUNNING" }];
    expect(parseQueue(JSON.stringify({ jobs: [job] }))).toEqual(expected);
    expect(parseQueue(JSON.stringify({ jobs: [later] }))).toEqual(expected);
    const waiting = { ...job, array_task_id: null, array_task_string: "0-2%1", job_state: "PENDING" };
    expect(parseQueue(JSON.stringify({ jobs: [waiting] }))).toHaveLength(3);
    expect(() => parseQueue("slurm_load_jobs error")).toThrow(/^squeue --json: expected jobs/);
  });

  test("accounts of tasks", () => {
    expect(parseAccounts("7_2|a|COMPLETED\n7_3|a|CANCELLED by 0\n7_[4-9]|a|PENDING\n8|b|FAILED\n")).toEqual([
      { job: "7", task: 2, name: "a", state: "COMPLETED" },
      { job: "7", task: 3, name: "a", state: "CANCELLED" },
    ]);
  });
});
