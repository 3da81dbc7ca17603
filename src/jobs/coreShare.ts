import { availableParallelism, totalmem } from "node:os";
import { VitrineError } from "../core/index.ts";
import { type Engine, requireKnownEngine } from "./engine.ts";
import { slurm } from "./slurmCommands.ts";

/**
 * Memory that one core brings along where batches run, bytes: of this machine, or of the cluster's node with the most.
 *
 * @throws {VitrineError} missing: no Slurm; format: it says something else
 */
export async function memoryPerCore(engine: Engine): Promise<number> {
  requireKnownEngine(engine);
  if (engine.kind === "local") {
    const { totalCores = availableParallelism(), totalMemoryBytes = totalmem() } = engine;
    return totalMemoryBytes / totalCores;
  }
  const partition = engine.partition === undefined ? [] : [`--partition=${engine.partition}`];
  const said = await slurm("sinfo", ["--noheader", "--format=%c %m", ...partition], "the cluster's nodes");
  return Math.max(...parseNodes(said)) * 2 ** 20;
}

/** MB a core of each kind of node; Slurm says `4+` where nodes of a line have more. */
export function parseNodes(said: string): number[] {
  const nodes = said
    .trim()
    .split("\n")
    .map((line) => /^(\d+)\+? (\d+)\+?$/.exec(line.trim()));
  const shares = nodes.flatMap((node) => (node === null ? [] : [Number(node[2]) / Number(node[1])]));
  if (shares.length > 0) return shares;
  const found = JSON.stringify(said.slice(0, 60));
  throw new VitrineError({ code: "format", at: "sinfo", expected: "cores and memory of nodes", found });
}
