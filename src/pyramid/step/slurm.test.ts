import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { holdBatches, processOf } from "../../../test/support/killedRun.ts";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { requirement } from "../../../test/support/require.ts";
import { killIfThere, nodeOf, type SlurmCluster, startSlurm } from "../../../test/support/slurmCluster.ts";
import { describeExperiment, type Experiment } from "../../experiment/index.ts";
import { stepInfo } from "../../jobs/index.ts";
import { PyramidBuilder } from "../index.ts";

const { available } = requirement("slurm");
const engine = { kind: "slurm", pollS: 0.3, watchdogS: 10 } as const;
const memory = { memory: 200 };
/** All of the first phase. */
const BATCHES = [0, 1].map((index) => ({ phase: "levels-0-4", index }));
const scratch = scratchFolder("pyramid-slurm");
afterAll(() => scratch.remove());

/** A row of sites over two blocks and two phases. */
function plate(name: string): Promise<Experiment> {
  return makePlate(join(scratch.path, name), {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 4, [300, 1200]) }] }],
    channels: [{ name: "DAPI", bitDepth: 16 }],
    pixels: ({ site }) => Uint16Array.from({ length: 300 * 1200 }, (_, i) => (i * (site + 7)) % 50_021),
  });
}

const layersOf = ({ directory }: Experiment) =>
  readdirSync(join(directory, "layers")).map((name) => [
    name,
    readFileSync(join(directory, "layers", name)).toString("base64"),
  ]);

describe.skipIf(!available)("a pyramid on a real cluster of four nodes", () => {
  let cluster: SlurmCluster | undefined;
  let expected: ReturnType<typeof layersOf>;
  beforeAll(async () => {
    cluster = await startSlurm({ maxArraySize: 100 });
    await using here = await plate("here");
    const builder = new PyramidBuilder(here);
    await builder.init({ batchSize: 2 });
    await builder.submit(memory, { engine: { kind: "local" } });
    expected = layersOf(here);
  });
  afterAll(() => cluster?.stop());

  test("layers are byte for byte those of this machine", async () => {
    await using there = await plate("there");
    const builder = new PyramidBuilder(there);
    await builder.init({ batchSize: 2 });
    await builder.submit(memory, { engine });
    expect(layersOf(there)).toEqual(expected);
  });

  test("also where a task and a node's daemon are killed while they work", async () => {
    await using there = await plate("killed");
    const builder = new PyramidBuilder(there);
    await builder.init({ batchSize: 2 });
    const release = holdBatches(builder.stepPath, BATCHES);
    const logged: string[] = [];
    const work = builder.submit(memory, {
      engine,
      heartbeatMs: 200,
      onLog: (message) => logged.push(message),
    });
    const [first, last] = await Promise.all(BATCHES.map((batch) => processOf(builder.stepPath, batch)));
    const node = nodeOf(last);
    release();
    killIfThere(first);
    cluster!.killNode(node);
    killIfThere(last);
    await work;
    cluster!.startNode(node);
    expect(logged).toContainEqual(expect.stringMatching(/the cluster lost it; it runs again/));
    expect(layersOf(there)).toEqual(expected);
    expect((await describeExperiment(there)).layers).toBe(1);
  });

  test("also where the submitter is killed, and resubmitting finishes", async () => {
    await using there = await plate("left");
    const builder = new PyramidBuilder(there);
    await builder.init({ batchSize: 2 });
    const program = new URL("../../../bin/vitrine.js", import.meta.url).pathname;
    const args = ["illuminati", there.directory, "submit", "--engine", "slurm", "--memory", "200", "-i", "1"];
    const release = holdBatches(builder.stepPath, BATCHES);
    const submitter = spawn(process.execPath, [program, ...args], { stdio: "ignore" });
    const pids = await Promise.all(BATCHES.map((batch) => processOf(builder.stepPath, batch)));
    submitter.kill("SIGKILL");
    release();
    pids.forEach(killIfThere);
    await builder.submit(memory, { engine });
    expect(layersOf(there)).toEqual(expected);
    expect((await stepInfo(builder.stepPath)).batches.every(({ state }) => state === "done")).toBe(true);
  });
});
