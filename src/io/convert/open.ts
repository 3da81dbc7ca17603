import type { Axes } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { identifyFile } from "../identify.ts";
import { kindWords } from "../kindWords.ts";
import { openNdtiff } from "../ndtiff/open.ts";
import { wayToImages } from "../notMrc.ts";
import { openOmeZarr } from "../omezarr/open.ts";
import type { DatasetFormat } from "./options.ts";
import { openMrcDataset, openNpyDataset } from "./sections.ts";
import { openTiffDataset } from "./tiffs.ts";

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
 * @throws {VitrineError} missing: nothing has this path; unsupported: something else; and the errors of the format
 */
export async function openDataset(path: string): Promise<OpenedDataset> {
  const format = await identifyFile(path);
  switch (format) {
    case "ndtiff": {
      const dataset = await openNdtiff(path);
      return { format, dataset, bitDepth: (axes) => dataset.imageBitDepth(axes) };
    }
    case "ome-zarr": {
      const dataset = await openOmeZarr(path);
      return { format, dataset, bitDepth: (axes) => dataset.imageBitDepth(axes) };
    }
    case "mrc":
      return { format, dataset: await openMrcDataset(path), bitDepth: () => undefined };
    case "npy":
      return { format, dataset: await openNpyDataset(path), bitDepth: () => undefined };
    case "tiff":
      return { format, dataset: await openTiffDataset(path), bitDepth: () => undefined };
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
