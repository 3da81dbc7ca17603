/** A processor's thread in Node: dist/acquire/processors/worker.node.js. */
import { parentPort } from "node:worker_threads";
import { openFileRing } from "../frames/fileRing.node.ts";
import type { RingDescription } from "../frames/ring.ts";
import { createMemoryRingReader } from "./memoryRingReader.ts";
import type { ToProcessor } from "./protocol.ts";
import { createProcessorThread, type RingReader } from "./worker.ts";

const port = parentPort!;
const answer = createProcessorThread({
  send: (message) => port.postMessage(message),
  loadModule: (address) => import(address),
  openRing: ringReaders(),
});
port.on("message", (message: ToProcessor) => answer(message));

/** Readers of the rings that frames came from so far; a microscope has one, and another when its frames grow. */
function ringReaders(): (ring: RingDescription) => RingReader {
  const files = new Map<string, RingReader>();
  return (ring) => {
    if (ring.kind === "memory") return createMemoryRingReader(ring);
    const reader = files.get(ring.path) ?? openFileRing(ring);
    files.set(ring.path, reader);
    return reader;
  };
}
