import type { JsonObject } from "../../io/index.ts";
import type { EventQueue, EventSource } from "../engine/eventQueue.ts";
import type { ForeignProcessor, FrameProcessor, PlainEventQueue } from "./processor.ts";
import { imagesOf, originOf } from "./results.ts";

/** Frames that a processor elsewhere has at a time: the next one is on its way while one is processed. */
const FRAMES_AT_A_TIME = 2;

/** Runs a processor elsewhere; what it returns is checked as if it were a function here. */
export function createForeignRunner(processor: ForeignProcessor, eventQueue: EventQueue): FrameProcessor {
  // the queue checks every event, whoever made it
  const plainQueue: PlainEventQueue = { put: (events) => eventQueue.put(events as EventSource | null) };
  return {
    name: processor.name,
    takesQueue: processor.takesQueue === true,
    concurrency: FRAMES_AT_A_TIME,
    process: async (frame, metadata) => {
      const origin = originOf(metadata);
      try {
        const returned = await processor.process(frame, metadata as JsonObject, plainQueue);
        const pairs = returned.map(({ image, metadata: known }) => [image, { ...known }] as const);
        return imagesOf(pairs, origin).map(([image, known]) => ({ image, metadata: known }));
      } finally {
        frame.release();
      }
    },
    close: async () => {},
  };
}
