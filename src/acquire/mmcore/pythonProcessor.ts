import { z } from "zod";
import type { JsonObject, PixelImage } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";

/** How to open an image processor of Python. */
export const pythonProcessorOptions = z.strictObject({
  /** A file of Python, `file.py:function` where the function has another name than `process` or Pycro-Manager's. */
  processor: z.string().min(1),
  /** The Python that has numpy: the variable `VITRINE_PYTHON` if left out, else `python3`. */
  python: z.string().min(1).optional(),
  /** Where the ring's file is: in memory where that has room, else the temporary folder, if left out. */
  ringFolder: z.string().min(1).optional(),
  /** Longest time for Python to start, and to load the file, ms. */
  commandTimeoutMs: z.number().min(1).default(300_000),
  /** Gets each line that the image processor prints. */
  onOutput: z.custom<(line: string) => void>((value) => typeof value === "function", "a function").optional(),
});

export type PythonProcessorOptions = z.input<typeof pythonProcessorOptions>;

/** An image processor in a process of its own: it takes frames of every microscope. Whoever opened it closes it. */
export interface OpenPythonProcessor extends PythonProcessor, AsyncDisposable {
  /** Of the Python process. */
  readonly pid: number;
  close(): Promise<void>;
}

/** A function of Python that gets frames, in the process that holds MMCore or in one of its own. */
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
   *   unsupported: a frame of another microscope than the one that holds the function; device, worker: the process ended
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
