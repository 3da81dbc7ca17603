import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { killedIn, processOf } from "../../../test/support/killedRun.ts";
import { expectSameResults, longer, manyCase } from "../../../test/support/manyCase.ts";
import { refineCase } from "../../../test/support/manyRefineCase.ts";
import { requirement } from "../../../test/support/require.ts";
import { type Configuration, FEW_ORIENTATIONS, scratchFolder } from "../../../test/support/searchCase.ts";
import { killIfThere, type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { taskRun } from "../../../test/support/taskRun.ts";
import { collectStepFolder, initStep, resubmitStep, runStep } from "../../jobs/index.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { runMatch } from "../search/program.ts";
import { refineStep } from "./refineStep.ts";
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
      const [whole, tasks] = [manyCase(scratch, "whole", longest), manyCase(scratch, "tasks", longest)];
      await runMatch(whole.config, { ...OPTIONS, particlesPath: whole.table });
      const { step, options } = await taskRun(tasks, { tasks: 4 });
      const warnings: string[] = [];
      const onLog = (message: string) => warnings.push(message);
      const work = runStep(step, { ...options, engine, heartbeatMs, onLog });
      const path = join(options.directory, "match");
      // Each is killed as soon as it is seen: they begin in any order, and the last may be done when the first begins.
      await Promise.all([
        processOf(path, { phase: "search", index: 0 }).then((first) => process.kill(first, "SIGKILL")),
        processOf(path, { phase: "search", index: 3 }).then((last) => {
          cluster?.killNode(nodeOf(last));
          killIfThere(last);
        }),
      ]);
      await work;
      // A task may be given to the dead node once more before the cluster knows that it is down.
      const lost = warnings.map((text) => /^search (\d): the cluster lost it; it runs again/.exec(text)?.[1]);
      expect([...new Set(lost)].sort()).toEqual(["0", "3"]);
      expectSameResults(tasks.folder, whole.folder);
    },
    LIMIT_MS,
  );

  test(
    "3 micrographs, submitter and second task killed, are finished by resubmit, the same bytes",
    async () => {
      const [whole, tasks] = [manyCase(scratch, "many", longer), manyCase(scratch, "manyTasks", longer)];
      const targets = await matchTargets({ configs: [whole.config], micrographs: whole.micrographs });
      await runMatches(targets, { ...OPTIONS, particlesPath: whole.table });
      const { path } = await (await taskRun(tasks, { tasks: 1, micrographs: tasks.micrographs })).init();
      process.kill(await killedIn(path, { phase: "search", index: 1 }, engine), "SIGKILL");
      await resubmitStep(path, { engine, heartbeatMs });
      expect(await collectStepFolder(path)).toMatchObject({ micrographs: [{}, {}, {}] });
      expectSameResults(tasks.folder, whole.folder);
    },
    LIMIT_MS,
  );

  test(
    "3 micrographs are refined, one task killed, the bytes of one piece",
    async () => {
      const { folder, config } = await refineCase(scratch, "refine");
      const place = (name: string) => join(folder, "out", name);
      await runRefine(config, { particlesPath: place("whole.csv"), workers: 1 });
      const module = new URL("../../../dist/match/many/refineBatch.js", import.meta.url);
      const { step, ...work } = await refineStep([config], { particlesPath: place("tasks.csv"), module });
      const { path } = await initStep(step, { ...work, directory: place("jobs") });
      process.kill(await killedIn(path, { phase: "refine", index: 1 }, engine), "SIGKILL");
      await resubmitStep(path, { engine, heartbeatMs });
      await collectStepFolder(path);
      expect(readFileSync(place("tasks.csv"), "utf8")).toBe(readFileSync(place("whole.csv"), "utf8"));
    },
    LIMIT_MS,
  );
});

/** Orientations enough for tasks of a second each, so that none is done before it is killed. */
function longest(configuration: Configuration): void {
  configuration.orientation_search_config = { ...FEW_ORIENTATIONS, theta_step: 15, psi_step: 2.5 };
}

/** The node on which Slurm runs a process. */
function nodeOf(pid: number): string {
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return environment.find((line) => line.startsWith("SLURMD_NODENAME="))?.split("=")[1] ?? "";
}
