/**
 * A batch's function in place of the real one, which `holdBatches` (killedRun.ts) writes into a step's folder: batches of its list stay where they are
 * told to, until they are stopped or killed; all others run. However slow or fast the machine is, they are there when they are killed.
 */
import { existsSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { searchParams } = new URL(import.meta.url);
const { [searchParams.get("export")]: target } = await import(searchParams.get("module"));
const held = searchParams.get("held").split(",").map(Number);

export async function run(batch, context) {
  if (held.includes(context.index)) {
    const at = searchParams.get("at");
    if (at === "begin") await stopped(context);
    else if (at === "gate") await opened(context);
    else holdAtCheckpoint(context);
  }
  return target(batch, context);
}

/** Never resolves: it rejects when the batch is asked to end. */
function stopped({ signal }) {
  return sleep(2 ** 31 - 1, undefined, { signal });
}

/** Resolves when the gate, a file, is gone; rejects when the batch is asked to end. */
async function opened({ signal }) {
  while (existsSync(searchParams.get("gate"))) await sleep(20, undefined, { signal });
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
