import { join } from "node:path";
import { expect, test } from "vitest";
import { newPlace, oneStep } from "../../test/support/stepCase.ts";
import { initStep } from "./initStep.ts";
import { readStepFolder } from "./layout.ts";
import { requireDone } from "./openBatches.ts";

test("a task that the cluster ended at its time limit is a timeout, with the option that gives it longer", async () => {
  const place = newPlace();
  await initStep(oneStep("wait", [10, 20]), place);
  const folder = await readStepFolder(join(place.directory, "one-wait"));
  const reasons = new Map([[0, "Slurm ended it as TIMEOUT"]]);
  const work = requireDone(folder, folder.record.phases[0], reasons);
  await expect(work).rejects.toMatchObject({ code: "timeout" });
  await expect(work).rejects.toThrow(
    "one-wait wait 0: expected a batch that is done, found Slurm ended it as TIMEOUT, and 1 more of 2. Give it longer (--duration); resubmitting runs what is missing",
  );
});
