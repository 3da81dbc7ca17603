import { z } from "zod";
import type { JsonObject, PixelImage } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import type { Microscope } from "../microscope.ts";
import type { MMCoreCore } from "./core.ts";

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

/** A function of Python that gets frames in the process that holds MMCore. */
export interface PythonProcessor {
  /** `file.py:function`, for messages. */
  readonly name: string;
  /** Whether the function has a parameter for the event queue. */
  readonly takesQueue: boolean;
  /**
   * Calls the function with an image of its own, a copy, and this metadata. Calls are carried out one at a time, in their order;
   * the next may be made before the last has ended. The frame must be held until the call has ended.
   *
   * @param queue  gets what the function puts into its event queue, at once, until the next call names another
   * @returns      what the function returned, in memory of its own: one image, several or none
   * @throws {VitrineError} worker: the function raised; `cause` has Python's type as `name` and its traceback as `stack`;
   *   unsupported: a frame of another microscope; device: the process ended
   */
  process(frame: Frame, metadata: JsonObject, queue: PythonEventQueue): Promise<readonly PythonImage[]>;
}

/** An image that a function of Python returned. */
export interface PythonImage {
  readonly image: PixelImage;
  readonly metadata: JsonObject;
}

/** Where the function's events go. */
export interface PythonEventQueue {
  /** An event or several as Python gave them, unchecked; a generator's, each made when it is asked for; null: no more come. */
  put(events: JsonObject | readonly JsonObject[] | AsyncIterable<JsonObject> | null): void;
}
