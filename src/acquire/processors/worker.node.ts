/** A processor's thread in Node: dist/acquire/processors/worker.node.js. */
import { parentPort } from "node:worker_threads";
import { type FileRingReader, openFileRing } from "../frames/fileRing.node.ts";
import type { FileRingDescription, RingDescription } from "../frames/ring.ts";
import { createMemoryRingReader } from "./memoryRingReader.ts";
import { ownImage } from "./ownImages.ts";
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
    const reader = files.get(ring.path) ?? createFileRingReader(ring);
    files.set(ring.path, reader);
    return reader;
  };
}

function createFileRingReader(description: FileRingDescription): RingReader {
  const file: FileRingReader = openFileRing(description);
  return {
    copy: ({ slot: { slot }, layout }, pool) =>
      ownImage({ layout, copy: (into) => file.copy(slot, layout, into) }, pool),
    borrow: ({ slot: { slot }, layout }) => {
      const { width, height, channels } = layout;
      return { data: file.borrow(slot, layout), width, height, channels };
    },
  };
}
