import type { Axes } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { identifyFile } from "../identify.ts";
import { kindWords } from "../kindWords.ts";
import { openNdtiff } from "../ndtiff/open.ts";
import { wayToImages } from "../notMrc.ts";
import { openOmeZarr } from "../omezarr/open.ts";
import { openImages } from "../source/open.ts";
import { sourceDataset } from "../source/toDataset.ts";
import type { DatasetFormat } from "./options.ts";

/** An open dataset with what only some formats know. */
export interface OpenedDataset {
  readonly format: DatasetFormat;
  readonly dataset: Dataset;
  /** Bits that the camera uses of an image's values, where the format says. */
  bitDepth(axes: Axes): number | undefined;
}

/**
 * Opens whatever holds images by axes: an NDTiff folder, an OME-Zarr store, an MRC or TIFF file, a .npy array. Whoever opened
 * it closes the dataset.
 *
 * Of MRC, TIFF (OME-TIFF and ImageJ too) and .npy the axes are those of `openImages`, with an axis `image` where a file holds
 * several; sizes and steps stand in the summary metadata.
 *
 * @throws {VitrineError} missing: nothing has this path; unsupported: something else; and the errors of the format
 */
export async function openDataset(path: string): Promise<OpenedDataset> {
  const format = await identifyFile(path);
  const opened = (dataset: Dataset & { imageBitDepth(axes: Axes): number | undefined }) => ({
    dataset,
    bitDepth: (axes: Axes) => dataset.imageBitDepth(axes),
  });
  switch (format) {
    case "ndtiff":
      return { format, ...opened(await openNdtiff(path)) };
    case "ome-zarr":
      return { format, ...opened(await openOmeZarr(path)) };
    case "mrc":
    case "npy":
    case "tiff":
      return { format, ...opened(await sourceDataset(await openImages(path))) };
    default:
      throw new VitrineError({
        code: "unsupported",
        at: path,
        expected: "an NDTiff folder, an OME-Zarr store, an MRC or TIFF file or a .npy array",
        found: kindWords(format),
        hint: wayToImages(format),
      });
  }
}
