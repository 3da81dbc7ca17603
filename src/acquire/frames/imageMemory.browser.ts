/** Memory for images in a page, cleared as pages have it; Node's comes from imageMemory.node.ts. */

/** Memory that whoever gets it may keep. */
export function imageMemory(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes);
}
