/** Where Node has the kernels that scan tables; a page has none (kernelBytes.browser.ts). */
import { isAscii } from "node:buffer";
import { readFileSync } from "node:fs";
import { builtFile } from "../../core/index.node.ts";

/** The module dist/io/cells/kernels.wasm. @throws {VitrineError} missing: the package is not built */
export function readCellKernels(): Uint8Array<ArrayBuffer> | undefined {
  return new Uint8Array(readFileSync(builtFile("#cell-kernels")));
}

/** Bytes of ASCII as text, also of shared memory, without a copy of them; undefined for others. */
export function asciiText(bytes: Uint8Array): string | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isAscii(view) ? view.toString("latin1") : undefined;
}
