import { layoutOf, packError, VitrineError } from "../../core/index.ts";
import type { ImageLayout, PixelArray, PixelImage } from "../../io/index.ts";
import type { EventQueue } from "../engine/eventQueue.ts";
import { ImagePool, type PooledImage } from "../frames/imagePool.ts";
import { type RingDescription, threadMemory } from "../frames/ring.ts";
import { copyImage, copyToKeep, copyToPool, imageOf } from "./pooledImages.ts";
import { type ImageAndMetadata, type ImageProcessor, QUEUE_PARAMETERS } from "./processor.ts";
import type { FromProcessor, SentImage, ToProcessor } from "./protocol.ts";
import { imagesOf, originOf } from "./results.ts";

type Work = Extract<ToProcessor, { kind: "process" }>;

/** How a thread reads the slots of a ring. */
export interface RingReader {
  /** The pixels in other memory. */
  copy(slot: number, layout: ImageLayout, into?: PixelArray): PixelArray;
  /** The pixels in the slot, or, of a ring in a file, in memory that the next call uses again. */
  borrow(slot: number, layout: ImageLayout): PixelArray;
}

/** What a processor's thread is made of. */
export interface ProcessorThreadParts {
  readonly send: (message: FromProcessor) => void;
  readonly loadModule: (address: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly openRing: (ring: RingDescription) => RingReader;
}

/**
 * Makes the function that answers a processor thread's messages, one after the other.
 *
 * A processor keeps what it is given if it likes; one that says that it keeps nothing from call to call gets memory that is
 * shared with the acquisition, where that has room the very slot, so that what it returns is not copied.
 *
 * What a thread runs imports the pixels' own files, not the whole of io: a thread starts in 20 ms instead of 260.
 */
export function createProcessorThread(parts: ProcessorThreadParts): (message: ToProcessor) => void {
  const { send } = parts;
  const pool = new ImagePool(threadMemory);
  const eventQueue: EventQueue = { put: (events) => send({ kind: "event", events: plainEvents(events) }) };
  let loaded: Promise<LoadedModule> | undefined;
  let previous: Promise<void> = Promise.resolve();

  const answer = async (work: Work): Promise<void> => {
    try {
      send({ kind: "done", id: work.id, images: await processWork(work, await loaded!) });
    } catch (error) {
      send({ kind: "failed", id: work.id, error: packError(error) });
    }
  };

  const processWork = async (work: Work, { processor, stateless }: LoadedModule): Promise<SentImage[]> => {
    const { metadata, layout } = work;
    const { ring, slot } = work.slot;
    const reader = parts.openRing(ring);
    const source = { layout, copy: (into?: PixelArray) => reader.copy(slot, layout, into) };
    const origin = originOf(metadata);
    const run = async (given: PixelImage) => imagesOf(await processor(given, metadata, eventQueue), origin);
    if (processor.borrow === true)
      return (await run(imageOf(reader.borrow(slot, layout), layout))).map(sentCopy);
    if (!stateless) return (await run(copyToKeep(source))).map(sentCopy);
    if (work.isLent) {
      const pixels = reader.borrow(slot, layout);
      const images = await run(imageOf(pixels, layout));
      return images.map((each) => (isWhole(each[0], pixels) ? sentInSlot(each) : sentCopy(each)));
    }
    const own = copyToPool(source, pool);
    try {
      const images = await run(imageOf(own.pixels, layout));
      return images.map((each) => (isWhole(each[0], own.pixels) ? sent(each, own) : sentCopy(each)));
    } finally {
      own.release();
    }
  };

  /** The other thread holds what it is sent, until it says `back`. */
  const sent = ([image, metadata]: ImageAndMetadata, pooled: PooledImage): SentImage => {
    const layout = layoutOf(image, "image processor, image");
    const { block } = pooled;
    const memory = sharedMemory(block?.memory);
    if (block === undefined || memory === undefined)
      return { layout, metadata, pixels: { kind: "copy", data: image.data } };
    pooled.hold();
    return { layout, metadata, pixels: { kind: "block", id: block.id, memory } };
  };

  const sentCopy = ([image, metadata]: ImageAndMetadata): SentImage => {
    const copy = copyImage(image, pool);
    const message = sent([imageOf(copy.pixels, image), metadata], copy);
    copy.release();
    return message;
  };

  return (message) => {
    switch (message.kind) {
      case "load":
        loaded = loadProcessor(parts, message);
        loaded.then(
          ({ processor, stateless, takesQueue }) =>
            send({ kind: "loaded", borrow: processor.borrow === true, stateless, takesQueue }),
          (error) => send({ kind: "failed", id: undefined, error: packError(error) }),
        );
        break;
      case "process":
        previous = previous.then(() => answer(message));
        break;
      case "back":
        for (const id of message.blocks) pool.release(id);
    }
  };
}

/** Whether an image is in that memory, from its start and not beyond its end. */
function isWhole({ data }: PixelImage, pixels: PixelArray): boolean {
  const isThere = data.buffer === pixels.buffer && data.byteOffset === pixels.byteOffset;
  return isThere && data.byteLength <= pixels.byteLength;
}

function sentInSlot([image, metadata]: ImageAndMetadata): SentImage {
  return { layout: layoutOf(image, "image processor, image"), metadata, pixels: { kind: "slot" } };
}

function sharedMemory(memory: ArrayBufferLike | undefined): SharedArrayBuffer | undefined {
  const isShared = typeof SharedArrayBuffer === "function" && memory instanceof SharedArrayBuffer;
  return isShared ? memory : undefined;
}

interface LoadedModule {
  readonly processor: ImageProcessor;
  readonly stateless: boolean;
  readonly takesQueue: boolean;
}

async function loadProcessor(
  { loadModule }: ProcessorThreadParts,
  { module, workers }: Extract<ToProcessor, { kind: "load" }>,
): Promise<LoadedModule> {
  const exports = await loadModule(module);
  const { default: processor, borrow, stateless } = exports;
  if (typeof processor !== "function")
    throw notAProcessor(module, "a default export that is a function", typeof processor);
  if (workers > 1 && stateless !== true)
    throw notAProcessor(
      module,
      `\`export const stateless = true\`, for ${workers} workers`,
      String(stateless),
    );
  const run = processor as ImageProcessor;
  const bound = (...args: Parameters<ImageProcessor>) => run(...args);
  return {
    processor: Object.assign(bound, { borrow: borrow === true || run.borrow === true }),
    stateless: stateless === true,
    takesQueue: run.length >= QUEUE_PARAMETERS,
  };
}

function notAProcessor(address: string, expected: string, found: string): VitrineError {
  // a file by its path, as it was given
  const at = address.startsWith("file:///") ? decodeURIComponent(address.slice("file://".length)) : address;
  return new VitrineError({ code: "type", at, expected, found });
}

/** Events that can travel: a generator stays with its thread, so it is unfolded here. */
function plainEvents(events: Parameters<EventQueue["put"]>[0]): Parameters<EventQueue["put"]>[0] {
  if (events === null || Array.isArray(events)) return events;
  if (Symbol.asyncIterator in events)
    throw new VitrineError({
      code: "unsupported",
      at: "eventQueue.put in a processor module",
      expected: "an event, an array or a generator",
      found: "an async generator",
      hint: "Await its events and put them one by one",
    });
  return Symbol.iterator in events ? [...events] : events;
}
