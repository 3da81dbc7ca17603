import type { PixelArray } from "../../core/index.ts";
import { imageBytes, pixelView, VitrineError } from "../../core/index.ts";
import { allocate, type RandomAccessFile } from "../files.ts";
import { compressionWords, otherCompression } from "./compressions.ts";
import type { TiffPage } from "./page.ts";
import type { TiffWindow } from "./pixels.ts";

/** A page as geotiff finds it: by the place of its directory. */
export interface ForeignPage {
  readonly page: TiffPage;
  readonly bigEndian: boolean;
  readonly isBig: boolean;
  readonly offset: number;
  readonly at: string;
}

/** JPEG and the others that geotiff knows unfold at most this much. */
const LARGEST_EXPANSION = 4096;

/**
 * Reads pixels of a page by geotiff, which is loaded when it is first needed: JPEG, Zstandard, WebP, LERC, values of odd bits.
 *
 * @throws {VitrineError} unsupported: what geotiff does not know, either; format: more pixels than the file can hold, or
 *   other ones than its tags say; range: more than memory holds
 */
export async function readForeignPage(
  file: RandomAccessFile,
  foreign: ForeignPage,
  window: TiffWindow,
): Promise<PixelArray> {
  const { at, page } = foreign;
  const image = { ...page, width: window.width, height: window.height };
  const bytes = imageBytes(image);
  if (imageBytes(page) > file.size * LARGEST_EXPANSION) {
    const expected = `pixels that ${file.size} bytes can hold`;
    throw new VitrineError({ code: "format", at, expected, found: `${imageBytes(page)} bytes of them` });
  }
  const found = await rasters(file, foreign, window);
  const pixels = pixelView(
    image,
    allocate(() => new ArrayBuffer(bytes), bytes, at),
  );
  if (found.length !== pixels.length) {
    const expected = `${pixels.length} values`;
    throw new VitrineError({ code: "format", at, expected, found: `${found.length}` });
  }
  pixels.set(found);
  return pixels;
}

async function rasters(
  file: RandomAccessFile,
  { at, bigEndian, isBig, offset, page: { compression } }: ForeignPage,
  { x, y, width, height }: TiffWindow,
): Promise<PixelArray> {
  try {
    const { GeoTIFF, globals } = await import("geotiff");
    // the directory that is wanted stands for the first one, so that those of lower resolutions are found as well
    const image = await new GeoTIFF(sourceOf(file), !bigEndian, isBig, offset).getImage(0);
    const isYCbCr =
      image.fileDirectory.getValue("PhotometricInterpretation") === globals.photometricInterpretations.YCbCr;
    const options = {
      interleave: true,
      pool: await unpacking(),
      window: [x, y, x + width, y + height],
    } as const;
    const values = isYCbCr
      ? await image.readRGB({ ...options, window: [...options.window] })
      : await image.readRasters({ ...options, window: [...options.window] });
    return Array.isArray(values) ? values[0] : values;
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    const found = compressionWords(compression, cause instanceof Error ? cause.message : String(cause));
    const hint = otherCompression(compression);
    throw new VitrineError(
      { code: "unsupported", at, expected: "a compression that can be read", found, hint },
      { cause },
    );
  }
}

/** How packed blocks of LERC begin, of either version. */
const LERC = ["Lerc2 ", "CntZImage "];

/** geotiff's decoders, in this thread. Its LERC gives blocks that were stored as they are back with their headers, as pixels. */
async function unpacking() {
  const { Pool } = await import("geotiff");
  class Unpacking extends Pool {
    override bindParameters(...parameters: Parameters<InstanceType<typeof Pool>["bindParameters"]>) {
      const decoder = super.bindParameters(...parameters);
      const decode = async (buffer: ArrayBufferLike) => {
        const decoded = await decoder.decode(buffer);
        const start = new TextDecoder("latin1").decode(decoded.slice(0, 10));
        if (LERC.some((word) => start.startsWith(word))) throw new Error("a block that is not packed");
        return decoded;
      };
      return { ...decoder, decode };
    }
  }
  return new Unpacking(0);
}

/** A file as geotiff asks for it: it reads ahead, also behind the end. */
function sourceOf(file: RandomAccessFile) {
  interface Slice {
    readonly offset: number;
    readonly length: number;
  }
  const read = async ({ offset, length }: Slice): Promise<ArrayBuffer> => {
    const there = Math.max(0, Math.min(length, file.size - offset));
    const buffer = new ArrayBuffer(there);
    if (there > 0) await file.read(offset, there, new Uint8Array(buffer));
    return buffer;
  };
  return {
    fetch: (slices: readonly Slice[]) => Promise.all(slices.map(read)),
    fetchSlice: async (slice: Slice) => ({ ...slice, data: await read(slice) }),
    fileSize: file.size,
    close: async () => {},
  };
}
