/** The largest blocks that glibc begins to keep, and what it adds to each. */
const LARGEST_KEPT = 2 ** 25 - 2 ** 13;

/** Blocks below come from what the allocator keeps anyway. */
const SMALLEST_GIVEN_BACK = 2 ** 17;

let keepsFreed = false;

/**
 * Memory that is not cleared first and, from the second image on, comes from what images before it have left.
 *
 * glibc maps blocks of 128 KiB and more one by one and gives them back to the system when they are freed: each page of the next image is then
 * cleared at its first touch, 3 ms for 8 MB that are copied in one. Once a larger block was freed, it keeps what is smaller for the next one
 * (mallopt(3), M_MMAP_THRESHOLD, "dynamic"): up to 32 MiB a block, 64 MiB in all. So one such block is freed first, of which no page is
 * ever touched. Other allocators do not mind.
 */
export function newMemory(bytes: number): ArrayBuffer {
  if (!keepsFreed && bytes >= SMALLEST_GIVEN_BACK) {
    keepsFreed = true;
    free(Buffer.allocUnsafeSlow(LARGEST_KEPT).buffer);
  }
  return Buffer.allocUnsafeSlow(bytes).buffer;
}

/** Frees memory in the next turn of the event loop: it is sent to nobody. A collection would free it some time. */
function free(memory: ArrayBuffer): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(memory, [memory]);
  port1.close();
}
