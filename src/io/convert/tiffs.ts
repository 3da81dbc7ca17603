import type { Dataset, JsonObject } from "../dataset/dataset.ts";
import { openTiff } from "../tiff/tiffFile.ts";
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
