import { moduleAddress, startThread, syntaxPlace } from "#processor-threads";
import { unpackError, VitrineError } from "../../core/index.ts";
import { type ImageLayout, type PixelArray, pixelView } from "../../io/index.ts";
import type { EventQueue } from "../engine/eventQueue.ts";
import type { ImageMetadata } from "../engine/metadata.ts";
import { withTimeout } from "../engine/watchdog.ts";
import type { Frame } from "../frames/frame.ts";
import type { RingDescription } from "../frames/ring.ts";
import { imageOf, type LentImage, slotLender } from "./pooledImages.ts";
import type { FrameProcessor, ProcessedImage, ProcessorModule } from "./processor.ts";
import type { FromProcessor, SentImage } from "./protocol.ts";
import type { Thread } from "./threads.ts";

/** Frames that one thread has at a time: the next one waits there while one is processed. */
const FRAMES_A_THREAD = 3;

interface Pending {
  readonly frame: Frame;
  /** The image in its slot, where the processor has it there. */
  readonly lent: LentImage | undefined;
  readonly resolve: (images: ProcessedImage[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What a thread does for its owner. */
interface ProcessorThread {
  readonly takesQueue: boolean;
  process(frame: Frame, metadata: ImageMetadata): Promise<ProcessedImage[]>;
  terminate(): Promise<void>;
}

/**
 * Runs a processor's module in threads of its own.
 *
 * @throws {VitrineError} type: no such default export, or several workers for a module that is not stateless; whatever the
 *   module throws while it is loaded
 */
export async function createWorkerRunner(
  { module, workers = 1 }: ProcessorModule,
  eventQueue: EventQueue,
  limitMs: number,
): Promise<FrameProcessor> {
  if (!Number.isInteger(workers) || workers < 1) throw badCount(workers);
  const address = moduleAddress(module);
  const opening = { address, workers, limitMs, lend: slotLender() };
  const starting = Array.from({ length: workers }, () => openThread(opening, eventQueue));
  const threads = await allOrNone(starting).catch(async (error: unknown) => {
    throw await withPlace(error, address);
  });
  let next = 0;
  return {
    name: address.split("/").at(-1) ?? address,
    takesQueue: threads.some(({ takesQueue }) => takesQueue),
    concurrency: workers * FRAMES_A_THREAD,
    process: (frame, metadata) => threads[next++ % workers]!.process(frame, metadata),
    close: async () => void (await Promise.all(threads.map((thread) => thread.terminate()))),
  };
}

/** An error of the module's text, with file and line, which the error itself does not say. */
async function withPlace(error: unknown, address: string): Promise<unknown> {
  const isPlaced = error instanceof SyntaxError && /\.[cm]?[jt]s:\d+/.test(ownFrames(error));
  if (!(error instanceof SyntaxError) || isPlaced) return error;
  const at = (await syntaxPlace(address)) ?? address;
  const found = `SyntaxError: ${error.message}`;
  return new VitrineError({ code: "format", at, expected: "JavaScript", found }, { cause: error });
}

/** Lines of a stack that are not those of the thread itself. */
function ownFrames({ stack = "" }: Error): string {
  const lines = stack.split("\n").slice(1);
  return lines.filter((line) => !/node:|processors\/worker\./.test(line)).join("\n");
}

async function allOrNone(starting: readonly Promise<ProcessorThread>[]): Promise<ProcessorThread[]> {
  const results = await Promise.allSettled(starting);
  const threads = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return threads;
  await Promise.all(threads.map((thread) => thread.terminate()));
  throw failed.reason;
}

interface OpeningThread {
  readonly address: string;
  readonly workers: number;
  /** Longest time for the module to load. */
  readonly limitMs: number;
  readonly lend: (frame: Frame) => LentImage | undefined;
}

function openThread(
  { address, workers, limitMs, lend }: OpeningThread,
  eventQueue: EventQueue,
): Promise<ProcessorThread> {
  let stop: (() => Promise<void>) | undefined;
  const loaded = new Promise<ProcessorThread>((resolve, reject) => {
    const pending = new Map<number, Pending>();
    let nextId = 0;
    let ended: VitrineError | undefined;
    /** Nothing that the processor returns may be kept by it, and what it is given is its own. */
    let mayChangeSlots = false;

    const fail = (error: unknown) => {
      reject(error);
      for (const entry of pending.values()) {
        giveBack(entry);
        entry.reject(error);
      }
      pending.clear();
    };
    const settle = (id: number, act: (entry: Pending) => void) => {
      const entry = pending.get(id);
      if (entry === undefined) return;
      pending.delete(id);
      act(entry);
      giveBack(entry);
    };
    const thread: Thread = startThread({
      onMessage: (message: FromProcessor) => {
        switch (message.kind) {
          case "loaded":
            mayChangeSlots = message.stateless && !message.borrow;
            return resolve(opened(process, message, thread));
          case "event":
            return put(message);
          case "done":
            return settle(message.id, (entry) =>
              entry.resolve(message.images.map((image) => received(image, entry.lent, thread))),
            );
          case "failed":
            if (message.id === undefined) {
              void thread.terminate();
              return fail(unpackError(message.error));
            }
            return settle(message.id, (entry) => entry.reject(unpackError(message.error)));
        }
      },
      onFailure: (found, cause) => {
        ended = threadFailed(address, found, cause);
        fail(ended);
      },
    });
    /** Events that the queue refuses end the acquisition with the images that the thread has. */
    const put = ({ events }: Extract<FromProcessor, { kind: "event" }>) => {
      try {
        eventQueue.put(events);
      } catch (error) {
        fail(error);
      }
    };
    const process = (frame: Frame, metadata: ImageMetadata) =>
      new Promise<ProcessedImage[]>((resolveFrame, rejectFrame) => {
        if (ended !== undefined) {
          frame.release();
          return rejectFrame(ended);
        }
        const id = nextId++;
        const { layout, slot } = frame;
        const lent = mayChangeSlots && isShared(slot.ring) ? lend(frame) : undefined;
        pending.set(id, { frame, lent, resolve: resolveFrame, reject: rejectFrame });
        thread.post({ kind: "process", id, layout, slot, isLent: lent !== undefined, metadata });
      });
    thread.post({ kind: "load", module: address, workers });
    stop = () => thread.terminate();
  });
  const limit = { ms: limitMs, option: "watchdogMs.processor" };
  return withTimeout(loaded, `loading ${address}`, limit).catch(async (error: unknown) => {
    await stop?.();
    throw error;
  });
}

function opened(
  process: ProcessorThread["process"],
  { takesQueue }: { readonly takesQueue: boolean },
  thread: Thread,
): ProcessorThread {
  return { process, takesQueue, terminate: () => thread.terminate() };
}

/** The processor has done with a frame; an image of it in its slot may be on its way. */
function giveBack({ frame, lent }: Pending): void {
  if (lent === undefined) frame.release();
  else lent.release();
}

/** Whether threads see the same memory, rather than a copy of it. */
function isShared(ring: RingDescription): boolean {
  return (
    typeof SharedArrayBuffer === "function" &&
    ring.kind === "memory" &&
    ring.bytes instanceof SharedArrayBuffer
  );
}

function received(
  { layout, metadata, pixels }: SentImage,
  lent: LentImage | undefined,
  thread: Thread,
): ProcessedImage {
  const { width, height, channels } = layout;
  const withData = (data: PixelArray) => ({ data, width, height, channels });
  if (pixels.kind === "copy") return { image: withData(pixels.data), metadata };
  if (pixels.kind === "slot") return inSlot(lent!, layout, metadata);
  return {
    image: withData(pixelView(layout, pixels.memory)),
    metadata,
    release: () => thread.post({ kind: "back", blocks: [pixels.id] }),
  };
}

/** An image in the slot that its frame came in, which is held until the image is released. */
function inSlot(lent: LentImage, layout: ImageLayout, metadata: ImageMetadata): ProcessedImage {
  const { buffer, byteOffset } = lent.pixels;
  lent.hold();
  return { image: imageOf(pixelView(layout, buffer, byteOffset), layout), metadata, release: lent.release };
}

function threadFailed(at: string, found: string, cause: unknown): VitrineError {
  return new VitrineError({ code: "worker", at, expected: "a thread that answers", found }, { cause });
}

function badCount(workers: number): VitrineError {
  return new VitrineError({
    code: "range",
    at: "imageProcessor.workers",
    expected: "a whole number above 0",
    found: String(workers),
  });
}
