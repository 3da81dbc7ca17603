/** Where Node has the kernels of the writer of multiscales; a page has none (kernelBytes.browser.ts). */
import { readFileSync } from "node:fs";
import { builtFile } from "../../../core/index.node.ts";

/** The module dist/io/omezarr/multiscale/kernels.wasm. @throws {VitrineError} missing: the package is not built */
export function readBandKernels(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(builtFile("#band-kernels")));
}
