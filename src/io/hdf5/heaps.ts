import { VitrineError } from "../../core/index.ts";

const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c]; // GCOL
/** Signature, version, three zeros, length. */
const HEAP_HEADER = 16;
/** Index, count of references, four zeros, length; and no heap is smaller than 4096 bytes. */
const OBJECT_HEADER = 16;
const LEAST_HEAP = 4096;

/**
 * Refuses a file in which a heap of texts comes to free space of no length: the library would read it for ever. Lengths of 8 bytes, as all
 * programs of today write.
 *
 * Source: HDF5 File Format Specification 3.0, III.E, Global Heap.
 *
 * @throws {VitrineError} format: such a heap
 */
export function requireHeapsThatEnd(bytes: Uint8Array, at: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let heap = bytes.indexOf(SIGNATURE[0]); heap >= 0; heap = bytes.indexOf(SIGNATURE[0], heap + 1)) {
    const end = endOfHeap(view, heap);
    if (end === undefined || endsItself(view, heap + HEAP_HEADER, end)) continue;
    const found = "a damaged one (a heap of texts has no end)";
    throw new VitrineError({ code: "format", at, expected: "a whole HDF5 file", found });
  }
}

/** Where the heap ends that begins here; nothing if none does. */
function endOfHeap(view: DataView, heap: number): number | undefined {
  if (heap + LEAST_HEAP > view.byteLength) return undefined;
  if (SIGNATURE.some((byte, i) => view.getUint8(heap + i) !== byte)) return undefined;
  const version = view.getUint32(heap + 4, true); // and three zeros
  const end = heap + Number(view.getBigUint64(heap + 8, true));
  return version === 1 && end - heap >= LEAST_HEAP && end <= view.byteLength ? end : undefined;
}

/** Whether objects, one behind the other, come to the end of their heap or to something that the library refuses. */
function endsItself(view: DataView, first: number, end: number): boolean {
  for (let object = first; object + OBJECT_HEADER <= end; ) {
    const length = Number(view.getBigUint64(object + 8, true));
    if (view.getUint16(object, true) === 0) {
      if (length === 0) return false;
      object += length; // of free space, its header included
    } else object += OBJECT_HEADER + 8 * Math.ceil(length / 8);
  }
  return true;
}
