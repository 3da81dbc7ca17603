/** A processor's thread in a page. */
import { VitrineError } from "../../core/index.ts";
import { createMemoryRingReader } from "./memoryRingReader.ts";
import type { FromProcessor, ToProcessor } from "./protocol.ts";
import { createProcessorThread } from "./worker.ts";

const answer = createProcessorThread({
  send: (message: FromProcessor) => postMessage(message),
  loadModule: (address) => import(/* @vite-ignore */ address),
  openRing: (ring) => {
    if (ring.kind === "memory") return createMemoryRingReader(ring);
    throw new VitrineError({
      code: "unsupported",
      at: "frame ring",
      expected: "shared memory",
      found: "a file",
    });
  },
});
addEventListener("message", ({ data }: MessageEvent<ToProcessor>) => answer(data));
