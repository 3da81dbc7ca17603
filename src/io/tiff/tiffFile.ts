import type { PixelImage } from "../../core/index.ts";
import { type Image, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { FileSource } from "../files.ts";
import { TAG } from "./directory.ts";
import type { TiffPage } from "./page.ts";
import { readPixelSize } from "./pixelSize.ts";
import { readPlanes } from "./planes.ts";
import { TiffReader } from "./reader.ts";

/** An open TIFF file, whose pages are read as they are needed: the frames of a movie. Whoever opened it closes it. */
export interface TiffFile {
  /** How messages call the file. */
  readonly name: string;
  /**
   * Images one after another, in the order of the file; reduced copies (NewSubfileType 1) and masks are none. The frames of a
   * file with one directory count as well, which ImageJ writes above 4 GB: their pixels follow one another.
   */
  readonly pages: readonly TiffPage[];
  /** Side of a pixel in Å, where the first page says it (resolution, ImageJ, OME, DigitalMicrograph). */
  readonly pixelSizeA?: number;
  /** Text of the first page, as OME's XML or ImageJ's lines; empty where there is none. */
  readonly description: string;
  /** What contradicts: images that a description promises and that are not there. */
  readonly warnings: readonly string[];
  /**
   * Reads one page, counted from 0.
   *
   * @returns  (height, width, channels) values as they are stored; 16-bit floats as float32, fewer bits as the next type
   * @throws {VitrineError} range: no such page, or more than memory holds; format: damaged pixels; unsupported: a compression
   *   that neither we nor geotiff know
   */
  readPage(index: number): Promise<PixelImage>;
  close(): Promise<void>;
}

/**
 * Opens a TIFF file, classic or BigTIFF, and reads what its pages are. Uncompressed, LZW, deflate and PackBits strips and
 * tiles with every predictor are read by our own code, other compressions by geotiff.
 *
 * @throws {VitrineError} missing, storage: the file; format: no TIFF, or directories that do not lie in the file;
 *   unsupported: complex values
 */
export async function openTiff(source: FileSource): Promise<TiffFile> {
  const reader = await TiffReader.open(source);
  try {
    const { planes, warnings } = await readPlanes(reader);
    const first = await reader.directory(planes[0].entry);
    const pixelSizeA = await readPixelSize(first);
    const { name } = reader.file;
    const pages = planes.map(({ entry }) => entry.page);
    return {
      name,
      pages,
      ...(pixelSizeA !== undefined && { pixelSizeA }),
      description: await first.text(TAG.description),
      warnings,
      readPage: async (index) => {
        const page = pageOf(pages, index, name);
        const data = await reader.read(planes[index]);
        return { data, width: page.width, height: page.height, channels: page.channels };
      },
      close: () => reader.close(),
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/**
 * Reads one page of a TIFF file as a grey image.
 *
 * @param options  `page`: counted from 0; without it the file must have one page only
 * @returns        (y, x) image; `pixelSizeA` is 0 where the file does not say
 * @throws {VitrineError} shape: several pages and none chosen, or colours; and the errors of {@link openTiff} and `readPage`
 */
export async function readTiffImage(
  source: FileSource,
  options: { readonly page?: number } = {},
): Promise<Image> {
  requireKnownOptions("readTiffImage", options, { page: true });
  const { page } = options;
  const file = await openTiff(source);
  try {
    const index = page ?? onlyPage(file);
    const { data, width, height, channels } = await file.readPage(index);
    if (channels !== 1) {
      const at = `${file.name} page ${index}`;
      throw new VitrineError({ code: "shape", at, expected: "one value a pixel", found: `${channels}` });
    }
    const values = data instanceof Float32Array ? data : Float32Array.from(data);
    return { data: values, shape: [height, width], pixelSizeA: file.pixelSizeA ?? 0 };
  } finally {
    await file.close();
  }
}

function pageOf(pages: readonly TiffPage[], index: number, at: string): TiffPage {
  const page = pages[index];
  if (page !== undefined) return page;
  const expected = `a page within 0..${pages.length - 1}`;
  throw new VitrineError({ code: "range", at: `${at} readPage(${index})`, expected, found: `${index}` });
}

function onlyPage({ pages, name }: TiffFile): number {
  if (pages.length === 1) return 0;
  const hint =
    "Choose one of them: vitrine convert IN OUT.mrc --at AXIS=0, whose axes vitrine info tells (of a movie take the sum of its frames), or its number in readTiffImage and openTiff(...).readPage";
  throw new VitrineError({ code: "shape", at: name, expected: "one page", found: `${pages.length}`, hint });
}
