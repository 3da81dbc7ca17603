import type { ImageLayout, PixelType } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { WideType } from "../wide.ts";
import { CODECS } from "./codecs.ts";
import { TAG, type TiffDirectory } from "./directory.ts";

/** What a page is, without its pixels. */
export interface TiffPage extends ImageLayout {
  /** Bits of a value in the file; 16 for the halves that are read as float32. */
  readonly bits: number;
  /** Number of the compression as TIFF counts them: 1 none, 5 LZW, 7 JPEG, 8 deflate. */
  readonly compression: number;
  /** Of 64-bit integers, which are read as float64. */
  readonly wide?: WideType;
}

/** What a page stands for: an image of its own, a smaller copy of another one, or which of its pixels count. */
export type TiffPageRole = "full" | "reduced" | "mask";

/** How our own reader unpacks a page. */
export interface TiffPageLayout {
  readonly page: TiffPage;
  /** Of a strip or tile. */
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  readonly isTiled: boolean;
  /** Colours in planes of their own. */
  readonly isPlanar: boolean;
  readonly predictor: number;
  /** FillOrder 2: the lowest bit of every byte comes first. */
  readonly isReversed: boolean;
  /** Places and lengths of the chunks, in rows, plane after plane; both 0 for a chunk that is left out. */
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
}

const UNSIGNED = 1;
/** The number of no compression. */
export const UNPACKED = 1;

/** What SampleFormat says. */
const FORMATS: Readonly<Record<number, string>> = {
  1: "unsigned integers",
  2: "signed integers",
  3: "floats",
  4: "values of no kind",
  5: "complex integers",
  6: "complex floats",
};
const SIGNED = 2;
const FLOAT = 3;
const LOWEST_FIRST = 2;
const JPEG = 7;
/** PhotometricInterpretation of brightness and two differences of colour. */
export const YCBCR = 6;

const TYPES: Readonly<Record<string, PixelType>> = {
  "1 8": "uint8",
  "1 16": "uint16",
  "1 32": "uint32",
  "2 8": "int8",
  "2 16": "int16",
  "2 32": "int32",
  "1 64": "float64",
  "2 64": "float64",
  "3 16": "float32",
  "3 32": "float32",
  "3 64": "float64",
};

/** Chunks of more pixels than this are in no file. */
const MOST_PIXELS = 2 ** 40;

/** Reads what a page is. @throws {VitrineError} format: no image; unsupported: values that no pixel type holds */
export async function readPage(directory: TiffDirectory): Promise<TiffPage> {
  const { at } = directory;
  const [width, height] = [await directory.number(TAG.width, 0), await directory.number(TAG.height, 0)];
  const channels = await directory.number(TAG.samplesPerPixel, 1);
  if (!isCount(width) || !isCount(height) || !isCount(channels) || width * height * channels > MOST_PIXELS) {
    const found = `${width} x ${height} x ${channels}`;
    throw new VitrineError({ code: "format", at, expected: "width, height and samples of an image", found });
  }
  await refuseDepth(directory);
  const bits = same(await directory.numbers(TAG.bitsPerSample, channels), 1);
  const format = same(await directory.numbers(TAG.sampleFormat, channels), UNSIGNED);
  const dtype = typeOf(bits, format);
  if (dtype === undefined || bits === undefined) {
    const expected = "integers of 8, 16, 32 or 64 bits, floats of 16, 32 or 64 bits, or fewer bits unsigned";
    const isOne = bits !== undefined && format !== undefined;
    const found = isOne
      ? `${FORMATS[format] ?? `format ${format}`} of ${bits} bits`
      : "samples of several types";
    const hint = "Save it as another type, as 32-bit integers or float32";
    throw new VitrineError({ code: "unsupported", at, expected, found, hint });
  }
  const compression = await directory.number(TAG.compression, 1);
  const wide = bits !== 64 || format === FLOAT ? undefined : format === SIGNED ? "int64" : "uint64";
  return { width, height, channels, dtype, bits, compression, ...(wide && { wide }) };
}

/** Whole volumes in a directory, as SGI's programs and tifffile write them: their tiles may be of several planes. */
async function refuseDepth(directory: TiffDirectory): Promise<void> {
  const depth = await directory.number(TAG.imageDepth, 1);
  if (depth <= 1) return;
  throw new VitrineError({
    code: "unsupported",
    at: directory.at,
    expected: "one plane",
    found: `ImageDepth ${depth}`,
    hint: "Write a page a plane: tifffile.imwrite(path, volume) without volumetric=True",
  });
}

/** What a page stands for, by the two tags that say it. */
export async function readPageRole(directory: TiffDirectory): Promise<TiffPageRole> {
  const bits = await directory.number(TAG.subfileType, 0);
  if ((bits & 4) !== 0) return "mask";
  const isReduced = (bits & 1) !== 0 || (await directory.number(TAG.oldSubfileType, 1)) === 2;
  return isReduced ? "reduced" : "full";
}

