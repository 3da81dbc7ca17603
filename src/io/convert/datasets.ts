import { makeFolder } from "#files";
import { requireNotAborted } from "../../core/index.ts";
import type { DatasetWriter } from "../dataset/dataset.ts";
import { createNdtiff } from "../ndtiff/writer.ts";
import { createOmeZarr } from "../omezarr/writer.ts";
import type { ImageDataset } from "../source/source.ts";
import { titleOf, writeFolder } from "./folders.ts";
import type { ConvertOptions } from "./options.ts";
import { tilingOf } from "./tiles.ts";

/** Images that are written at a time. */
const WRITES_AT_A_TIME = 4;

type DatasetOptions = ConvertOptions & { readonly format: "ndtiff" | "ome-zarr" };

/** Writes a dataset image by image as another one, with the metadata of each. @returns how many images */
export async function copyDataset(
  dataset: ImageDataset,
  to: string,
  options: DatasetOptions,
): Promise<number> {
  await writeFolder(to, async (temporary) => {
    const writer = await createWriter(dataset, temporary, { ...options, title: titleOf(to) });
    await copyImages(dataset, writer, options);
  });
  return dataset.imageCoordinates().length;
}

async function createWriter(
  dataset: ImageDataset,
  directory: string,
  { format, compression = "none", title }: DatasetOptions & { readonly title: string },
): Promise<DatasetWriter> {
  const { summaryMetadata } = dataset;
  await makeFolder(directory);
  if (format === "ndtiff") return createNdtiff({ directory, summaryMetadata });
  const tiling = tilingOf(dataset);
  return createOmeZarr({ directory, name: title, summaryMetadata, compression, ...(tiling && { tiling }) });
}

/** In the order of saving; the next images are read while the last ones are written. */
async function copyImages(
  dataset: ImageDataset,
  writer: DatasetWriter,
  { signal, onProgress }: ConvertOptions,
): Promise<void> {
  const all = dataset.imageCoordinates();
  let done = 0;
  const save = async (index: number) => {
    const axes = all[index];
    const bits = dataset.imageBitDepth(axes);
    const [image, metadata] = await Promise.all([dataset.readImage(axes), dataset.readMetadata(axes)]);
    return async () => {
      await writer.put({ axes, image, metadata, ...(bits !== undefined && { bitDepth: bits }) });
      onProgress?.({ done: ++done, total: all.length });
    };
  };
  try {
    for (let first = 0; first < all.length; first += WRITES_AT_A_TIME) {
      requireNotAborted(signal, "convertDataset");
      const indices = all.slice(first, first + WRITES_AT_A_TIME).map((_, i) => first + i);
      const puts = await Promise.all(indices.map(save));
      await Promise.all(puts.map((put) => put()));
    }
  } finally {
    await writer.finish();
    await writer.dataset.close();
  }
}
