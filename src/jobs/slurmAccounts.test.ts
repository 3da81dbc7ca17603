import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requirement } from "../../test/support/require.ts";
import { type SlurmCluster, startSlurm } from "../../test/support/slurmCluster.ts";
import { newPlace, oneStep, runsIn, until } from "../../test/support/stepCase.ts";
import { readStepFolder } from "./layout.ts";
import { runStep } from "./runStep.ts";
import { accountedTasks, queuedTasks, slurmConfig } from "./slurmCommands.ts";
import { readSubmissions } from "./slurmSubmit.ts";

const { available } = requirement("slurm-accounts");

describe.skipIf(!available)("a cluster that keeps accounts and soon forgets what has ended", () => {
  let cluster: SlurmCluster | undefined;
  beforeAll(async () => {
    cluster = await startSlurm({ maxArraySize: 1001, hasAccounts: true });
  });
  afterAll(() => cluster?.stop());

  test("how a task ended is known from sacct once squeue knows it no more", async () => {
    expect(await slurmConfig()).toMatchObject({ hasAccounting: true });
    const place = newPlace();
    // two looks, seconds apart: at neither does squeue know the task that was cancelled in between
    const engine = { kind: "slurm", pollS: 5 } as const;
    const work = runStep(oneStep("block", [1]), { ...place, engine });
    const failure = expect(work).rejects.toThrow(
      "one-block block 0: expected a batch that is done, found Slurm ended it as CANCELLED.",
    );
    await until(() => runsIn(place.directory).length === 1);
    const [{ job = "" }] = await readSubmissions(await readStepFolder(join(place.directory, "one-block")));
    execFileSync("scancel", ["--signal=KILL", "--full", `${job}_0`]);
    execFileSync("scancel", [`${job}_0`]);
    await failure;
    expect((await queuedTasks()).filter((task) => task.job === job)).toEqual([]);
    expect(await accountedTasks([job])).toMatchObject([{ job, task: 0, state: "CANCELLED" }]);
  });

  test("states of tasks that were done and that failed", async () => {
    const sbatch = (script: string) =>
      execFileSync("sbatch", ["--parsable", "--array=0-1", "--output=/dev/null", `--wrap=${script}`], {
        encoding: "utf8",
      }).trim();
    const job = sbatch("exit $SLURM_ARRAY_TASK_ID");
    const states = async () => (await accountedTasks([job])).map(({ task, state }) => [task, state]).sort();
    await until(async () => {
      const ended = (await states()).filter(([, state]) => state === "COMPLETED" || state === "FAILED");
      return ended.length === 2;
    });
    expect(await states()).toEqual([
      [0, "COMPLETED"],
      [1, "FAILED"],
    ]);
  });
});
