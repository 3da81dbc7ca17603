import { openMMCoreMicroscope } from "#mmcore";
import { VitrineError } from "../core/index.ts";
import { parseYaml, readText } from "../io/index.ts";
import { openDemoMicroscope } from "./demo/demoMicroscope.ts";
import { demoMicroscopeOptions } from "./demo/options.ts";
import type { Microscope } from "./microscope.ts";
import type { ForeignProcessor } from "./processors/processor.ts";

/** Which microscope, as a command line says it. */
export interface MicroscopeChoice {
  readonly kind: "demo" | "mmcore";
  /** demo: options as JSON or YAML; mmcore: a configuration file of Micro-Manager. */
  readonly config?: string;
  /** mmcore: the Python that has pymmcore. */
  readonly python?: string;
  /** mmcore: an image processor of Python, `file.py` or `file.py:function`. */
  readonly pythonProcessor?: string;
  /** Gets lines that devices and a processor of Python print. */
  readonly onOutput?: (line: string) => void;
}

/** An open microscope, and the processor of Python that it holds. */
export interface OpenMicroscope {
  readonly microscope: Microscope;
  readonly processor: ForeignProcessor | undefined;
}

/**
 * Opens a simulated microscope, or Micro-Manager's devices.
 *
 * @throws {VitrineError} missing, format, range: the configuration; device: the devices; unsupported: a processor of Python with
 *   the simulated microscope
 */
export async function openMicroscope({ kind, config, ...choice }: MicroscopeChoice): Promise<OpenMicroscope> {
  const { python, pythonProcessor, onOutput } = choice;
  if (kind === "demo") {
    if (pythonProcessor !== undefined) throw needsMMCore(pythonProcessor);
    return { microscope: await openDemoMicroscope(await readDemoOptions(config)), processor: undefined };
  }
  const microscope = await openMMCoreMicroscope({
    ...(config !== undefined && { config }),
    ...(python !== undefined && { python }),
    ...(pythonProcessor !== undefined && { processor: pythonProcessor }),
    ...(onOutput !== undefined && { onOutput }),
  });
  return { microscope, processor: microscope.processor };
}

async function readDemoOptions(path: string | undefined) {
  if (path === undefined) return {};
  const text = await readText(path);
  return parseYaml(text, demoMicroscopeOptions, path);
}

function needsMMCore(processor: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `image processor ${processor}`,
    expected: "the microscope mmcore, whose process runs functions of Python",
    found: "the simulated one",
    hint: "Add --microscope mmcore, or write the processor in JavaScript",
  });
}
