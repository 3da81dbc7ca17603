import { fileExists, makeFolder, removeFolder, renameFile } from "#files";
import { VitrineError } from "../../core/index.ts";
import type { DatasetWriter } from "../dataset/dataset.ts";
import { identifyFile } from "../identify.ts";
import { createNdtiff } from "../ndtiff/writer.ts";
import { createOmeZarr } from "../omezarr/writer.ts";
import { writeMrcArray, writeNpyArray } from "./arrays.ts";
import { type OpenedDataset, openDataset } from "./open.ts";
import { aborted, type ConvertOptions, type DatasetFormat } from "./options.ts";
import { writeTiffArray } from "./tiffs.ts";

/** Images that are written at a time. */
const WRITES_AT_A_TIME = 4;

/** Endings that tell what is to be written; NDTiff datasets are folders of any name. */
const ENDINGS: readonly (readonly [name: RegExp, format: DatasetFormat])[] = [
  [/\.zarr[/\\]*$/i, "ome-zarr"],
  [/\.(mrcs?|map)$/i, "mrc"],
  [/\.npy$/i, "npy"],
  [/\.tiff?$/i, "tiff"],
];

/** What {@link convertDataset} did. */
export interface ConvertReport {
  readonly from: DatasetFormat;
  readonly to: DatasetFormat;
  readonly images: number;
  /** Places of an array that no image fills; they became zeros. None for datasets, which have gaps. */
  readonly filled: number;
}

/**
 * Writes the images of one file or dataset as another one. NDTiff and OME-Zarr keep axes, metadata, summary metadata and bit
 * depths; MRC, TIFF and .npy keep the values and, the first two, the pixel size. The result is there whole or not at all.
 *
 * @throws {VitrineError} exists: the path is taken; unsupported: values that the format cannot hold; range: no known ending;
 *   aborted: by `signal`; and the errors of the formats
 */
export async function convertDataset(
  from: string,
  to: string,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  const format = options.format ?? formatOf(to);
  if (samePath(from, to)) throw onItself(to);
  const exists = await fileExists(to);
  if (exists && !options.overwrite) throw taken(to);
  const source = await openDataset(from);
  try {
    const { dataset } = source;
    const images = dataset.imageCoordinates().length;
    const write = { ...options, overwrite: options.overwrite ?? false };
    if (format === "mrc")
      return { ...(await writeMrcArray(dataset, to, write)), from: source.format, to: format, images };
    if (format === "npy")
      return { ...(await writeNpyArray(dataset, to, write)), from: source.format, to: format, images };
    if (format === "tiff")
      return { ...(await writeTiffArray(dataset, to, write)), from: source.format, to: format, images };
    await writeFolder(source, to, { ...options, format });
    return { from: source.format, to: format, images, filled: 0 };
  } finally {
    await source.dataset.close();
  }
}

function formatOf(path: string): DatasetFormat {
  const known = ENDINGS.find(([ending]) => ending.test(path));
  if (known !== undefined) return known[1];
  throw new VitrineError({
    code: "range",
    at: path,
    expected: "a path that ends with .zarr, .mrc, .tif or .npy",
    found: "another ending",
    hint: "Name one with --format: ndtiff, ome-zarr, mrc, tiff or npy",
  });
}

type FolderOptions = ConvertOptions & { readonly format: "ndtiff" | "ome-zarr" };

/** Under another name beside it first, so that what was there stays until all is written. */
async function writeFolder(source: OpenedDataset, to: string, options: FolderOptions): Promise<void> {
  const path = to.replace(/(?<=.)[/\\]+$/, "");
  if (await fileExists(path)) await checkReplaceable(path);
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await copyImages(
      source,
      await createWriter(source, temporary, { ...options, title: titleOf(path) }),
      options,
    );
    await replaceFolder(temporary, path);
  } catch (error) {
    await removeFolder(temporary);
    throw error;
  }
}

/** Only what Vitrine can tell to be a dataset is ever removed. */
async function checkReplaceable(path: string): Promise<void> {
  const kind = await identifyFile(path);
  if (kind === "ndtiff" || kind === "ome-zarr") return;
  const hint = "Choose another name";
  throw new VitrineError({
    code: "exists",
    at: path,
    expected: "a dataset to replace",
    found: `a ${kind}`,
    hint,
  });
}

async function replaceFolder(temporary: string, path: string): Promise<void> {
  if (!(await fileExists(path))) return renameFile(temporary, path);
  const old = `${temporary}.old`;
  await renameFile(path, old);
  await renameFile(temporary, path);
  await removeFolder(old);
}

async function createWriter(
  { dataset }: OpenedDataset,
  directory: string,
  { format, compression = "none", title }: FolderOptions & { readonly title: string },
): Promise<DatasetWriter> {
  const { summaryMetadata } = dataset;
  await makeFolder(directory);
  if (format === "ndtiff") return createNdtiff({ directory, summaryMetadata });
  return createOmeZarr({ directory, name: title, summaryMetadata, compression });
}

/** In the order of saving; the next images are read while the last ones are written. */
async function copyImages(
  { dataset, bitDepth }: OpenedDataset,
  writer: DatasetWriter,
  { signal, onProgress }: ConvertOptions,
): Promise<void> {
  const all = dataset.imageCoordinates();
  let done = 0;
  const save = async (index: number) => {
    const axes = all[index];
    const bits = bitDepth(axes);
    const [image, metadata] = await Promise.all([dataset.readImage(axes), dataset.readMetadata(axes)]);
    return async () => {
      await writer.put({ axes, image, metadata, ...(bits !== undefined && { bitDepth: bits }) });
      onProgress?.({ done: ++done, total: all.length });
    };
  };
  try {
    for (let first = 0; first < all.length; first += WRITES_AT_A_TIME) {
      if (signal?.aborted) throw aborted(signal);
      const indices = all.slice(first, first + WRITES_AT_A_TIME).map((_, i) => first + i);
      const puts = await Promise.all(indices.map(save));
      await Promise.all(puts.map((put) => put()));
    }
  } finally {
    await writer.finish();
    await writer.dataset.close();
  }
}

function titleOf(path: string): string {
  return path.replace(/^.*[/\\]/, "").replace(/(\.ome)?\.zarr$/i, "");
}

function samePath(a: string, b: string): boolean {
  const plain = (path: string) => path.replace(/[/\\]+$/, "").replace(/^(\.[/\\])+/, "");
  return plain(a) === plain(b);
}

function onItself(at: string): VitrineError {
  const expected = "another path than that of the source";
  return new VitrineError({ code: "exists", at, expected, found: "the same" });
}

function taken(at: string): VitrineError {
  const hint = "Remove it, choose another name, or replace it with --overwrite";
  return new VitrineError({ code: "exists", at, expected: "nothing of this name", found: "something", hint });
}
