import { VitrineError } from "../../core/index.ts";
import type { Dataset, JsonObject } from "../dataset/dataset.ts";
import type { WriteOptions } from "../files.ts";
import { openTiff } from "../tiff/tiffFile.ts";
import { writeTiffStream } from "../tiff/write.ts";
import { planesOf, scaleOf, type Written } from "./arrays.ts";
import type { ConvertOptions } from "./options.ts";
import { SectionDataset } from "./sections.ts";

const UM_PER_A = 1e-4;

/**
 * A TIFF file as a dataset: its pages along `time`, a single one without axes. The pixel size is in the summary metadata.
 *
 * @throws {VitrineError} as `openTiff`
 */
export async function openTiffDataset(path: string): Promise<Dataset> {
  const file = await openTiff(path);
  const { pages, pixelSizeA } = file;
  const summaryMetadata: JsonObject =
    pixelSizeA === undefined ? {} : { PixelSize_um: Number((pixelSizeA * UM_PER_A).toPrecision(9)) };
  return new SectionDataset({
    name: path,
    layoutAt: (index) => {
      const { width, height, channels, dtype } = pages[index];
      return { width, height, channels, dtype };
    },
    axes: pages.length === 1 ? [{}] : pages.map((_, time) => ({ time })),
    summaryMetadata,
    read: async (index) => (await file.readPage(index)).data,
    close: () => file.close(),
  });
}

/** Writes a dataset as pages of a TIFF file in the order of `asArray()`, plane by plane, with the pixel size. */
export async function writeTiffArray(
  dataset: Dataset,
  path: string,
  options: ConvertOptions & WriteOptions,
): Promise<Written> {
  const array = dataset.asArray();
  const isColour = array.axes.includes("sample");
  const [height, width, channels] = isColour ? array.shape.slice(-3) : [...array.shape.slice(-2), 1];
  const layout = { width, height, channels, dtype: array.dtype };
  const count = array.shape.reduce((product, side) => product * side, 1) / (width * height * channels);
  if (count === 0)
    throw new VitrineError({ code: "shape", at: path, expected: "at least one image", found: "none" });
  const { voxelSizeA } = scaleOf(dataset, array);
  const stream = { layout, count, pages: planesOf(array, options), pixelSizeA: voxelSizeA };
  await writeTiffStream(path, stream, { overwrite: options.overwrite ?? false });
  return { filled: array.missing.length };
}
