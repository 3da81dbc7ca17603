import { VitrineError } from "../core/index.ts";
import { type FileKind, kindOfBytes } from "./identify.ts";

/** What may be given in the place of a map or micrograph: what it is called, and the way to one. */
type Other = readonly [found: string, hint: string];

const FROM_ATOMS = "Make a map of them: vitrine simulate-map ATOMS --pixel-size A --box N --out map.mrc";
const CONVERT = "Convert it: vitrine convert IN OUT.mrc (vitrine info tells what it holds)";
const TABLE = "Give the image that it names, not the table";
const CONFIG = "Give the image that it names, not the configuration";
const LOOK = "Look whether it is the right file, or whether its download failed";

const OTHERS: Partial<Record<FileKind, Other>> = {
  pdb: ["atoms of a PDB file", FROM_ATOMS],
  mmcif: ["atoms of an mmCIF file", FROM_ATOMS],
  tiff: ["a TIFF file", `${CONVERT}; a micrograph that ends with .tif is read as it is`],
  npy: ["an array of NumPy (.npy)", CONVERT],
  npz: ["a zip archive (.zip or .npz)", "Unpack it first, then give the map in it"],
  png: [
    "a PNG picture",
    "Pictures do not hold what was measured: give the MRC or TIFF file that it was made of",
  ],
  star: ["a STAR file", TABLE],
  csv: ["a CSV table", TABLE],
  json: ["JSON", CONFIG],
  yaml: ["YAML", CONFIG],
  text: ["text", LOOK],
};

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

/** Lines by which texts whose names do not tell are known. */
const TEXTS: readonly (readonly [line: RegExp, kind: FileKind])[] = [
  [/^data_[\s\S]*^_(atom_site|entry|cell)[._]/m, "mmcif"],
  [/^(ATOM {2}|HETATM|HEADER {4}|CRYST1|REMARK {1,3}\d)/m, "pdb"],
  [/^data_/m, "star"],
  [/^\s*[{[]/, "json"],
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
  const other = container?.[1] ?? OTHERS[kindOfHead(head)];
  if (other === undefined || head.length === 0) return;
  const [found, hint] = other;
  throw new VitrineError({ code: "format", at, expected: "an image or map (MRC)", found, hint });
}

/** By content alone: whoever gave it took it for an MRC file whatever its name. */
function kindOfHead(head: Uint8Array): FileKind {
  const kind = kindOfBytes(head, "");
  if (kind !== "text") return kind;
  const text = new TextDecoder("latin1").decode(head);
  return TEXTS.find(([line]) => line.test(text))?.[1] ?? kind;
}
