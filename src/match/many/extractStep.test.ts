import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, killedIn } from "../../../test/support/killedRun.ts";
import { refineCase } from "../../../test/support/manyRefineCase.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { collectStepFolder, initStep, resubmitStep } from "../../jobs/index.ts";
import { extractParticles } from "../refine/extractProgram.ts";
import { type ExtractStepOptions, extractStep } from "./extractStep.ts";

process.execArgv = []; // the tests' own are not for tasks

const scratch = scratchFolder();

test("particles are extracted in tasks and from several tables, the bytes of one piece", async () => {
  const found = await refineCase(scratch, "found");
  const place = (name: string) => join(found.folder, "out", name);
  const text = (name: string) => readFileSync(place(name), "utf8");
  const cut = { boxSize: 20, normalize: {}, overwrite: true };
  await extractParticles([found.found, found.found], { ...cut, stackPath: place("whole.mrcs") });
  const options: ExtractStepOptions = {
    ...cut,
    stackPath: place("parts.mrcs"),
    module: new URL("../../../dist/match/many/extractBatch.js", import.meta.url),
  };
  const { step, ...work } = await extractStep([found.found, found.found], options);
  const { path } = await initStep(step, { ...work, directory: place("parts.jobs") });
  await ended(await killedIn(path, { phase: "extract", index: 1 }, { kind: "local", tasks: 1 }));
  await resubmitStep(path);
  expect(await collectStepFolder(path)).toMatchObject({ files: [place("parts.mrcs"), place("parts.star")] });
  expect(readFileSync(place("parts.mrcs")).equals(readFileSync(place("whole.mrcs")))).toBe(true);
  expect(text("parts.star").replaceAll("parts", "whole")).toBe(text("whole.star"));
});
