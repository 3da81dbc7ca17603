/** Memory for images in a page, cleared as pages have it; Node's comes from imageMemory.node.ts. */

/** Memory that whoever gets it may keep. */
export function imageMemory(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes);
}

/** Fills memory with copies of `block`, the last one cut where the memory ends. */
export function fillWith(out: Uint8Array, block: Uint8Array): void {
  let at = 0;
  for (; at + block.length <= out.length; at += block.length) out.set(block, at);
  if (at < out.length) out.set(block.subarray(0, out.length - at), at);
}
