import { join } from "node:path";
import { readStepFolder } from "./layout.ts";
import { writeState } from "./stateFiles.ts";
import type { Json } from "./step.ts";

/**
 * Gives a step other options, for batches that run from now on and for its collection. They must not decide about results that are there:
 * what does, is in the identity, which stays.
 *
 * @param path  the step's own folder
 * @throws {VitrineError} missing: no step there; storage
 */
export async function changeStepOptions(path: string, options: Json): Promise<void> {
  const { path: at, record } = await readStepFolder(path);
  await writeState(join(at, "step.json"), JSON.parse(JSON.stringify({ ...record, options })));
}
