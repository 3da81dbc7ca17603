/** A page has no folders to write to, and so packs no chunks. */
import { VitrineError } from "../../../core/index.ts";

/** @throws {VitrineError} unsupported, always */
export function readBandKernels(): Uint8Array<ArrayBuffer> {
  throw new VitrineError({
    code: "unsupported",
    at: "the writer of OME-Zarr",
    expected: "Node",
    found: "a web page",
    hint: "Write in Node",
  });
}
