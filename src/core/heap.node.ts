import { setFlagsFromString } from "node:v8";

/** Four times what is in use: the most that V8 itself would choose. */
const GROWTH_PERCENT = 300;

/**
 * Lets the heap of this process and of its threads grow fourfold between full collections, for programs that make an array an image. V8 counts the
 * memory of arrays as heap and expects a heap of 15 MB to grow little: it would collect all after every third image of 8 MB. The most memory in use
 * was the same in every program measured (`convert` to OME-Zarr and TIFF: four fifths of the processor time).
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
