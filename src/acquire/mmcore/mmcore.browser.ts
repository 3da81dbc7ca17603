import { VitrineError } from "../../core/index.ts";
import type { MMCoreMicroscope, MMCoreOptions } from "./mmcore.ts";

/**
 * A page starts no Python.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function openMMCoreMicroscope(_options?: MMCoreOptions): Promise<MMCoreMicroscope> {
  throw new VitrineError({
    code: "unsupported",
    at: "openMMCoreMicroscope",
    expected: "Node, which can start Python",
    found: "a web page",
    hint: "Open the microscope in Node",
  });
}
