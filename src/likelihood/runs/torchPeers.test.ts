import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { python, requirement } from "../../../test/support/require.ts";
import { readNpy, readTorchTensor, writeNpyValue } from "../../io/index.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { displacementsPath, likelihoodPaths } from "../files.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import { runLikelihoodFullCrossCorrelation, runLikelihoodOptimalPose } from "./runLikelihood.ts";
import { stitchLogLikelihoodMatrices } from "./stitch.ts";

const { available } = requirement("torch-peers");
const golden = likelihoodGolden("run");

/** Saves what torch makes of files as numpy's, without the pickles' own code. */
const PLAIN = `
import sys, numpy, torch
for path in sys.argv[1:]:
    numpy.save(path + ".npy", torch.load(path, weights_only=True).numpy())
`;

/** Loads files of CryoLike's own pickles beside its own: types and values. */
const PICKLES = `
import sys, types, typing, numpy, torch
name = "cryolike.likelihoods.interface.cross_correlation_full_return"
for end in range(1, name.count(".") + 2):
    part = ".".join(name.split(".")[:end])
    sys.modules[part] = types.ModuleType(part)
class CrossCorrelationReturn(typing.NamedTuple):
    cross_correlation_msdw: torch.Tensor
CrossCorrelationReturn.__module__ = name
sys.modules[name].CrossCorrelationReturn = CrossCorrelationReturn
def load(path):
    try:
        torch.load(path, weights_only=True)
        return "opened"
    except Exception:
        return torch.load(path, weights_only=False)
ours, theirs = [[load(path) for path in sys.argv[first::2]] for first in (1, 2)]
far = 0
for a, b in zip(ours, theirs):
    assert type(a) is type(b), (type(a), type(b))
    a, b = [x[0].numpy() if isinstance(x, tuple) else x for x in (a, b)]
    assert a.dtype == b.dtype and a.shape == b.shape
    far = max(far, numpy.abs(a - b).max())
print([type(a).__name__ for a in ours], far < 2e-6)
`;

describe.skipIf(!available)("torch's own loader (needs torch-peers)", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "torch-peers-"));
    await cp(`${golden}/templates`, join(folder, "templates"), { recursive: true });
    const data = ["templates_fourier_vol.pt", "templates_fourier_model.pt"];
    const list = join(folder, "templates/template_file_list.npy");
    await writeNpyValue(list, { dtype: "U", shape: [2], data }, { overwrite: true });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const manager = (output: string, iTemplate: number, particles = "particles") =>
    configureLikelihoodFiles({
      ...{ folderTemplates: join(folder, "templates"), folderParticles: `${golden}/${particles}` },
      ...{ folderOutput: join(folder, output), iTemplate },
    });
  const small = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 3, nDisplacementsY: 3 });
  const params = `${golden}/parameters.npz`;

  test("every file of a run, and its matrices, hold what is read here", async () => {
    const choices = { integrated: true, poseLikelihood: true, posePosterior: true, workers: 2 } as const;
    for (const i of [0, 1]) await runLikelihoodOptimalPose(await manager("out", i), params, small, choices);
    await runLikelihoodFullCrossCorrelation(await manager("full", 0, "particles4"), params, small, {
      workers: 2,
    });
    const { files } = await stitchLogLikelihoodMatrices({ folderOutput: join(folder, "out") });
    const all = [
      ...Object.values(likelihoodPaths(join(folder, "out"), 1, 0)).filter((path) => typeof path === "string"),
      ...[displacementsPath(join(folder, "out")), ...files],
    ].filter((path) => !path.includes("pose_msdw"));
    all.push(likelihoodPaths(join(folder, "full"), 0, 0).crossCorrelationFull);
    execFileSync(python, ["-c", PLAIN, ...all]);
    expect(all).toHaveLength(15);
    for (const path of all) {
      const [ours, theirs] = [await readTorchTensor(path), await readNpy(`${path}.npy`)];
      expect([path, theirs.shape, theirs.data]).toEqual([path, ours.shape, ours.data]);
    }
  });

  test("in compat mode its pickles are of CryoLike's types, which torch opens as its own", async () => {
    const run = await manager("compat", 0, "particles4");
    await runLikelihoodFullCrossCorrelation(run, params, small, { compat: true, workers: 2 });
    const ours = join(folder, "compat");
    const theirs = `${golden}/likelihood_full`;
    const pairs = [displacementsPath, (at: string) => likelihoodPaths(at, 0, 0).crossCorrelationFull].flatMap(
      (of) => [of(ours), of(theirs)],
    );
    const told = execFileSync(python, ["-c", PICKLES, ...pairs], { encoding: "utf8" });
    expect(told.trim()).toBe("['ndarray', 'CrossCorrelationReturn'] True");
  });
});
