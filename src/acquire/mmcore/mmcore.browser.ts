import { VitrineError } from "../../core/index.ts";
import type { MMCoreMicroscope, MMCoreOptions } from "./mmcore.ts";
import type { OpenPythonProcessor, PythonProcessorOptions } from "./pythonProcessor.ts";

/**
 * A page starts no Python.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function openMMCoreMicroscope(_options?: MMCoreOptions): Promise<MMCoreMicroscope> {
  throw noPython("openMMCoreMicroscope", "Open the microscope in Node");
}

/**
 * A page starts no Python.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function openPythonProcessor(_options: PythonProcessorOptions): Promise<OpenPythonProcessor> {
  throw noPython("openPythonProcessor", "Write the processor in JavaScript");
}

function noPython(at: string, hint: string): VitrineError {
  const expected = "Node, which can start Python";
  return new VitrineError({ code: "unsupported", at, expected, found: "a web page", hint });
}
