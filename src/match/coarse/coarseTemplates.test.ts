import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesOf, scratchFolder } from "../../../test/support/searchCase.ts";
import { twoTemplates } from "../../../test/support/templatesCase.ts";
import { parseCsv } from "../../io/index.ts";
import { runMatch } from "../search/program.ts";
import { runCoarseMatch } from "./coarseProgram.ts";

const OPTIONS = { workers: 2, exactSlices: true };
const { place } = twoTemplates(scratchFolder());

test("with a coarse pass each template has its particles, and the joint table is the same", async () => {
  const [full, coarse] = [place("full"), place("coarse")];
  await runMatch(full.config, { ...OPTIONS, particlesPath: full.particlesPath });
  const options = { ...OPTIONS, factor: 2, samples: 1000, candidates: 40 };
  const report = await runCoarseMatch(coarse.config, { ...options, particlesPath: coarse.particlesPath });
  expect(report.coarse.map(({ sampled }) => sampled)).toEqual([192, 192]);
  expect("templates" in report && report.templates.map(({ particles }) => particles)).toEqual([2, 2]);
  const columns = ["pos_x", "pos_y", "phi", "theta", "psi", "template_path", "total_correlations"];
  const poses = (path: string) =>
    parseCsv(readFileSync(path, "utf8"), path).rows.map((row) => columns.map((column) => row[column]));
  expect(poses(coarse.particlesPath)).toEqual(poses(full.particlesPath));
  expect([...report.files].sort()).toEqual(
    filesOf(coarse.folder)
      .filter((file) => file !== "config.yaml")
      .map((file) => join(coarse.folder, file)),
  );
  expect(filesOf(coarse.folder)).toContain("scaled_mip_small.v2_coarse2.mrc");
});
