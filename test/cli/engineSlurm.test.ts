import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { caseMaker, OUTPUTS, vitrineHere } from "../support/command.ts";
import { requirement } from "../support/require.ts";
import { FEW_ORIENTATIONS, scratchFolder } from "../support/searchCase.ts";
import { type SlurmCluster, startSlurm } from "../support/slurmCluster.ts";

const { available } = requirement("slurm");
const smallSearch = caseMaker(scratchFolder());
const program = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
const longer = (configuration: Record<string, unknown>) => {
  configuration.orientation_search_config = { ...FEW_ORIENTATIONS, theta_step: 15, psi_step: 10 };
};

let cluster: SlurmCluster | undefined;
beforeAll(async () => {
  if (available) cluster = await startSlurm({ maxArraySize: 1001 });
}, 60_000);
afterAll(() => cluster?.stop());

/** Values of a result, without the time of writing in an MRC file's label and the folder of the case. */
function values(folder: string, file: string): string {
  const bytes = readFileSync(join(folder, file));
  if (file.endsWith(".mrc")) return bytes.subarray(1024).toString("base64");
  return bytes.toString().replaceAll(`${folder}/`, "");
}

const onSlurm = ["--z-cutoff", "3.5", "--engine", "slurm", "--tasks", "4"];

test.skipIf(!available)(
  "a search over 4 tasks of a cluster equals the local one byte for byte, its submitter killed and run again",
  async () => {
    const [whole, tasks] = [smallSearch(longer), smallSearch(longer)];
    expect((await vitrineHere([...whole.args, "--z-cutoff", "3.5"])).code).toBe(0);
    const args = [...tasks.args.slice(0, -2), ...onSlurm];
    const submitter = spawn(process.execPath, [program, ...args], { stdio: "ignore" });
    const parts = join(tasks.folder, "out/mip.mrc.parts");
    const ended = new Promise((resolve) => submitter.on("close", resolve));
    while (!existsSync(parts) && submitter.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    submitter.kill("SIGKILL");
    await ended;
    const end = await vitrineHere([...args, "--resume"]);
    expect([end.code, end.stderr]).toEqual([0, expect.any(String)]);
    for (const file of OUTPUTS)
      expect(values(tasks.folder, file) === values(whole.folder, file), file).toBe(true);
  },
  180_000,
);
