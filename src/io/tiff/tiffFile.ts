import { openFile } from "#files";
import type { PixelArray, PixelImage } from "../../core/index.ts";
import { type Image, VitrineError } from "../../core/index.ts";
import type { FileSource, RandomAccessFile } from "../files.ts";
import { readTiffFormat, TAG, TiffDirectory, type TiffFormat } from "./directory.ts";
import { readForeignPage } from "./foreign.ts";
import { readPage, readPageLayout, type TiffPage } from "./page.ts";
import { readPixelSize } from "./pixelSize.ts";
import { readPixels } from "./pixels.ts";

/** An open TIFF file, whose pages are read as they are needed: the frames of a movie. Whoever opened it closes it. */
export interface TiffFile {
  /** How messages call the file. */
  readonly name: string;
  readonly pages: readonly TiffPage[];
  /** Side of a pixel in Å, where the first page says it (resolution, ImageJ, OME, DigitalMicrograph). */
  readonly pixelSizeA?: number;
  /** Text of the first page, as OME's XML or ImageJ's lines; empty where there is none. */
  readonly description: string;
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
 *   unsupported: complex values, 64-bit integers
 */
export async function openTiff(source: FileSource): Promise<TiffFile> {
  const file = await openFile(source);
  try {
    const format = await readTiffFormat(file);
    const { places, pages } = await readPages(file, format);
    const first = await TiffDirectory.read(file, format, { offset: places[0], at: `${file.name} page 0` });
    const pixelSizeA = await readPixelSize(first);
    return {
      name: file.name,
      pages,
      ...(pixelSizeA !== undefined && { pixelSizeA }),
      description: await first.text(TAG.description),
      readPage: async (index) => {
        const page = pageOf(pages, index, file.name);
        const data = await readPagePixels(file, format, { page, index, offset: places[index] });
        return { data, width: page.width, height: page.height, channels: page.channels };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads one page of a TIFF file as a grey image.
 *
 * @param page  counted from 0; without it the file must have one page only
 * @returns     (y, x) image; `pixelSizeA` is 0 where the file does not say
 * @throws {VitrineError} shape: several pages and none chosen, or colours; and the errors of {@link openTiff} and `readPage`
 */
export async function readTiffImage(
  source: FileSource,
  { page }: { readonly page?: number } = {},
): Promise<Image> {
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

/** Follows the chain of directories; one that comes back to an earlier one is damaged. */
async function readPages(
  file: RandomAccessFile,
  format: TiffFormat,
): Promise<{ readonly places: number[]; readonly pages: TiffPage[] }> {
  const places = new Set<number>();
  const pages: TiffPage[] = [];
  for (let offset = format.firstOffset; offset !== 0; ) {
    const at = `${file.name} page ${pages.length}`;
    if (places.has(offset))
      throw new VitrineError({
        code: "format",
        at,
        expected: "a page of its own",
        found: "an earlier one again",
      });
    const directory = await TiffDirectory.read(file, format, { offset, at });
    pages.push(await readPage(directory));
    places.add(offset);
    offset = directory.next;
  }
  if (pages.length > 0) return { places: [...places], pages };
  throw new VitrineError({ code: "format", at: file.name, expected: "at least one page", found: "none" });
}

async function readPagePixels(
  file: RandomAccessFile,
  format: TiffFormat,
  { page, index, offset }: { readonly page: TiffPage; readonly index: number; readonly offset: number },
): Promise<PixelArray> {
  const at = `${file.name} page ${index}`;
  const layout = await readPageLayout(await TiffDirectory.read(file, format, { offset, at }), page);
  if (layout === undefined) return readForeignPage(file, index, page);
  return readPixels({ file, bigEndian: format.bigEndian, at }, layout);
}

function pageOf(pages: readonly TiffPage[], index: number, at: string): TiffPage {
  const page = pages[index];
  if (page !== undefined) return page;
  const expected = `a page within 0..${pages.length - 1}`;
  throw new VitrineError({ code: "range", at: `${at} readPage(${index})`, expected, found: `${index}` });
}

function onlyPage({ pages, name }: TiffFile): number {
  if (pages.length === 1) return 0;
  const hint = "Choose one of them with its number, or read them with openTiff(...).readPage";
  throw new VitrineError({ code: "shape", at: name, expected: "one page", found: `${pages.length}`, hint });
}
