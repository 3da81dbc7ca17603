/** A page would have to wait for the kernels that scan tables, and reads them without. */
export function readCellKernels(): Uint8Array<ArrayBuffer> | undefined {
  return undefined;
}

/** Undefined: a page has no way to read shared memory as text without a copy. */
export function asciiText(_bytes: Uint8Array): string | undefined {
  return undefined;
}
