/** Deflate in Node; a page's is deflate.browser.ts. */
import { promisify } from "node:util";
import { deflate as deflateInThread } from "node:zlib";

const inThread = promisify(deflateInThread);

/** Differences of pixels are packed as well at the lowest level (within 2 %), in a half to a fifth of the time. */
const LEVEL = 1;

/** Packs bytes by zlib in a thread of its own; they are not changed, nor by the caller meanwhile. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await inThread(bytes, { level: LEVEL });
  return new Uint8Array(buffer, byteOffset, byteLength);
}
