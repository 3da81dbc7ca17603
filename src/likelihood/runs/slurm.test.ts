import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { holdBatches, killedIn, processOf } from "../../../test/support/killedRun.ts";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { requirement } from "../../../test/support/require.ts";
import { killIfThere, type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { writeNpyValue } from "../../io/index.ts";
import { collectStepFolder, initStep, resubmitStep } from "../../jobs/index.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import { likelihoodStep } from "./likelihoodStep.ts";
import { runLikelihoodOptimalPose } from "./runLikelihood.ts";

const { available } = requirement("slurm");
const golden = likelihoodGolden("run");
const displacement = { maxDisplacementPixels: 3, nDisplacementsX: 3, nDisplacementsY: 3 };
const RESULTS = [
  "cross_correlation/cross_correlation_stack_000000.pt",
  "log_likelihood/log_likelihood_integrated_fourier_stack_000000.pt",
  "pose_posterior/pose_posterior_inplane_rotation_stack_000000.pt",
  "pose_posterior/poses_stack_000000.csv",
];

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

  /** Both structures in one piece into `whole`, and the step that makes the same files below `output`. */
  async function caseOf(output: string) {
    const folders = { folderTemplates: join(folder, "templates"), folderParticles: `${golden}/particles` };
    const params = `${golden}/parameters.npz`;
    const choices = { integrated: true, posePosterior: true } as const;
    const [whole, tasks] = [join(folder, "whole"), join(folder, output)];
    for (const iTemplate of [0, 1]) {
      const manager = await configureLikelihoodFiles({ ...folders, folderOutput: whole, iTemplate });
      await runLikelihoodOptimalPose(manager, params, configureDisplacement(displacement), {
        ...choices,
        ...{ workers: 2, skipExist: true },
      });
    }
    const { step, ...work } = await likelihoodStep({
      ...{ ...folders, folderOutput: tasks, params, displacement, choices },
      ...{ iTemplates: [0, 1], nStacks: 1, full: false, tasks: 1 },
      module: new URL("../../../dist/likelihood/runs/likelihoodBatch.js", import.meta.url),
    });
    const expectSame = async () => {
      for (const iTemplate of [0, 1])
        for (const name of RESULTS) {
          const path = `template${iTemplate}/${name}`;
          expect([path, await readFile(join(tasks, path))]).toEqual([
            path,
            await readFile(join(whole, path)),
          ]);
        }
    };
    return { step, work: { ...work, directory: join(folder, `${output}.jobs`) }, expectSame };
  }
  const engine = { kind: "slurm", pollS: 0.3, watchdogS: 10 } as const;

  test("files are byte for byte those of a run in one piece, though a task is killed", async () => {
    const { step, work, expectSame } = await caseOf("tasks");
    const { path } = await initStep(step, work);
    const batch = { phase: "compare", index: 1 };
    const release = holdBatches(path, [batch]);
    const running = resubmitStep(path, { engine, heartbeatMs: 300 });
    const pid = await processOf(path, batch);
    release();
    killIfThere(pid);
    await running;
    await collectStepFolder(path);
    await expectSame();
  });

  test("submitter and second task are killed: resubmit finishes the same bytes, and whoever has the folder collects", async () => {
    const { step, work, expectSame } = await caseOf("resubmitted");
    const { path } = await initStep(step, work);
    killIfThere(await killedIn(path, { phase: "compare", index: 1 }, engine));
    await resubmitStep(path, { engine, heartbeatMs: 300 });
    expect(await collectStepFolder(path)).toMatchObject({ images: 48, stacks: [{}, {}] });
    await expectSame();
  });
});
