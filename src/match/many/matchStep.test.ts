import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { doneIn, ended, holdBatches, killedIn } from "../../../test/support/killedRun.ts";
import { expectSameResults, manyCase } from "../../../test/support/manyCase.ts";
import { filesOf, scratchFolder } from "../../../test/support/searchCase.ts";
import { taskRun } from "../../../test/support/taskRun.ts";
import { poolKernels } from "../../compute/index.ts";
import type { Progress } from "../../core/index.ts";
import { collectStepFolder, resubmitStep, runStep } from "../../jobs/index.ts";
import { runCoarseMatch } from "../coarse/coarseProgram.ts";
import { runMatch } from "../search/program.ts";
import { runMatches } from "./runMany.ts";
import { matchTargets } from "./targets.ts";

const scratch = scratchFolder();
const OPTIONS = { workers: 1, zCutoff: 3.5 } as const;
const tables = ({ table: particlesPath }: { readonly table: string }) => ({ particlesPath });

test("4 tasks of one micrograph give the bytes of a search in one piece, and leave no states of parts", async () => {
  const [whole, tasks] = [manyCase(scratch, "whole"), manyCase(scratch, "tasks")];
  await runMatch(whole.config, { ...OPTIONS, ...tables(whole) });
  const { step, options } = await taskRun(tasks, { tasks: 4 });
  const { micrographs, files } = await runStep(step, options);
  expect(micrographs).toMatchObject([{ configPath: tasks.config, correlations: 483, files }]);
  expectSameResults(tasks.folder, whole.folder);
});

test("3 micrographs killed in the second are those of a run one after the other; whoever has only the folder joins them", async () => {
  const [whole, tasks] = [manyCase(scratch, "many"), manyCase(scratch, "manyTasks")];
  const targets = await matchTargets({ configs: [whole.config], micrographs: whole.micrographs });
  await runMatches(targets, { ...OPTIONS, ...tables(whole) });
  const { path } = await (await taskRun(tasks, { tasks: 1, micrographs: tasks.micrographs })).init();
  await ended(await killedIn(path, { phase: "search", index: 1 }, { kind: "local", tasks: 1 }));
  expect(await doneIn(path)).toEqual({ search: 1, finish: 0 });
  await resubmitStep(path);
  expect(await doneIn(path)).toEqual({ search: 3, finish: 3 });
  expect(existsSync(join(tasks.folder, "out/mip_b.mrc.parts"))).toBe(true);
  const joined = await collectStepFolder(path);
  expect(joined).toMatchObject({ files: [tasks.table], micrographs: [{}, {}, {}] });
  expectSameResults(tasks.folder, whole.folder);
  expect(await collectStepFolder(path)).toEqual(joined); // once more does no harm
});

test("a micrograph with a coarse pass is one task; several of it are refused", async () => {
  const [whole, tasks] = [manyCase(scratch, "coarse"), manyCase(scratch, "coarseTasks")];
  const coarse = { factor: 2, candidates: 40, samples: 50 };
  await runCoarseMatch(whole.config, { ...OPTIONS, ...tables(whole), ...coarse });
  await expect(taskRun(tasks, { tasks: 2, coarse })).rejects.toThrow(
    "coarse search: expected one task a micrograph, since its pass is not divided, found 2. Leave out --tasks",
  );
  const { step, options } = await taskRun(tasks, { tasks: 1, coarse });
  await runStep(step, options);
  expectSameResults(tasks.folder, whole.folder);
});

test("states of other kernels are refused by name, by whoever goes on with them and by each batch", async () => {
  const first = await taskRun(manyCase(scratch, "kernels"), { tasks: 2 });
  const { path } = await first.init();
  const at = join(path, "step.json");
  const [own, record] = [poolKernels(), readFileSync(at, "utf8")];
  const other = own === "wasm simd" ? "wasm relaxed simd" : "wasm simd";
  writeFileSync(at, record.replace(own, other));
  await expect(runStep(first.step, { ...first.options, existing: "resume" })).rejects.toThrow(
    `expected states of the same work, found those of another kernels (${other}, now ${own}).`,
  );
  await expect(resubmitStep(path)).rejects.toThrow(
    `match search 0: expected a batch that is done, found search 0 kernels: expected ${other}, as the other batches have, found ${own}`,
  );
});

test("an option that has changed is named with both values, in tasks and one micrograph after the other", async () => {
  const one = manyCase(scratch, "changed");
  await (await taskRun(one, { tasks: 2 })).init();
  const { step, options } = await taskRun(one, { tasks: 2, zCutoff: 4, resume: true });
  await expect(runStep(step, { ...options, existing: "resume" })).rejects.toThrow(
    /found those of another search \(\S*image\.mrc --z-cutoff 3\.5, now 4\)\. Overwrite/,
  );
  const many = { ...OPTIONS, ...tables(one) };
  const targets = await matchTargets({ configs: [one.config], micrographs: one.micrographs.slice(1) });
  const controller = new AbortController();
  const onProgress = ({ done, total }: Progress) =>
    2 * done > total && controller.abort(new Error("stopped"));
  await expect(runMatches(targets, { ...many, signal: controller.signal, onProgress })).rejects.toThrow(
    "abort",
  );
  await expect(runMatches(targets, { ...many, falsePositives: 2, resume: true })).rejects.toThrow(
    /expected searches of these configurations and micrographs, found another of b \(--false-positives none, now 2\)/,
  );
});

test("an interrupt keeps what is done, says how it goes on, and the end is the same", async () => {
  const [whole, tasks] = [manyCase(scratch, "unbroken"), manyCase(scratch, "stopped")];
  await runMatch(whole.config, { ...OPTIONS, ...tables(whole) });
  const controller = new AbortController();
  const { step, options, init } = await taskRun(tasks, { tasks: 2, checkpointSeconds: 0, keepsParts: true });
  const { path } = await init();
  const release = holdBatches(path, [{ phase: "search", index: 0 }], "checkpoint");
  const work = resubmitStep(path, {
    engine: { kind: "local", tasks: 1 },
    signal: controller.signal,
    onProgress: ({ done }) => done > 0 && controller.abort(new Error("received SIGINT")),
  });
  await expect(work).rejects.toThrow(
    /found an abort when 0 of 3 batches were done, 1 has a checkpoint\. What is done is kept: vitrine jobs resubmit .*match goes on from it/,
  );
  release();
  await runStep(step, { ...options, existing: "resume" });
  expect(readFileSync(join(path, "logs/search/0.log"), "utf8")).toMatch(/continuing at block [1-9]/);
  const parts = join(tasks.folder, "out/mip.mrc.parts");
  expect(filesOf(parts)).toEqual(["part-1-of-2.state", "part-2-of-2.state"]);
  rmSync(parts, { recursive: true }); // kept, as was asked
  expectSameResults(tasks.folder, whole.folder);
});
