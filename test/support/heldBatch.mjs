/**
 * A batch's function in place of the real one, which `holdBatches` (killedRun.ts) writes into a step's folder: batches of its list stay where they are
 * told to, until they are stopped or killed; all others run. However slow or fast the machine is, they are there when they are killed.
 */
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { searchParams } = new URL(import.meta.url);
const { [searchParams.get("export")]: target } = await import(searchParams.get("module"));
const held = searchParams.get("held").split(",").map(Number);

export async function run(batch, context) {
  if (held.includes(context.index)) {
    if (searchParams.get("at") === "begin") await stopped(context);
    else holdAtCheckpoint(context);
  }
  return target(batch, context);
}

/** Never resolves: it rejects when the batch is asked to end. */
function stopped({ signal }) {
  return sleep(2 ** 31 - 1, undefined, { signal });
}

/** Whoever has written a file of this ending, a checkpoint, comes back from it when the batch is asked to end. */
function holdAtCheckpoint(context) {
  const { rename } = files;
  files.rename = async (from, to) => {
    await rename(from, to);
    if (String(to).endsWith(".checkpoint")) await stopped(context).catch(() => undefined);
  };
  syncBuiltinESMExports();
}
