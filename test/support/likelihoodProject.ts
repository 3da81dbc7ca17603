/** A comparison of images with two structures, made by the programs themselves of CryoLike's stacks. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeNpyValue } from "../../src/io/index.ts";
import {
  configureDisplacement,
  configureLikelihoodFiles,
  runEnsemble,
  runLikelihoodOptimalPose,
  stitchLogLikelihoodMatrices,
} from "../../src/likelihood/index.ts";
import { likelihoodGolden } from "./likelihoodCase.ts";

/** Makes `parameters.npz`, `templates`, `particles`, `likelihood` with posteriors over poses, `likelihood_matrix`, `ensemble` in a folder. */
export async function makeLikelihoodProject(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of ["parameters.npz", "templates", "particles"])
    cpSync(join(likelihoodGolden("run"), name), join(folder, name), { recursive: true });
  // CryoLike's list names its stacks from where it was run
  const names = ["templates_fourier_vol.pt", "templates_fourier_model.pt"];
  const list = join(folder, "templates", "template_file_list.npy");
  await writeNpyValue(list, { dtype: "U", shape: [2], data: names }, { overwrite: true });
  const displacer = configureDisplacement({
    maxDisplacementPixels: 3,
    nDisplacementsX: 5,
    nDisplacementsY: 5,
  });
  for (const iTemplate of [0, 1]) {
    const files = await configureLikelihoodFiles({
      folderTemplates: join(folder, "templates"),
      folderParticles: join(folder, "particles"),
      folderOutput: join(folder, "likelihood"),
      iTemplate,
    });
    const options = { integrated: true, posePosterior: true, workers: 2 };
    await runLikelihoodOptimalPose(files, join(folder, "parameters.npz"), displacer, options);
  }
  await stitchLogLikelihoodMatrices({ folderOutput: join(folder, "likelihood") });
  await runEnsemble(join(folder, "likelihood_matrix"), {
    folderOutput: join(folder, "ensemble"),
    names: ["vol", "model"],
    bootstrap: 50,
  });
}
