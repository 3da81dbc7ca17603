import { z } from "zod";
import type { Microscope } from "../microscope.ts";
import type { MMCoreCore } from "./core.ts";
import type { PythonProcessor } from "./pythonProcessor.ts";

/** How to open a microscope of Micro-Manager's devices. */
export const mmcoreOptions = z.strictObject({
  /** The Python that has pymmcore and numpy: the variable `VITRINE_PYTHON` if left out, else `python3`. */
  python: z.string().min(1).optional(),
  /** A configuration file of Micro-Manager; no devices if left out: load them through `core.call`. */
  config: z.string().min(1).optional(),
  /** Folders of the device adapters: the variable `MICROMANAGER_PATH` if left out, else the folder of `config`. */
  adapterPaths: z.array(z.string().min(1)).optional(),
  /** Frames that may be out at once. */
  ringSlots: z.int().min(1).max(4096).default(16),
  /** Where the ring's file is: in memory where that has room, else the temporary folder, if left out. */
  ringFolder: z.string().min(1).optional(),
  /** The smallest size of a slot, bytes; it grows to the frames that the camera is set to. */
  maxFrameBytes: z.int().min(1).default(1),
  /** MMCore's own buffer, MB; MMCore's choice if left out. */
  bufferMb: z.int().min(1).optional(),
  /** Longest time for a command, ms; ten times as long for those that move or wait by their nature. */
  commandTimeoutMs: z.number().min(1).default(30_000),
  /** An image processor: a file of Python, `file.py:function` where the function has another name than `process`. */
  processor: z.string().min(1).optional(),
  /** Gets each line that adapters and the image processor print. */
  onOutput: z.custom<(line: string) => void>((value) => typeof value === "function", "a function").optional(),
});

export type MMCoreOptions = z.input<typeof mmcoreOptions>;

/** Micro-Manager's devices, in a Python process that holds MMCore. */
export interface MMCoreMicroscope extends Microscope {
  readonly core: MMCoreCore;
  /** Of the Python process. */
  readonly pid: number;
  /** The image processor that was named when the microscope was opened. */
  readonly processor: PythonProcessor | undefined;
}
