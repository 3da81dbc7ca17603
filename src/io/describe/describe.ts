import { fileExists, openFile } from "#files";
import { parseCsv } from "../csv.ts";
import { openUnpacked } from "../gzip.ts";
import { type FileKind, identifyFile, type PackedKind } from "../identify.ts";
import { RECORDS } from "../omezarr/records.ts";
import { decodeText, readText } from "../text.ts";
import {
  describeMrc,
  describeNpy,
  describeNpz,
  describeTorch,
  type MrcDescription,
  type NpyDescription,
  type NpzDescription,
  type TorchDescription,
} from "./arrays.ts";
import {
  describeNdtiff,
  describeOmeZarr,
  type NdtiffDescription,
  type OmeZarrDescription,
} from "./dataset.ts";
import { describeHdf5, type Hdf5Description } from "./hdf5.ts";
import {
  describeImages,
  describeSource,
  type ImageDescription,
  type ImagesDescription,
  type SourceDescription,
} from "./images.ts";
import {
  type AtomsDescription,
  type CryosparcDescription,
  describeAtoms,
  describeCryosparc,
  describeStar,
  describeTiff,
  type StarDescription,
  type TiffDescription,
} from "./structure.ts";

/** Text beyond this is not counted in lines. */
const LARGEST_TEXT = 2 ** 26;

/** What a file or folder is and holds. */
export type FileDescription =
  | (NdtiffDescription & SourceDescription)
  | (OmeZarrDescription & SourceDescription)
  | ImagesDescription
  | (MrcDescription & SourceDescription)
  | (NpyDescription & SourceDescription)
  | NpzDescription
  | Hdf5Description
  | { readonly kind: "csv"; readonly columns: readonly string[]; readonly rows: number }
  | { readonly kind: "json" | "yaml" | "text"; readonly bytes: number; readonly lines?: number }
  | StarDescription
  | CryosparcDescription
  | AtomsDescription
  | TiffDescription
  | TorchDescription
  | { readonly kind: Bytes; readonly bytes: number }
  | { readonly kind: "folder" };

/**
 * Says what a file or folder is and holds; pixels are not read.
 *
 * @throws {VitrineError} missing: nothing has this path; and the errors of the format, where the file is damaged
 */
export async function describeFile(path: string): Promise<FileDescription> {
  const kind = await identifyFile(path);
  switch (kind) {
    case "ndtiff":
      return { ...(await describeNdtiff(path)), ...(await describeSource(path)) };
    case "ome-zarr":
      if (!(await fileExists(`${path}/${RECORDS}`))) return describeImages(path);
      return { ...(await describeOmeZarr(path)), ...(await describeSource(path)) };
    case "mrc":
      return { ...(await describeMrc(path)), ...(await describeSource(path)) };
    case "npy":
      return { ...(await describeNpy(path)), ...(await describeSource(path)) };
    case "npz":
      return describeNpz(path);
    case "torch":
      return describeTorch(path);
    case "cryosparc":
      return describeCryosparc(path);
    case "hdf5":
      return describeHdf5(path);
    case "csv":
      return describeCsv(path);
    case "star":
      return describeStar(path);
    case "pdb":
    case "mmcif":
      return describeAtoms(path, kind);
    case "tiff": {
      const images = await describeImages(path);
      if (!isPages(images)) return images;
      const { warnings } = images;
      return { ...(await describeTiff(path, await sizeOf(path))), ...(warnings.length > 0 && { warnings }) };
    }
    case "folder":
      return { kind };
    default:
      return describeBytes(path, kind);
  }
}

/** Axes of pages that nobody described. */
const PAGE_AXES = new Set(["time", "y", "x", "sample"]);

/** Nothing but pages: no pyramid, no axes with names, no pictures of a slide, which have names, no images that only a program tells apart. */
function isPages({ format, images, names }: ImagesDescription): boolean {
  const isFlat = images.every(({ levels }) => levels.length === 1);
  const isUnnamed = images.every(({ axes }) => axes.every(({ name }) => PAGE_AXES.has(name)));
  const sizes = images.map(({ dtype, axes }) => `${axes.map(sideOf)} ${dtype}`);
  const areApart = new Set(sizes).size === images.length;
  return format === "tiff" && isFlat && isUnnamed && areApart && names.every((name) => /^\d+$/.test(name));
}

function sideOf({ name, length }: ImageDescription["axes"][number]): string {
  return name === "time" ? "" : `${name} ${length}`;
}

async function describeCsv(path: string): Promise<FileDescription> {
  const text = await readText(path);
  const { columns, rows } = parseCsv(text, path);
  return { kind: "csv", columns, rows: rows.length };
}

type Texts = Extract<FileKind, "json" | "yaml" | "text">;
type Bytes = Extract<FileKind, "png" | "empty" | "unknown"> | PackedKind;

async function sizeOf(path: string): Promise<number> {
  const file = await openFile(path);
  await file.close();
  return file.size;
}

async function describeBytes(path: string, kind: Texts | Bytes): Promise<FileDescription> {
  const file = await openUnpacked(path);
  try {
    const bytes = file.size;
    if (kind !== "json" && kind !== "yaml" && kind !== "text") return { kind, bytes };
    if (bytes > LARGEST_TEXT) return { kind, bytes };
    const text = decodeText(await file.read(0, bytes), path);
    return { kind, bytes, lines: text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0) };
  } finally {
    await file.close();
  }
}
