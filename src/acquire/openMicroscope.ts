import { openMMCoreMicroscope, openPythonProcessor } from "#mmcore";
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
  /** mmcore: folders of the device adapters; the variable `MICROMANAGER_PATH` if left out, else the folder of `config`. */
  readonly adapterPaths?: readonly string[];
  /** The Python that has numpy and, for mmcore, pymmcore. */
  readonly python?: string;
  /** An image processor of Python, `file.py` or `file.py:function`. */
  readonly pythonProcessor?: string;
  /** Gets lines that devices and a processor of Python print. */
  readonly onOutput?: (line: string) => void;
}

/** An open microscope, and the processor of Python that was named with it; both are closed together. */
export interface OpenMicroscope extends AsyncDisposable {
  readonly microscope: Microscope;
  readonly processor: ForeignProcessor | undefined;
}

/**
 * Opens a simulated microscope, or Micro-Manager's devices.
 *
 * @throws {VitrineError} missing, format, range: the configuration; device: the devices; missing, worker: the processor of Python
 */
export async function openMicroscope({ kind, config, ...choice }: MicroscopeChoice): Promise<OpenMicroscope> {
  if (kind === "demo") return openDemo(config, choice);
  const { adapterPaths, python, pythonProcessor, onOutput } = choice;
  const microscope = await openMMCoreMicroscope({
    ...(config !== undefined && { config }),
    ...(adapterPaths !== undefined && { adapterPaths: [...adapterPaths] }),
    ...(python !== undefined && { python }),
    ...(pythonProcessor !== undefined && { processor: pythonProcessor }),
    ...(onOutput !== undefined && { onOutput }),
  });
  return {
    microscope,
    processor: microscope.processor,
    [Symbol.asyncDispose]: () => microscope.close(),
  };
}

/** The simulated microscope has no Python: a processor gets a process of its own. */
async function openDemo(
  config: string | undefined,
  { python, pythonProcessor, onOutput }: Pick<MicroscopeChoice, "python" | "pythonProcessor" | "onOutput">,
): Promise<OpenMicroscope> {
  const options = await readDemoOptions(config);
  const processor =
    pythonProcessor === undefined
      ? undefined
      : await openPythonProcessor({
          processor: pythonProcessor,
          ...(python !== undefined && { python }),
          ...(onOutput !== undefined && { onOutput }),
        });
  try {
    const microscope = await openDemoMicroscope(options);
    const close = async () => {
      await microscope.close();
      await processor?.close();
    };
    return { microscope, processor, [Symbol.asyncDispose]: close };
  } catch (error) {
    await processor?.close();
    throw error;
  }
}

async function readDemoOptions(path: string | undefined) {
  if (path === undefined) return {};
  const text = await readText(path);
  return parseYaml(text, demoMicroscopeOptions, path);
}
