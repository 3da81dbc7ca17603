import { openFile, readFileBytes } from "#files";
import { VitrineError } from "../core/index.ts";
import { parseCsv } from "./csv.ts";
import { inOrder } from "./dataset/arrayPlan.ts";
import type { Axes, Dataset, ImageLayout, JsonObject } from "./dataset/dataset.ts";
import {
  type AtomsDescription,
  describeAtoms,
  describeStar,
  describeTiff,
  type StarDescription,
  type TiffDescription,
} from "./describeStructure.ts";
import { type FileKind, identifyFile } from "./identify.ts";
import type { MrcHeader } from "./mrc.ts";
import { openMrc } from "./mrcFile.ts";
import { openNdtiff } from "./ndtiff/open.ts";
import type { NpyDtype } from "./npy.ts";
import { openNpy } from "./npyFile.ts";
import { readNpz } from "./npz.ts";
import { openOmeZarr } from "./omezarr/open.ts";

/** Text beyond this is not counted in lines. */
const LARGEST_TEXT = 2 ** 26;

/** A dtype and a shape, C order. */
export interface ArrayDescription {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Images of one size and type in a dataset. */
export interface LayoutDescription extends ImageLayout {
  readonly images: number;
}

/** What is known of a dataset of images by axes. */
export interface DatasetDescription {
  readonly images: number;
  /** Their values, outermost first. */
  readonly axes: Dataset["axes"];
  /** Places of the axes' product that no image fills. */
  readonly missing: number;
  readonly channelNames: readonly string[];
  /** One for each size and type. */
  readonly layouts: readonly LayoutDescription[];
  /** From the summary metadata, else from the first image's. */
  readonly pixelSizeUm?: number;
  readonly summaryMetadata: JsonObject;
  /** Of the image that was saved first. */
  readonly firstMetadata?: JsonObject;
  /** Why they cannot be read, as where only the index of a dataset is there. */
  readonly unreadable?: string;
}

/** What a file or folder is and holds. */
export type FileDescription =
  | ({
      readonly kind: "ndtiff";
      readonly version: string;
      /** Images that the index lacks, found in the stacks. */
      readonly recovered: number;
      /** Powers of two by which the levels of a pyramid are smaller. */
      readonly levels: readonly number[];
    } & DatasetDescription)
  | ({
      readonly kind: "ome-zarr";
      /** Images whose chunks are gone. */
      readonly lost: readonly Axes[];
    } & DatasetDescription)
  | ({
      readonly kind: "mrc";
      readonly mode: number;
      readonly content: MrcHeader["kind"];
      readonly voxelSizeA: MrcHeader["voxelSizeA"];
      readonly originA: MrcHeader["originA"];
      readonly statistics: MrcHeader["statistics"];
      readonly labels: readonly string[];
    } & ArrayDescription)
  | ({ readonly kind: "npy"; readonly fortranOrder: boolean } & ArrayDescription)
  | { readonly kind: "npz"; readonly arrays: Readonly<Record<string, ArrayDescription>> }
  | { readonly kind: "csv"; readonly columns: readonly string[]; readonly rows: number }
  | { readonly kind: "json" | "yaml" | "text"; readonly bytes: number; readonly lines?: number }
  | StarDescription
  | AtomsDescription
  | TiffDescription
  | { readonly kind: "png" | "unknown"; readonly bytes: number }
  | { readonly kind: "folder" };

const MRC_DTYPES: Readonly<Record<MrcHeader["mode"], string>> = {
  0: "int8",
  1: "int16",
  2: "float32",
  4: "complex64",
  6: "uint16",
  12: "float16",
  101: "uint4",
};

/**
 * Says what a file or folder is and holds; pixels are not read.
 *
 * @throws {VitrineError} missing: nothing has this path; and the errors of the format, where the file is damaged
 */
export async function describeFile(path: string): Promise<FileDescription> {
  const kind = await identifyFile(path);
  switch (kind) {
    case "ndtiff":
      return describeNdtiff(path);
    case "ome-zarr":
      return describeOmeZarr(path);
    case "mrc":
      return describeMrc(path);
    case "npy":
      return describeNpy(path);
    case "npz":
      return describeNpz(path);
    case "csv":
      return describeCsv(path);
    case "star":
      return describeStar(path);
    case "pdb":
    case "mmcif":
      return describeAtoms(path, kind);
    case "tiff":
      return describeTiff(path, await sizeOf(path));
    case "folder":
      return { kind };
    default:
      return describeBytes(path, kind);
  }
}

async function describeNdtiff(path: string): Promise<FileDescription> {
  await using dataset = await openNdtiff(path);
  const { version, recovered, levels } = dataset;
  return {
    kind: "ndtiff",
    version: version === undefined ? "unknown" : `${version.major}.${version.minor}`,
    recovered,
    levels,
    ...(await describeDataset(dataset)),
  };
}

async function describeOmeZarr(path: string): Promise<FileDescription> {
  await using dataset = await openOmeZarr(path);
  return { kind: "ome-zarr", lost: dataset.lostImages, ...(await describeDataset(dataset)) };
}

async function describeDataset(dataset: Dataset): Promise<DatasetDescription> {
  const { axes, summaryMetadata, channelNames } = dataset;
  const all = dataset.imageCoordinates();
  const places = Object.values(axes).reduce((product, values) => product * values.length, 1);
  const first = await describeFirst(dataset, all[0]);
  const known = [summaryMetadata, first.firstMetadata ?? {}].flatMap((metadata) => [
    metadata.PixelSize_um,
    metadata.PixelSizeUm,
  ]);
  const pixelSizeUm = known.find((value) => typeof value === "number" && value > 0);
  return {
    images: all.length,
    missing: all.length === 0 ? 0 : Math.max(0, places - all.length),
    axes: Object.fromEntries(inOrder(Object.keys(axes)).map((name) => [name, axes[name]])),
    channelNames,
    layouts: layoutsOf(dataset, all),
    ...(typeof pixelSizeUm === "number" && { pixelSizeUm }),
    summaryMetadata,
    ...first,
  };
}

async function describeFirst(
  dataset: Dataset,
  axes: Axes | undefined,
): Promise<Pick<DatasetDescription, "firstMetadata" | "unreadable">> {
  if (axes === undefined) return {};
  try {
    return { firstMetadata: await dataset.readMetadata(axes) };
  } catch (error) {
    if (error instanceof VitrineError) return { unreadable: error.message };
    throw error;
  }
}

function layoutsOf(dataset: Dataset, all: readonly Axes[]): LayoutDescription[] {
  const counts = new Map<string, LayoutDescription>();
  for (const axes of all) {
    const layout = dataset.imageLayout(axes);
    const key = Object.values(layout).join();
    counts.set(key, { ...layout, images: (counts.get(key)?.images ?? 0) + 1 });
  }
  return [...counts.values()];
}

async function describeMrc(path: string): Promise<FileDescription> {
  const file = await openMrc(path);
  const { shape, mode, unsignedBytes, kind, voxelSizeA, originA, statistics, labels } = file.header;
  await file.close();
  const dtype = mode === 0 && unsignedBytes ? "uint8" : MRC_DTYPES[mode];
  return { kind: "mrc", dtype, shape, mode, content: kind, voxelSizeA, originA, statistics, labels };
}

async function describeNpy(path: string): Promise<FileDescription> {
  const { file, header } = await openNpy(path);
  await file.close();
  return {
    kind: "npy",
    dtype: dtypeName(header.dtype),
    shape: header.shape,
    fortranOrder: header.fortranOrder,
  };
}

async function describeNpz(path: string): Promise<FileDescription> {
  const arrays = await readNpz(path);
  const described = [...arrays].map(([name, { dtype, shape }]) => [name, { dtype: dtypeName(dtype), shape }]);
  return { kind: "npz", arrays: Object.fromEntries(described) };
}

/** numpy's long name of a type: `u2` is uint16. */
function dtypeName(dtype: NpyDtype): string {
  const names: Readonly<Record<string, string>> = {
    b: "bool",
    i: "int",
    u: "uint",
    f: "float",
    c: "complex",
  };
  return dtype === "b1" ? "bool" : `${names[dtype[0]]}${8 * Number(dtype.slice(1))}`;
}

async function describeCsv(path: string): Promise<FileDescription> {
  const text = decodeUtf8(await readFileBytes(path), path);
  const { columns, rows } = parseCsv(text, path);
  return { kind: "csv", columns, rows: rows.length };
}

type Bytes = Extract<FileKind, "json" | "yaml" | "text" | "png" | "unknown">;

async function sizeOf(path: string): Promise<number> {
  const file = await openFile(path);
  await file.close();
  return file.size;
}

async function describeBytes(path: string, kind: Bytes): Promise<FileDescription> {
  const file = await openFile(path);
  try {
    const bytes = file.size;
    if (kind === "png" || kind === "unknown") return { kind, bytes };
    if (bytes > LARGEST_TEXT) return { kind, bytes };
    const text = decodeUtf8(await file.read(0, bytes), path);
    return { kind, bytes, lines: text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0) };
  } finally {
    await file.close();
  }
}

function decodeUtf8(bytes: Uint8Array, at: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new VitrineError({ code: "format", at, expected: "UTF-8 text", found: "other bytes" }, { cause });
  }
}
