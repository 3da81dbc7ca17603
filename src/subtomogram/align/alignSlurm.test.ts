import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { killedIn } from "../../../test/support/killedRun.ts";
import { requirement } from "../../../test/support/require.ts";
import { killIfThere, type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { collectStepFolder, initStep, resubmitStep, runStepHere } from "../../jobs/index.ts";
import { alignBatch } from "./alignBatch.ts";
import type { AlignChoices } from "./alignChoices.ts";
import { alignStep } from "./alignStep.ts";

const { available } = requirement("slurm");
const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/subtomogram/${name}`, import.meta.url));
const module = new URL("../../../dist/subtomogram/align/alignBatch.js", import.meta.url);

describe.skipIf(!available)("an alignment on a real cluster of four nodes", () => {
  let folder: string;
  let cluster: SlurmCluster | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "align-slurm-"));
    cluster = await startSlurm({ maxArraySize: 1001 });
  });
  afterAll(() => {
    cluster?.stop();
    rmSync(folder, { recursive: true });
  });

  const choicesOf = (name: string): AlignChoices => ({
    tomograms: [{ path: golden("tomo.npy"), molecules: golden("molecules_start.csv") }],
    templates: [golden("template_A.mrc")],
    scale: 0.5,
    maxShiftsNm: [1, 1, 1],
    rotations: [
      [5, 5],
      [5, 5],
      [5, 5],
    ],
    model: "pcc",
    order: 3,
    cornerSafe: false,
    dropOutside: false,
    compat: false,
    search: "exhaustive",
    outPath: join(folder, name),
  });

  test("3 batches, one killed, are finished by resubmit: the table of one piece, byte for byte", async () => {
    const { step: whole, ...here } = await alignStep(choicesOf("whole.csv"), { module });
    const run = { align: alignBatch };
    const { signal } = new AbortController();
    await runStepHere(whole, { ...here, run, cores: 1, onLog: () => {}, signal });
    const { step, ...work } = await alignStep(choicesOf("tasks.csv"), { tasks: 3, module });
    const { path } = await initStep(step, { ...work, directory: join(folder, "jobs") });
    const engine = { kind: "slurm", pollS: 0.3, watchdogS: 10 } as const;
    killIfThere(await killedIn(path, { phase: "align", index: 1 }, engine));
    await resubmitStep(path, { engine, heartbeatMs: 300 });
    expect(await collectStepFolder(path)).toMatchObject({ molecules: 40 });
    expect(readFileSync(join(folder, "tasks.csv")).equals(readFileSync(join(folder, "whole.csv")))).toBe(
      true,
    );
  });
});
