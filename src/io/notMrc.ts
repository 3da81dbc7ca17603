import { VitrineError } from "../core/index.ts";
import type { FileKind } from "./identify.ts";
import { kindOfContent, kindWords } from "./kindWords.ts";

/** What may be given in the place of a map or micrograph: what it is called, and the way to one. */
type Other = readonly [found: string, hint: string];

const FROM_ATOMS = "Make a map of them: vitrine simulate-map ATOMS --pixel-size A --box N --out map.mrc";
const CONVERT = "Convert it: vitrine convert IN OUT.mrc (vitrine info tells what it holds)";
const TABLE = "Give the image that it names, not the table";
const CONFIG = "Give the image that it names, not the configuration";
const LOOK = "Look whether it is the right file, or whether its download failed";

const HINTS: Partial<Record<FileKind, string>> = {
  pdb: FROM_ATOMS,
  mmcif: FROM_ATOMS,
  tiff: `${CONVERT}; a micrograph that ends with .tif is read as it is`,
  npy: CONVERT,
  npz: "Unpack it first, then give the map in it",
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

/** Other containers, by their first bytes. */
const CONTAINERS: readonly (readonly [mark: readonly number[], other: Other])[] = [
  [
    [0x89, 0x48, 0x44, 0x46],
    ["an HDF5 file", CONVERT],
  ],
  [
    [0x42, 0x5a, 0x68],
    ["a file that bzip2 packed", "Unpack it first: bunzip2 FILE"],
  ],
  [
    [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    ["a file that xz packed", "Unpack it first: unxz FILE"],
  ],
  [
    [0x28, 0xb5, 0x2f, 0xfd],
    ["a file that zstd packed", "Unpack it first: unzstd FILE"],
  ],
];

/**
 * Refuses what is no MRC file although it was given as one, and says what it is and which command makes a map of it. Bytes that are none
 * of these are left to the parser of the header.
 *
 * @param head  the first bytes, at most those of a header
 * @throws {VitrineError} format
 */
export function refuseOtherKind(head: Uint8Array, at: string): void {
  const container = CONTAINERS.find(([mark]) => mark.every((byte, i) => head[i] === byte));
  const kind = kindOfContent(head);
  const hint = container?.[1][1] ?? HINTS[kind];
  if (hint === undefined || head.length === 0) return;
  const found = container?.[1][0] ?? kindWords(kind);
  throw new VitrineError({ code: "format", at, expected: "an image or map (MRC)", found, hint });
}
