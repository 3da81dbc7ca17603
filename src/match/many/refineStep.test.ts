import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { doneIn, ended, killedIn } from "../../../test/support/killedRun.ts";
import { type RefineCase, refineCase, refineConfig } from "../../../test/support/manyRefineCase.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { parseCsv } from "../../io/index.ts";
import { collectStepFolder, initStep, resubmitStep, runStep, runStepHere } from "../../jobs/index.ts";
import { convertParticles } from "../particles/convertParticles.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { refineBatch } from "./refineBatch.ts";
import { type RefineStepOptions, refineStep } from "./refineStep.ts";

process.execArgv = []; // the tests' own are not for tasks

const scratch = scratchFolder();
const built = (name: string) => new URL(`../../../dist/match/many/${name}.js`, import.meta.url);
const oneByOne = { kind: "local", tasks: 1 } as const;
let found: RefineCase;

beforeAll(async () => {
  found = await refineCase(scratch, "found");
});

const place = (name: string) => join(found.folder, "out", name);
const text = (name: string) => readFileSync(place(name), "utf8");

async function refineRun(
  name: string,
  { configs = [found.config], ...more }: Partial<RefineStepOptions> & { configs?: string[] } = {},
) {
  const options = { particlesPath: place(`${name}.csv`), module: built("refineBatch"), ...more };
  const { step, ...work } = await refineStep(configs, options);
  return { step, options: { ...work, directory: place(`${name}.jobs`), engine: oneByOne } };
}

/** What of a run its batches are made with. */
function folderOf({ engine: _, ...folder }: Awaited<ReturnType<typeof refineRun>>["options"]) {
  return folder;
}

test("3 micrographs: killed in the second, finished by who has only the folder, the bytes of one piece", async () => {
  const report = await runRefine(found.config, { particlesPath: place("whole.csv"), workers: 1 });
  const { step, options } = await refineRun("killed");
  const { path } = await initStep(step, folderOf(options));
  await ended(await killedIn(path, { phase: "refine", index: 1 }, oneByOne));
  expect(await doneIn(path)).toEqual({ refine: 1 });
  await resubmitStep(path);
  const micrographs = report.micrographs.map((one) => ({ ...one, configPath: found.config }));
  expect(await collectStepFolder(path)).toMatchObject({
    micrographs,
    particles: report.particles.length,
    correlations: report.correlations,
    files: [place("killed.csv")],
  });
  expect(text("killed.csv")).toBe(text("whole.csv"));
});

test("an interrupt keeps what a batch has found; resumed, also by gradient, the bytes are the same", async () => {
  const both = { gradient: "after", micrographs: [{ path: found.micrographs[0] }] } as const;
  await runRefine(found.config, { particlesPath: place("climbed.csv"), workers: 1, ...both });
  const { step, options } = await refineRun("stopped", { ...both, tasks: 2 });
  const controller = new AbortController();
  const work = runStep(step, {
    ...options,
    signal: controller.signal,
    onProgress: ({ done, total }) => done > 0.25 * total && controller.abort(new Error("received SIGINT")),
  });
  await expect(work).rejects.toThrow(
    /found an abort when \d of 2 batches were done(, 1 has a checkpoint)?\. What is done is kept: vitrine jobs resubmit .*refine goes on from it/,
  );
  await runStep(step, { ...options, existing: "resume" });
  expect(text("stopped.csv")).toBe(text("climbed.csv"));
});

test("several configurations have a table each, and a joint one that counts on", async () => {
  const change = { defocus_refinement_config: { enabled: false } };
  const other = refineConfig(found.folder, { table: found.found, name: "flat.yaml", change });
  const micrographs = [{ path: found.micrographs[1] }];
  const options = { particlesPath: place("joint.csv"), micrographs };
  const { step, ...work } = await refineStep([found.config, other], { ...options, module: import.meta.url });
  const report = await runStepHere(step, { ...work, run: { refine: refineBatch } });
  expect(report.files).toEqual(["joint_refine.csv", "joint_flat.csv", "joint.csv"].map(place));
  await runRefine(other, { ...options, particlesPath: place("alone.csv"), workers: 1 });
  expect(text("joint_flat.csv")).toBe(text("alone.csv"));
  const { rows } = parseCsv(text("joint.csv"), "joint.csv");
  expect(rows.map(({ particle_index }) => Number(particle_index))).toEqual([...rows.keys()]);
  expect(new Set(rows.map(({ micrograph_path }) => micrograph_path))).toEqual(
    new Set([found.micrographs[1]]),
  );
  expect(rows.length).toBe(report.particles);
});

test("what has changed since is refused by name: an option, a number of the configuration, the table", async () => {
  const first = await refineRun("changed");
  const { path } = await initStep(first.step, folderOf(first.options));
  const again = async (change: Partial<RefineStepOptions> & { configs?: string[] }) => {
    const { step, options } = await refineRun("changed", { ...change, resume: true });
    return runStep(step, { ...options, existing: "resume" });
  };
  await expect(again({ exactSlices: true })).rejects.toThrow(
    "found those of another option (--exact-slices none, now true). Overwrite",
  );
  const yaml = readFileSync(found.config, "utf8");
  writeFileSync(found.config, yaml.replace("defocus_max: 100", "defocus_max: 200"));
  await expect(again({})).rejects.toThrow(
    /another configuration \(\S*refine\.yaml\.defocus\.max 100, now 200\)/,
  );
  writeFileSync(found.config, yaml);
  const table = readFileSync(found.found, "utf8");
  writeFileSync(found.found, table.replace(/\n$/, "\n\n"));
  await expect(again({})).rejects.toThrow(
    /another input \(\S*found\.csv \d+ bytes, \w+, now \d+ bytes, \w+\)/,
  );
  await expect(resubmitStep(path)).rejects.toThrow(/found\.csv: expected what it was when the work began/);
  writeFileSync(found.found, table);
});

test("particles of RELION, which no search found, are refined over white noise, and that is said", async () => {
  const star = join(found.folder, "found.star");
  await convertParticles(found.found, star);
  const config = refineConfig(found.folder, { table: star, name: "relion.yaml" });
  const warnings: string[] = [];
  const onLog = (message: string) => warnings.push(message);
  const { particles } = await runRefine(config, { particlesPath: place("relion.csv"), workers: 1, onLog });
  expect(warnings.join()).toMatch(/found\.star names no maps of a search: z-scores are correlations/);
  for (const { zScore, correlation } of particles) expect(zScore).toBe(correlation);
  const { rows } = parseCsv(text("relion.csv"), "relion.csv");
  const before = parseCsv(readFileSync(found.found, "utf8"), "found.csv").rows;
  expect(rows.map(({ pos_x }) => Number(pos_x))).toEqual(before.map(({ pos_x }) => Number(pos_x)));
  expect(rows[0].refined_pos_x_img).not.toBe("");
});
