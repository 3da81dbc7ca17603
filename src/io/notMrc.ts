import { VitrineError } from "../core/index.ts";
import type { FileKind, PackedKind } from "./identify.ts";
import { kindOfContent, kindWords } from "./kindWords.ts";

const FROM_ATOMS = "Make a map of them: vitrine simulate-map ATOMS --pixel-size A --box N --out map.mrc";
const CONVERT = "Convert it: vitrine convert IN OUT.mrc (vitrine info tells what it holds)";
const TABLE = "Give the image that it names, not the table";
const CONFIG = "Give the image that it names, not the configuration";
const LOOK = "Look whether it is the right file, or whether its download failed";

const UNPACKED: Readonly<Record<PackedKind, string>> = {
  zip: "Unpack it first: unzip FILE",
  bzip2: "Unpack it first: bunzip2 FILE",
  xz: "Unpack it first: unxz FILE",
  zstd: "Unpack it first: unzstd FILE",
};

const HINTS: Partial<Record<FileKind, string>> = {
  pdb: FROM_ATOMS,
  mmcif: FROM_ATOMS,
  tiff: `${CONVERT}; a micrograph that ends with .tif is read as it is`,
  npy: CONVERT,
  npz: "Unpack it first (unzip FILE), then give an array in it",
  torch: "vitrine info lists the tensors in it",
  hdf5: CONVERT,
  ...UNPACKED,
  png: "Pictures do not hold what was measured: give the MRC or TIFF file that it was made of",
  star: TABLE,
  csv: TABLE,
  json: CONFIG,
  yaml: CONFIG,
  text: LOOK,
};

/** What to do with a file that holds no image. */
export function wayToImages(kind: FileKind): string {
  if (kind === "folder")
    return "Name a file in it, or the folder of a dataset (vitrine info tells what a path is)";
  return HINTS[kind] ?? LOOK;
}

/**
 * Refuses what is no MRC file although it was given as one, and says what it is and which command makes a map of it. Bytes that are none
 * of these are left to the parser of the header.
 *
 * @param head  the first bytes, at most those of a header
 * @throws {VitrineError} format
 */
export function refuseOtherKind(head: Uint8Array, at: string): void {
  const kind = kindOfContent(head);
  const hint = HINTS[kind];
  if (hint === undefined) return;
  const found = kindWords(kind);
  throw new VitrineError({ code: "format", at, expected: "an image or map (MRC)", found, hint });
}
