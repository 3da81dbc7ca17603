import { VitrineError } from "../../core/index.ts";
import type { EventQueue } from "../engine/eventQueue.ts";
import { createForeignRunner } from "./foreign.ts";
import { createInProcessRunner, createPassThrough } from "./inProcess.ts";
import type { ForeignProcessor, FrameProcessor, ImageProcessor, ProcessorModule } from "./processor.ts";
import { createWorkerRunner } from "./workerRunner.ts";

/**
 * Makes a processor of whatever an acquisition was given; of nothing, one that passes images on.
 *
 * @param limitMs  longest time for a module to load
 * @throws {VitrineError} type; timeout
 */
export async function openProcessor(
  given: ImageProcessor | ProcessorModule | ForeignProcessor | undefined,
  eventQueue: EventQueue,
  limitMs: number,
): Promise<FrameProcessor> {
  if (given === undefined) return createPassThrough();
  if (typeof given === "function") return createInProcessRunner(given, eventQueue);
  if ("module" in given) return createWorkerRunner(given, eventQueue, limitMs);
  if ("process" in given) return createForeignRunner(given, eventQueue);
  throw new VitrineError({
    code: "type",
    at: "imageProcessor",
    expected: "a function, { module: FILE }, or a processor",
    found: typeof given,
  });
}
