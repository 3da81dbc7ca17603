/** Where Node has the kernels that scan tables; a page has none (kernelBytes.browser.ts). */
import { readFileSync } from "node:fs";
import { builtFile } from "../../core/index.node.ts";

/** The module dist/io/cells/kernels.wasm. @throws {VitrineError} missing: the package is not built */
export function readCellKernels(): Uint8Array<ArrayBuffer> | undefined {
  return new Uint8Array(readFileSync(builtFile("#cell-kernels")));
}
