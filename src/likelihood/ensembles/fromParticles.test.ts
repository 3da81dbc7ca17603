import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vitrineHere } from "../../../test/support/command.ts";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { parseCsv, writeNpyValue } from "../../io/index.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { runParticleEnsemble } from "./fromParticles.ts";

const golden = likelihoodGolden("run");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ensemble-"));
  await cp(`${golden}/templates`, join(folder, "templates"), { recursive: true });
  const data = ["templates_fourier_vol.pt", "templates_fourier_model.pt"];
  const list = join(folder, "templates/template_file_list.npy");
  await writeNpyValue(list, { dtype: "U", shape: [2], data }, { overwrite: true });
});
afterAll(() => rm(folder, { recursive: true }));

const table = async (path: string) => parseCsv(await readFile(join(folder, path), "utf8"), path);
const COMPARE = ["--max-displacement-pixels", "3", "--n-displacements", "5,5"];
const inputs = () => [
  ...["--params", `${golden}/parameters.npz`, "--templates", join(folder, "templates")],
  ...["--particles", `${golden}/particles`, ...COMPARE],
];
const TABLES = ["noise_power", "poses", "posteriors", "ranking", "weights"];

test("particles and templates: ranking, weights, posteriors over poses and the noise, a table and a picture each", async () => {
  const call = ["ensemble", ...inputs(), "--whiten", "--pose-posterior", "--out", "ensemble", "--json"];
  const { code, stdout, stderr } = await vitrineHere(call, { cwd: folder });
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout);
  expect(report.images).toBe(24);
  expect(report.ranking[0].name).toBe("vol");
  const there = (await readdir(join(folder, "ensemble"))).sort();
  expect(there).toEqual(
    [...TABLES.flatMap((name) => [`${name}.csv`, `${name}.png`]), "likelihood", "likelihood_matrix"].sort(),
  );
  expect((await table("ensemble/noise_power.csv")).rows).toHaveLength(40);
  const truth = JSON.parse(await readFile(likelihoodGolden("input/truth.json"), "utf8"));
  const { rows } = await table("ensemble/poses.csv");
  const best = rows.filter(({ rank }) => rank === "1");
  expect(best).toHaveLength(24);
  const planted = best.filter(
    ({ structure, view, displacementXA, displacementYA, inplaneDeg }, m) =>
      structure === "vol" &&
      Number(view) === truth.template[m] &&
      Number(displacementXA) === truth.disp_x_A[m] &&
      Number(displacementYA) === truth.disp_y_A[m] &&
      Math.abs(Number(inplaneDeg) - (truth.inplane_rad[m] * 180) / Math.PI) < 1e-6,
  );
  // Whitening takes signal off images that have as much of it as these; neighbouring poses of a few are likelier then.
  expect(planted.length).toBeGreaterThanOrEqual(18);
  for (let image = 0; image < 24; image++) {
    const own = rows.filter((row) => row.image === `${image}`).map(({ posterior }) => Number(posterior));
    expect(own).toEqual([...own].sort((a, b) => b - a));
    const held = own.reduce((sum, value) => sum + value, 0);
    expect(held).toBeLessThan(1 + 1e-6);
    expect(own.length === 10 || held > 0.985).toBe(true);
  }
});

test("of a matrix the poses come from the results behind it; the same tables as in one call", async () => {
  const call = (...args: string[]) => vitrineHere(args, { cwd: folder });
  const run = ["likelihood", ...inputs(), "--out", "steps", "--i-template", "all"];
  expect((await call(...run, "--integrated", "--whiten", "--pose-posterior")).code).toBe(0);
  expect((await call("stitch", "steps", "--out", "matrix")).code).toBe(0);
  const judged = await call(
    ...["ensemble", "matrix", "--likelihood", "steps", "--names", "vol,model", "--out", "judged"],
  );
  expect([judged.code, judged.stdout]).toEqual([0, expect.stringContaining("wrote judged/poses.csv")]);
  for (const name of TABLES)
    expect(await table(`judged/${name}.csv`)).toEqual(await table(`ensemble/${name}.csv`));
  expect((await call("likelihood", ...inputs(), "--out", "plain", "--integrated")).code).toBe(0);
  const none = await call("ensemble", "matrix", "--likelihood", "plain", "--out", "none");
  expect([none.code, none.stderr]).toEqual([
    1,
    expect.stringMatching(/expected posteriors over poses of all images and structures, found none/),
  ]);
});

test("what cannot be is refused before the work", async () => {
  const displacer = configureDisplacement({ nDisplacementsX: 1, nDisplacementsY: 1 });
  const given = {
    ...{ params: `${golden}/parameters.npz`, displacer },
    ...{ folderTemplates: join(folder, "templates"), folderParticles: `${golden}/particles` },
  };
  const options = { folderOutput: join(folder, "ensemble") };
  await expect(runParticleEnsemble(given, options)).rejects.toThrow("ranking.csv");
  const other = { folderOutput: join(folder, "other") };
  await expect(runParticleEnsemble(given, { ...other, names: ["a"] })).rejects.toThrow(
    "expected 2, one a structure, found 1",
  );
  await expect(
    runParticleEnsemble({ ...given, folderParticles: join(folder, "nowhere") }, other),
  ).rejects.toThrow("expected a stack of particles, found none");
  // @ts-expect-error a misspelt option
  await expect(runParticleEnsemble(given, { ...other, whitten: true })).rejects.toThrow("whiten");
});
