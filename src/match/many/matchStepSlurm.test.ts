import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSameResults, longer, manyCase } from "../../../test/support/manyCase.ts";
import { requirement } from "../../../test/support/require.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { until } from "../../../test/support/stepCase.ts";
import { taskRun } from "../../../test/support/taskRun.ts";
import { collectStepFolder, resubmitStep, runStep } from "../../jobs/index.ts";
import { runMatch } from "../search/program.ts";
import { runMatches } from "./runMany.ts";
import { matchTargets } from "./targets.ts";

const { available } = requirement("slurm");
const scratch = scratchFolder();
const OPTIONS = { workers: 1, zCutoff: 3.5 } as const;
const engine = { kind: "slurm", pollS: 0.3, watchdogS: 5 } as const;
const heartbeatMs = 300;
/** On a machine that does much else; alone each takes a few seconds. */
const LIMIT_MS = 180_000;

describe.skipIf(!available)("searches on a real cluster of four nodes", () => {
  let cluster: SlurmCluster | undefined;
  beforeAll(async () => {
    cluster = await startSlurm({ maxArraySize: 1001 });
  });
  afterAll(() => cluster?.stop());

  test(
    "4 tasks equal the local search byte for byte, while a task and a node's slurmd are killed",
    async () => {
      const [whole, tasks] = [manyCase(scratch, "whole", longer), manyCase(scratch, "tasks", longer)];
      await runMatch(whole.config, { ...OPTIONS, particlesPath: whole.table });
      const { step, options } = await taskRun(tasks, { tasks: 4 });
      const warnings: string[] = [];
      const onLog = (message: string) => warnings.push(message);
      const work = runStep(step, { ...options, engine, heartbeatMs, onLog });
      const path = join(options.directory, "match");
      process.kill(await processOf(path, 0), "SIGKILL");
      const last = await processOf(path, 3);
      cluster?.killNode(nodeOf(last));
      process.kill(last, "SIGKILL");
      await work;
      // A task may be given to the dead node once more before the cluster knows that it is down.
      const lost = warnings.map((text) => /^search (\d): the cluster lost it; it runs again/.exec(text)?.[1]);
      expect([...new Set(lost)].sort()).toEqual(["0", "3"]);
      expectSameResults(tasks.folder, whole.folder);
    },
    LIMIT_MS,
  );

  test(
    "2 micrographs of 2 tasks whose submitter is killed are finished by resubmit, the same bytes",
    async () => {
      const [whole, tasks] = [manyCase(scratch, "many", longer), manyCase(scratch, "manyTasks", longer)];
      const two = (all: typeof whole) => all.micrographs.slice(1);
      const targets = await matchTargets({ configs: [whole.config], micrographs: two(whole) });
      await runMatches(targets, { ...OPTIONS, particlesPath: whole.table });
      const { path } = await (await taskRun(tasks, { tasks: 2, micrographs: two(tasks) })).init();
      const jobs = new URL("../../../dist/jobs/index.js", import.meta.url).href;
      const code = `import { resubmitStep } from ${JSON.stringify(jobs)};
      await resubmitStep(${JSON.stringify(path)}, { engine: ${JSON.stringify(engine)} });`;
      const submitter = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
      await processOf(path, 0);
      submitter.kill("SIGKILL");
      await resubmitStep(path, { engine, heartbeatMs });
      expect(await collectStepFolder(path)).toMatchObject({ micrographs: [{}, {}] });
      expectSameResults(tasks.folder, whole.folder);
    },
    LIMIT_MS,
  );
});

/** The process of a part's first run, once it says so. */
async function processOf(path: string, index: number): Promise<number> {
  const log = join(path, `logs/search/${index}.log`);
  const found = () => /process (\d+)/.exec(existsSync(log) ? readFileSync(log, "utf8") : "")?.[1];
  await until(() => found() !== undefined);
  return Number(found());
}

/** The node on which Slurm runs a process. */
function nodeOf(pid: number): string {
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return environment.find((line) => line.startsWith("SLURMD_NODENAME="))?.split("=")[1] ?? "";
}
