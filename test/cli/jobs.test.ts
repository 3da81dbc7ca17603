import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { initStep } from "../../src/jobs/index.ts";
import { vitrine, vitrineHere } from "../support/command.ts";
import { newPlace, oneStep, runsIn } from "../support/stepCase.ts";

test("a step's folder is looked at, interrupted, finished, collected and removed", async () => {
  const place = newPlace();
  const { path } = await initStep(oneStep("wait", [10]), place);
  expect((await vitrineHere(["jobs", "info", path])).stdout).toBe("wait: 1 pending\n");
  const stopped = await vitrine(["jobs", "resubmit", path], {
    onStart(kill) {
      const timer = setInterval(() => {
        if (runsIn(place.directory).length === 0) return;
        clearInterval(timer);
        kill("SIGINT");
      }, 20);
    },
  });
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain("found an abort when 0 of 1 batches were done, 1 has a checkpoint.");
  expect((await vitrineHere(["jobs", "info", path])).stdout).toContain("(has a checkpoint)");
  writeFileSync(join(place.directory, "go"), "");
  expect((await vitrine(["jobs", "resubmit", path])).stdout).toContain("wait: 1 done");
  expect((await vitrineHere(["jobs", "log", path, "wait/0"])).stdout).toContain("from 7");
  expect((await vitrineHere(["jobs", "collect", path])).stdout).toBe('[["wait",0,17]]\n');
  expect((await vitrineHere(["jobs", "cleanup", path])).code).toBe(0);
  expect(existsSync(path)).toBe(false);
});