/** How to unpack a page by our own codecs; undefined where another library must. */
export async function readPageLayout(
  directory: TiffDirectory,
  page: TiffPage,
): Promise<TiffPageLayout | undefined> {
  // libtiff and ImageJ undo differences of packed values alone
  const predictor = page.compression === UNPACKED ? 1 : await directory.number(TAG.predictor, 1);
  await refuseSubsampled(directory, page);
  if (!isOwn(page, predictor)) {
    refuseWide(directory, page);
    await refuseReversed(directory, page);
    return undefined;
  }
  const isTiled = directory.has(TAG.tileWidth);
  const chunkWidth = isTiled ? await directory.number(TAG.tileWidth, 0) : page.width;
  const rows = await directory.number(isTiled ? TAG.tileHeight : TAG.rowsPerStrip, page.height);
  const chunkHeight = isTiled ? rows : Math.min(rows, page.height);
  const { at } = directory;
  if (!isCount(chunkWidth) || !isCount(chunkHeight) || chunkWidth * chunkHeight > MOST_PIXELS) {
    const found = `${chunkWidth} x ${chunkHeight}`;
    throw new VitrineError({ code: "format", at, expected: "sides of strips or tiles", found });
  }
  const isPlanar = page.channels > 1 && (await directory.number(TAG.planar, 1)) === 2;
  const across = Math.ceil(page.width / chunkWidth);
  const count = across * Math.ceil(page.height / chunkHeight) * (isPlanar ? page.channels : 1);
  // libtiff takes the places of tiles from the tags of strips as well, as old programs wrote them.
  const hasTiles = isTiled && directory.has(TAG.tileOffsets);
  const offsets = await directory.numbers(hasTiles ? TAG.tileOffsets : TAG.stripOffsets);
  const hasCounts = isTiled && directory.has(TAG.tileByteCounts);
  const counts = await directory.numbers(hasCounts ? TAG.tileByteCounts : TAG.stripByteCounts);
  const isReversed = (await directory.number(TAG.fillOrder, 1)) === LOWEST_FIRST;
  const layout = { page, chunkWidth, chunkHeight, isTiled, isPlanar, predictor, isReversed, offsets };
  // A single strip without a length is as long as its pixels; so are they all in old files.
  const byteCounts = counts.length === 0 && page.compression === 1 ? offsets.map(() => Infinity) : counts;
  if (offsets.length >= count && byteCounts.length >= count) return { ...layout, byteCounts };
  const found = `${Math.min(offsets.length, byteCounts.length)}`;
  throw new VitrineError({ code: "format", at, expected: `places of ${count} strips or tiles`, found });
}

/** Values that do not fill bytes follow one another bit by bit. */
export function isPacked({ bits }: TiffPage): boolean {
  return bits % 8 !== 0 || bits === 24;
}

/** Samples of a pixel that stand together in a chunk. */
export function samplesTogether({ isPlanar, page }: TiffPageLayout): number {
  return isPlanar ? 1 : page.channels;
}

function isOwn(page: TiffPage, predictor: number): boolean {
  if (CODECS[page.compression] === undefined || (isPacked(page) && predictor !== 1)) return false;
  const isFloat = page.dtype.startsWith("float");
  return predictor === 1 || (predictor === 2 && page.bits < 64) || (predictor === 3 && isFloat);
}

/** The other library takes them for floats. */
function refuseWide({ at }: TiffDirectory, { wide, compression }: TiffPage): void {
  if (wide === undefined) return;
  throw new VitrineError({
    code: "unsupported",
    at,
    expected: `${wide} without a predictor, of a compression that is known`,
    found: `compression ${compression}`,
    hint: "Save it as 32-bit integers",
  });
}

/** Colour differences of fewer pixels than there are, which the other library's decoders alone spread. */
async function refuseSubsampled(directory: TiffDirectory, { compression }: TiffPage): Promise<void> {
  const isYCbCr = (await directory.number(TAG.photometric, 1)) === YCBCR;
  if (!isYCbCr || CODECS[compression] === undefined || !directory.has(TAG.subsampling)) return;
  const sides = await directory.numbers(TAG.subsampling);
  if (sides.every((side) => side === 1)) return;
  throw new VitrineError({
    code: "unsupported",
    at: directory.at,
    expected: "red, green and blue of every pixel",
    found: `YCbCr with colours of ${sides.join(" x ")} pixels together (YCbCrSubSampling)`,
    hint: "Write it as RGB: tiff2rgba OLD NEW, or vips copy OLD NEW.tif",
  });
}

/** The other library does not look at the order of bits; in JPEG it means nothing. */
async function refuseReversed(directory: TiffDirectory, { compression }: TiffPage): Promise<void> {
  if (compression === JPEG || (await directory.number(TAG.fillOrder, 1)) !== LOWEST_FIRST) return;
  const expected = "FillOrder 1 with this compression";
  throw new VitrineError({ code: "unsupported", at: directory.at, expected, found: "2" });
}

function typeOf(bits: number | undefined, format: number | undefined): PixelType | undefined {
  // Format 4 is undefined: integers in every file that has it.
  const known = format === 4 ? UNSIGNED : format;
  const type = TYPES[`${known} ${bits}`];
  if (type !== undefined || bits === undefined || known === SIGNED || known === FLOAT) return type;
  if (known !== UNSIGNED || bits < 1 || bits > 32) return undefined;
  return bits <= 8 ? "uint8" : bits <= 16 ? "uint16" : "uint32";
}

/** The value that all have; undefined where they differ. */
function same(values: readonly number[], missing: number): number | undefined {
  if (values.length === 0) return missing;
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
