/**
 * What a job's process takes of `io`: files, checked JSON, arrays, and images whose formats are loaded when they are met. All of `io` is 250
 * files, which take a process half a second; `index.ts` has these names too.
 */
export {
  createFile,
  fileExists,
  listFolder,
  makeFolder,
  openFile,
  openWritable,
  readFileBytes,
  removeFile,
  writeFileAtomic,
} from "#files";
export type { RandomAccessFile, WritableFile } from "./files.ts";
export type { NpyArray } from "./npy.ts";
export { formatNpz, parseNpz, readNpz } from "./npz.ts";
export type { ResultFiles, ResultPlaces } from "./resultFiles.ts";
export { prepareResultFiles, writeTogether } from "./resultFiles.ts";
export { parseWithSchema } from "./schema.ts";
export { openImage, openImages } from "./source/open.ts";
export type { ImageCollection, ImageSource } from "./source/source.ts";
