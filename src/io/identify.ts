import { fileExists, folderExists, listFolder, openFile } from "#files";
import { VitrineError } from "../core/index.ts";
import { isWebAddress } from "./address.ts";
import { readUnpackedHead, unpackedName } from "./gzip.ts";
import { parseStackName } from "./ndtiff/format.ts";
import { RECORDS } from "./omezarr/records.ts";

/** What a file or folder can be. `text` is whatever is UTF-8, `unknown` whatever is not. */
export type FileKind =
  | "ndtiff"
  | "ome-zarr"
  | "mrc"
  | "npy"
  | "npz"
  | "torch"
  | PackedKind
  | "cryosparc"
  | "hdf5"
  | "csv"
  | "star"
  | "pdb"
  | "mmcif"
  | "json"
  | "yaml"
  | "png"
  | "tiff"
  | "text"
  | "folder"
  | "empty"
  | "unknown";

/** What has to be unpacked before anything can be said of it. */
export type PackedKind = "zip" | "bzip2" | "xz" | "zstd";

/** Files of a folder that tell what it is. */
const MARKS: readonly (readonly [file: string, kind: FileKind])[] = [
  ["NDTiff.index", "ndtiff"],
  ["Full resolution", "ndtiff"],
  [RECORDS, "ome-zarr"],
  ["zarr.json", "ome-zarr"],
  [".zgroup", "ome-zarr"],
  [".zattrs", "ome-zarr"],
  [".zmetadata", "ome-zarr"],
];

const MAGIC: readonly (readonly [bytes: readonly number[], kind: FileKind])[] = [
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "npy"],
  [[0x95, 0x43, 0x53, 0x44, 0x41, 0x54], "cryosparc"],
  [[0x50, 0x4b, 0x03, 0x04], "zip"],
  [[0x42, 0x5a, 0x68], "bzip2"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
  [[0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "hdf5"],
  [[0x89, 0x50, 0x4e, 0x47], "png"],
  [[0x49, 0x49, 0x2a, 0x00], "tiff"],
  [[0x4d, 0x4d, 0x00, 0x2a], "tiff"],
  [[0x49, 0x49, 0x2b, 0x00], "tiff"],
  [[0x4d, 0x4d, 0x00, 0x2b], "tiff"],
];

/** Names whose content no first bytes tell. */
const NAMES: readonly (readonly [name: RegExp, kind: FileKind])[] = [
  [/\.(mrcs?|map|rec|st|ali|ccp4)$/i, "mrc"],
  [/\.csv$/i, "csv"],
  [/\.star$/i, "star"],
  [/\.(pdb|ent)$/i, "pdb"],
  [/\.(mm)?cif$/i, "mmcif"],
  [/\.json$/i, "json"],
  [/\.ya?ml$/i, "yaml"],
];

/** Names of files that are no folders as a rule, and of Zarr stores. */
const FILE_NAME =
  /\.(mrcs?|map|rec|st|ali|ccp4|tiff?|svs|bif|qptiff|btf|tf8|npy|npz|h5|hdf5|csv|star|pdb|ent|cif|mmcif|json|ya?ml|png)(\.gz)?$/i;
const ZARR_NAME = /\.zarr[/\\]*$/i;

/** Enough for every mark, and to see whether a file is text. */
const FIRST_BYTES = 4096;
const MRC_MARK = { offset: 208, text: "MAP" };

/**
 * Says what a file or folder is: by files in the folder, first bytes, then its name. Of a file that gzip packed: what is packed.
 *
 * @throws {VitrineError} missing: nothing has this path; storage
 */
export async function identifyFile(path: string): Promise<FileKind> {
  // each look is a request where the path is an address
  const named = FILE_NAME.test(path) && !(await folderExists(path)) ? await kindOfFile(path) : undefined;
  if (named !== undefined && named !== "text" && named !== "unknown") return named;
  const isZarr = ZARR_NAME.test(path);
  const marks = MARKS.filter(([, kind]) => (kind === "ome-zarr") === isZarr);
  // before the path itself, as servers that know no folders deny the address of one
  for (const [name, kind] of [...marks, ...MARKS.filter((mark) => !marks.includes(mark))])
    if (await answers(`${path}/${name}`)) return kind;
  if (named !== undefined) return named;
  if (!(await fileExists(path))) {
    throw new VitrineError({
      code: "missing",
      at: path,
      expected: "a file or folder",
      found: "none",
      hint: "Check the path",
    });
  }
  if (await folderExists(path)) return kindOfFolder(path);
  return (await kindOfFile(path)) ?? "unknown";
}

/** Whether something is there; a server that lists nothing refuses what is not. */
async function answers(path: string): Promise<boolean> {
  return fileExists(path).catch((error: unknown) => {
    if (isWebAddress(path) && error instanceof VitrineError && error.code === "storage") return false;
    throw error;
  });
}

/** Undefined where there is no such file. */
async function kindOfFile(path: string): Promise<FileKind | undefined> {
  if (!(await fileExists(path))) return undefined;
  const file = await openFile(path);
  try {
    return kindOfBytes(await readUnpackedHead(file, FIRST_BYTES), unpackedName(path));
  } finally {
    await file.close();
  }
}

/** A dataset whose writer crashed may have stacks alone. */
async function kindOfFolder(path: string): Promise<FileKind> {
  const names = await listFolder(path);
  return names.some((name) => parseStackName(name) !== undefined) ? "ndtiff" : "folder";
}

/** What a file is by its first bytes and its name. */
export function kindOfBytes(bytes: Uint8Array, path: string): FileKind {
  const magic = MAGIC.find(([mark]) => mark.every((byte, i) => bytes[i] === byte));
  if (magic?.[1] === "npy" && /\.cs$/i.test(path)) return "cryosparc";
  if (magic?.[1] === "zip") return kindOfZip(bytes, path);
  if (magic !== undefined) return magic[1];
  const mark = new TextDecoder("latin1").decode(bytes.subarray(MRC_MARK.offset, MRC_MARK.offset + 3));
  if (mark === MRC_MARK.text) return "mrc";
  const named = NAMES.find(([name]) => name.test(path));
  if (named !== undefined) return named[1];
  if (bytes.length === 0) return "empty";
  return isText(bytes) ? "text" : "unknown";
}

/** Place of the length of the first entry's name, and of that name, in a zip archive. */
const ZIP_NAME = { lengthAt: 26, at: 30 };

/** By the first file in it: numpy and PyTorch write archives of their own. */
function kindOfZip(bytes: Uint8Array, path: string): FileKind {
  const length = (bytes[ZIP_NAME.lengthAt] ?? 0) + 256 * (bytes[ZIP_NAME.lengthAt + 1] ?? 0);
  const name = new TextDecoder("latin1").decode(bytes.subarray(ZIP_NAME.at, ZIP_NAME.at + length));
  if (/\.npy$/.test(name) || /\.npz$/i.test(path)) return "npz";
  return /(^|\/)data\.pkl$/.test(name) ? "torch" : "zip";
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    // `stream` allows a character that the cut leaves unfinished
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
