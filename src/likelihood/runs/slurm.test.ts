import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processOf } from "../../../test/support/killedRun.ts";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { requirement } from "../../../test/support/require.ts";
import { type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { writeNpyValue } from "../../io/index.ts";
import { runStep } from "../../jobs/index.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import { likelihoodStep } from "./likelihoodStep.ts";
import { runLikelihoodOptimalPose } from "./runLikelihood.ts";

const { available } = requirement("slurm");
const golden = likelihoodGolden("run");
const displacement = { maxDisplacementPixels: 3, nDisplacementsX: 3, nDisplacementsY: 3 };
const RESULTS = ["cross_correlation/cross_correlation", "log_likelihood/log_likelihood_integrated_fourier"];

describe.skipIf(!available)("likelihoods on a real cluster", () => {
  let folder: string;
  let cluster: SlurmCluster | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "likelihood-slurm-"));
    await cp(`${golden}/templates`, join(folder, "templates"), { recursive: true });
    const data = ["templates_fourier_vol.pt", "templates_fourier_model.pt"];
    const list = join(folder, "templates/template_file_list.npy");
    await writeNpyValue(list, { dtype: "U", shape: [2], data }, { overwrite: true });
    cluster = await startSlurm({ maxArraySize: 100 });
  });
  afterAll(async () => {
    cluster?.stop();
    await rm(folder, { recursive: true });
  });

  test("files are byte for byte those of a run in one piece, though a task is killed", async () => {
    const folders = { folderTemplates: join(folder, "templates"), folderParticles: `${golden}/particles` };
    const params = `${golden}/parameters.npz`;
    const choices = { integrated: true } as const;
    const [whole, tasks] = [join(folder, "whole"), join(folder, "tasks")];
    for (const iTemplate of [0, 1]) {
      const manager = await configureLikelihoodFiles({ ...folders, folderOutput: whole, iTemplate });
      await runLikelihoodOptimalPose(manager, params, configureDisplacement(displacement), {
        ...choices,
        workers: 2,
      });
    }
    const { step, ...work } = await likelihoodStep({
      ...{ ...folders, folderOutput: tasks, params, displacement, choices },
      ...{ iTemplates: [0, 1], nStacks: 1, full: false, tasks: 1 },
      module: new URL("../../../dist/likelihood/runs/likelihoodBatch.js", import.meta.url),
    });
    const engine = { kind: "slurm", pollS: 0.3, watchdogS: 5 } as const;
    const directory = join(folder, "jobs");
    const running = runStep(step, { ...work, directory, engine, heartbeatMs: 300 });
    process.kill(await processOf(join(directory, "likelihood"), { phase: "compare", index: 1 }), "SIGKILL");
    await running;
    for (const iTemplate of [0, 1])
      for (const name of RESULTS) {
        const path = `template${iTemplate}/${name}_stack_000000.pt`;
        expect(await readFile(join(tasks, path))).toEqual(await readFile(join(whole, path)));
      }
  }, 180_000);
});
