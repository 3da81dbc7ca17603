import { type FileKind, kindOfBytes } from "./identify.ts";

/** How messages call what a file or folder is. */
const WORDS: Readonly<Record<FileKind, string>> = {
  ndtiff: "an NDTiff dataset",
  "ome-zarr": "an OME-Zarr store",
  mrc: "an MRC file",
  tiff: "a TIFF file",
  npy: "an array of NumPy (.npy)",
  cryosparc: "a dataset of cryoSPARC (.cs)",
  npz: "an archive of NumPy (.npz)",
  torch: "tensors of PyTorch (.pt)",
  zip: "a zip archive",
  bzip2: "a file that bzip2 packed",
  xz: "a file that xz packed",
  zstd: "a file that zstd packed",
  hdf5: "an HDF5 file",
  csv: "a CSV table",
  star: "a STAR file",
  pdb: "atoms of a PDB file",
  mmcif: "atoms of an mmCIF file",
  json: "JSON",
  yaml: "YAML",
  png: "a PNG picture",
  text: "text",
  folder: "a folder",
  empty: "an empty file",
  unknown: "an unknown file",
};

/** Enough for every first byte and line by which a kind is known. */
const FIRST_BYTES = 4096;

/** Lines by which texts whose names do not tell are known. */
const TEXTS: readonly (readonly [line: RegExp, kind: FileKind])[] = [
  [/^data_[\s\S]*^_(atom_site|entry|cell)[._]/m, "mmcif"],
  [/^(ATOM {2}|HETATM|HEADER {4}|CRYST1|REMARK {1,3}\d)/m, "pdb"],
  [/^data_/m, "star"],
  [/^\s*[{[]/, "json"],
];

/** How messages call what is of this kind: "a TIFF file". */
export function kindWords(kind: FileKind): string {
  return WORDS[kind];
}

/** What a file is by content alone: whoever gave it took it for another kind whatever its name. */
export function kindOfContent(bytes: Uint8Array): FileKind {
  const head = bytes.subarray(0, FIRST_BYTES);
  const kind = kindOfBytes(head, "");
  if (kind !== "text") return kind;
  const text = new TextDecoder("latin1").decode(head);
  return TEXTS.find(([line]) => line.test(text))?.[1] ?? kind;
}

/** How messages call what these bytes are: "an empty file", "a TIFF file". */
export function contentWords(bytes: Uint8Array): string {
  return kindWords(kindOfContent(bytes));
}
