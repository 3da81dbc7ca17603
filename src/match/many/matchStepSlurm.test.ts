import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { holdBatches, killedIn, processOf } from "../../../test/support/killedRun.ts";
import { expectSameResults, manyCase } from "../../../test/support/manyCase.ts";
import { refineCase } from "../../../test/support/manyRefineCase.ts";
import { requirement } from "../../../test/support/require.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { killIfThere, nodeOf, type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { taskRun } from "../../../test/support/taskRun.ts";
import { collectStepFolder, initStep, resubmitStep } from "../../jobs/index.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { runMatch } from "../search/program.ts";
import { refineStep } from "./refineStep.ts";
import { runMatches } from "./runMany.ts";
import { matchTargets } from "./targets.ts";

const { available } = requirement("slurm");
const scratch = scratchFolder();
const OPTIONS = { workers: 1, zCutoff: 3.5 } as const;
const engine = { kind: "slurm", pollS: 0.3, watchdogS: 10 } as const;
const heartbeatMs = 300;

describe.skipIf(!available)("searches on a real cluster of four nodes", () => {
  let cluster: SlurmCluster | undefined;
  beforeAll(async () => {
    cluster = await startSlurm({ maxArraySize: 1001 });
  });
  afterAll(() => cluster?.stop());

  test("4 tasks equal the local search byte for byte, while a task and a node's slurmd are killed", async () => {
    const [whole, tasks] = [manyCase(scratch, "whole"), manyCase(scratch, "tasks")];
    await runMatch(whole.config, { ...OPTIONS, particlesPath: whole.table });
    const { path } = await (await taskRun(tasks, { tasks: 4 })).init();
    const victims = [0, 3].map((index) => ({ phase: "search", index }));
    const release = holdBatches(path, victims);
    const warnings: string[] = [];
    const onLog = (message: string) => warnings.push(message);
    const work = resubmitStep(path, { engine, heartbeatMs, onLog });
    const [first, last] = await Promise.all(victims.map((batch) => processOf(path, batch)));
    const node = nodeOf(last);
    release();
    killIfThere(first);
    cluster?.killNode(node);
    killIfThere(last);
    await work;
    cluster?.startNode(node);
    await collectStepFolder(path);
    // a task may be given to the dead node once more before the cluster knows that it is down
    const lost = warnings.map((text) => /^search (\d): the cluster lost it; it runs again/.exec(text)?.[1]);
    expect(lost).toEqual(expect.arrayContaining(["0", "3"]));
    expectSameResults(tasks.folder, whole.folder);
  });

  test("3 micrographs, submitter and second task killed, are finished by resubmit, the same bytes", async () => {
    const [whole, tasks] = [manyCase(scratch, "many"), manyCase(scratch, "manyTasks")];
    const targets = await matchTargets({ configs: [whole.config], micrographs: whole.micrographs });
    await runMatches(targets, { ...OPTIONS, particlesPath: whole.table });
    const { path } = await (await taskRun(tasks, { tasks: 1, micrographs: tasks.micrographs })).init();
    killIfThere(await killedIn(path, { phase: "search", index: 1 }, engine));
    await resubmitStep(path, { engine, heartbeatMs });
    expect(await collectStepFolder(path)).toMatchObject({ micrographs: [{}, {}, {}] });
    expectSameResults(tasks.folder, whole.folder);
  });

  test("3 micrographs are refined, one task killed, the bytes of one piece", async () => {
    const { folder, config } = await refineCase(scratch, "refine");
    const place = (name: string) => join(folder, "out", name);
    await runRefine(config, { particlesPath: place("whole.csv"), workers: 1 });
    const module = new URL("../../../dist/match/many/refineBatch.js", import.meta.url);
    const { step, ...work } = await refineStep([config], { particlesPath: place("tasks.csv"), module });
    const { path } = await initStep(step, { ...work, directory: place("jobs") });
    killIfThere(await killedIn(path, { phase: "refine", index: 1 }, engine));
    await resubmitStep(path, { engine, heartbeatMs });
    await collectStepFolder(path);
    expect(readFileSync(place("tasks.csv"), "utf8")).toBe(readFileSync(place("whole.csv"), "utf8"));
  });
});
