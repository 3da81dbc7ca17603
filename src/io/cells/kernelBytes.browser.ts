/** A page would have to wait for the kernels that scan tables, and reads them without. */
export function readCellKernels(): Uint8Array<ArrayBuffer> | undefined {
  return undefined;
}
