import type { PixelArray } from "../../../core/index.ts";
import { bytesPerValue, VitrineError } from "../../../core/index.ts";
import { CODECS } from "../../tiff/codecs.ts";
import { TAG } from "../../tiff/directory.ts";
import { type TiffPage, UNPACKED, YCBCR } from "../../tiff/page.ts";
import type { TiffPageEntry, TiffReader } from "../../tiff/reader.ts";
import { binned, sourceAxis } from "../axes.ts";
import type { Chunk, ChunkCache } from "../cache.ts";
import { type ChunkRequest, chunkedSource, type SourceFacts } from "../chunked.ts";
import type { ResolvedRegion } from "../region.ts";
import type { ImageSource, SourceAxis, SourceLevel } from "../source.ts";
import type { PlacedPlane, TiffImagePlan } from "./plan.ts";

/** Strips of fewer bytes are read together, longer ones without compression in parts of this size. */
const STRIP_BYTES = 2 ** 18;

/** Makes the source of a planned image, whose chunks are kept in `cache`. @throws {VitrineError} format: a damaged page */
export async function tiffSource(plan: TiffImagePlan, cache?: ChunkCache): Promise<ImageSource> {
  const { name, channels, metadata, warnings, first } = plan;
  const entries = [first.plane.entry, ...plan.lower];
  const levels: SourceLevel[] = [];
  for (const [i, entry] of entries.entries())
    levels.push(await levelOf(plan, entry, i === 0 ? undefined : plan.factors?.[i - 1]));
  const facts: SourceFacts = {
    name,
    axes: axesOf(plan),
    dtype: first.plane.entry.page.dtype,
    levels,
    channels,
    isLabels: false,
    ...significant(plan),
    metadata,
    warnings: [...warnings, ...(await tagsLeftOut(plan))],
  };
  const pages = entries.map(({ page }) => page);
  return chunkedSource(facts, {
    readChunk: (request) => readChunk(plan, request, { levels, pages }),
    readInto: (region, into) => readPlane(plan, region, { into, page: pages[region.index] }),
    close: () => plan.close(),
    ...(cache && { cache }),
  });
}

/** Numbers of PhotometricInterpretation whose values are no grey and no red, green and blue. */
const COLOURS: Readonly<Record<number, string>> = {
  5: "inks, as CMYK",
  [YCBCR]: "YCbCr",
  8: "CIE L*a*b*",
  9: "ICC L*a*b*",
  10: "ITU L*a*b*",
  32803: "a colour filter array",
  32844: "logarithms of luminance",
  32845: "logarithms of luminance and u, v",
};

/** Tags that tell how values are shown, not what they are: pixels are kept as they lie in the file. */
async function tagsLeftOut({ first }: TiffImagePlan): Promise<string[]> {
  const directory = await first.reader.directory(first.plane.entry);
  const orientation = await directory.number(TAG.orientation, 1);
  const photometric = await directory.number(TAG.photometric, 1);
  const predictor = await directory.number(TAG.predictor, 1);
  const { page } = first.plane.entry;
  // the other library makes red, green and blue of it
  const isDecoded = photometric === YCBCR && CODECS[page.compression] === undefined;
  const lines = [
    [orientation > 1, `Orientation ${orientation} is left out: rows and columns are as they lie in the file`],
    [
      photometric === 0,
      "PhotometricInterpretation 0 is left out: the largest value is black, the values are as they are",
    ],
    [photometric === 3, "its colour map is left out: values are numbers of its colours"],
    [
      COLOURS[photometric] !== undefined && !isDecoded,
      `PhotometricInterpretation ${photometric} (${COLOURS[photometric]}) is left out: values are as they are, no red, green and blue`,
    ],
    [
      page.compression === UNPACKED && predictor !== 1,
      `Predictor ${predictor} is left out: values without compression are as they are, as libtiff and ImageJ read them`,
    ],
  ] as const;
  return lines.flatMap(([isThere, line]) => (isThere ? [line] : []));
}

/** What is said, or the bits that stand in the file; nothing where all of the type's are used. */
function significant({ significantBits, first }: TiffImagePlan): { significantBits?: number } {
  const { bits, dtype } = first.plane.entry.page;
  const used = Math.min(significantBits ?? bits, bits);
  const isWhole = !dtype.startsWith("float") && used < 8 * bytesPerValue(dtype);
  return isWhole ? { significantBits: used } : {};
}

function axesOf({ outer, y, x, first }: TiffImagePlan): SourceAxis[] {
  const plane = [sourceAxis("y", { unit: y.unit }), sourceAxis("x", { unit: x.unit })];
  const isColour = first.plane.entry.page.channels > 1;
  return [...outer.map(({ axis }) => axis), ...plane, ...(isColour ? [sourceAxis("sample")] : [])];
}

async function levelOf(
  { outer, y, x, first }: TiffImagePlan,
  { page, ...entry }: TiffPageEntry,
  known: number | undefined,
) {
  const samples = page.channels > 1 ? [page.channels] : [];
  const full = first.plane.entry.page;
  const ones = [...outer.map(() => 1)];
  const factors = known ? [known, known] : [factor(full.height, page.height), factor(full.width, page.width)];
  const side = (length: number, whole: number) =>
    known ? Math.min(length, Math.floor(whole / known)) : length;
  const plane = [side(page.height, full.height), side(page.width, full.width)];
  const scale = [...outer.map((axis) => axis.scale), y.scale, x.scale, ...samples.map(() => 1)];
  const starts = [...outer.map(({ start = 0 }) => start), y.start ?? 0, x.start ?? 0];
  const translation = [...starts, ...samples.map(() => 0)];
  const [rows, columns] = await chunkSides(first.reader, { page, ...entry });
  return {
    shape: [...outer.map(({ count }) => count), ...plane, ...samples],
    chunkShape: [...ones, rows, columns, ...samples],
    ...binned({ scale, translation }, [...ones, ...factors, ...samples.map(() => 1)]),
  };
}

/** A whole number where rounding up or down explains the size: 31 of 63 and 32 of 63 are both halves. */
function factor(full: number, lower: number): number {
  const whole = Math.round(full / lower);
  return Math.ceil(full / whole) === lower || Math.floor(full / whole) === lower ? whole : full / lower;
}

/** Rows and columns of what is read at once. */
async function chunkSides(reader: TiffReader, entry: TiffPageEntry): Promise<[number, number]> {
  const { page } = entry;
  const layout = await reader.layout(entry);
  const directory = await reader.directory(entry);
  const isTiled = layout?.isTiled ?? directory.has(TAG.tileWidth);
  if (isTiled) {
    const width = layout?.chunkWidth ?? (await directory.number(TAG.tileWidth, page.width));
    const height = layout?.chunkHeight ?? (await directory.number(TAG.tileHeight, page.height));
    if (width >= 1 && height >= 1) return [Math.min(height, page.height), Math.min(width, page.width)];
    return [page.height, page.width];
  }
  const strip = layout?.chunkHeight ?? (await directory.number(TAG.rowsPerStrip, page.height));
  return [stripRows(page, Math.min(Math.max(1, strip), page.height)), page.width];
}

function stripRows(page: TiffPage, strip: number): number {
  const rowBytes = page.width * page.channels * bytesPerValue(page.dtype);
  const rows = Math.max(1, Math.floor(STRIP_BYTES / rowBytes));
  // in the middle of a packed strip nothing can begin
  if (strip >= rows) return page.compression === 1 ? rows : strip;
  return Math.min(page.height, Math.floor(rows / strip) * strip);
}

interface Layouts {
  readonly levels: readonly SourceLevel[];
  readonly pages: readonly TiffPage[];
}

function readChunk(
  plan: TiffImagePlan,
  { level, index }: ChunkRequest,
  { levels, pages }: Layouts,
): Promise<Chunk | undefined> {
  const { chunkShape, shape } = levels[level];
  const outer = plan.outer.length;
  const flat = plan.outer.reduce((sum, { count }, axis) => sum * count + index[axis], 0);
  const page = pages[level];
  const [rows, columns] = chunkShape.slice(outer);
  const [y, x] = [index[outer] * rows, index[outer + 1] * columns];
  const [height, width] = shape.slice(outer);
  const window = { x, y, width: Math.min(columns, width - x), height: Math.min(rows, height - y) };
  return plan.withPlane(flat, async (placed) => {
    const entry = level === 0 ? placed.plane.entry : await plan.lowerPage(placed, level);
    checkAlike(entry, page);
    const data = await placed.reader.read({ entry, frame: level === 0 ? placed.plane.frame : 0 }, window);
    const samples = page.channels > 1 ? [page.channels] : [];
    return { data, shape: [...plan.outer.map(() => 1), window.height, window.width, ...samples] };
  });
}

/** A whole plane, straight into its array: chunks that were read before are read again. */
async function readPlane(
  plan: TiffImagePlan,
  { index: level, spans, shape }: ResolvedRegion,
  { into, page }: { readonly into: PixelArray; readonly page: TiffPage },
): Promise<boolean> {
  const outer = plan.outer.length;
  const [height, width] = shape.slice(outer);
  const isPlane = shape.slice(0, outer).every((length) => length === 1);
  if (
    !isPlane ||
    height !== page.height ||
    width !== page.width ||
    into.length !== width * height * page.channels
  )
    return false;
  const flat = plan.outer.reduce((sum, { count }, axis) => sum * count + spans[axis].from, 0);
  const found = await plan.withPlane(flat, async (placed) => {
    const entry = level === 0 ? placed.plane.entry : await plan.lowerPage(placed, level);
    checkAlike(entry, page);
    const frame = level === 0 ? placed.plane.frame : 0;
    return placed.reader.read({ entry, frame }, { x: 0, y: 0, width, height }, into);
  });
  if (found === undefined) into.fill(0);
  return true;
}

/** All planes of an image are as its first one. @throws {VitrineError} format: another size or type */
function checkAlike({ page, at }: TiffPageEntry, wanted: TiffPage): void {
  const say = ({ width, height, channels, dtype }: TiffPage) => `${width} x ${height} x ${channels} ${dtype}`;
  const [expected, found] = [say(wanted), say(page)];
  if (expected !== found) throw new VitrineError({ code: "format", at, expected, found });
}

/** Lower resolutions of a page: those that it names, else reduced copies behind it; only such as are smaller and of its type. */
export async function lowerPages(reader: TiffReader, entry: TiffPageEntry): Promise<TiffPageEntry[]> {
  const copies = entry.subIfds > 0 ? [] : copiesBehind(reader, entry);
  const lower: TiffPageEntry[] = [];
  for (let i = 0; i < (entry.subIfds || copies.length); i++) {
    const page = entry.subIfds > 0 ? await reader.subPage(entry, i) : copies[i];
    // a count that is damaged is as large as the file: the first that is no lower one ends it
    if (!isLower(page.page, (lower.at(-1) ?? entry).page)) break;
    lower.push(page);
  }
  return lower;
}

/** The page of a lower resolution of any plane. */
export async function lowerPage({ reader, plane }: PlacedPlane, level: number): Promise<TiffPageEntry> {
  const { entry } = plane;
  if (entry.subIfds > 0) return reader.subPage(entry, level - 1);
  const copy = copiesBehind(reader, entry)[level - 1];
  if (copy !== undefined) return copy;
  const at = `${entry.at} level ${level}`;
  throw new VitrineError({ code: "format", at, expected: "a reduced copy behind it", found: "none" });
}

function copiesBehind({ chain }: TiffReader, entry: TiffPageEntry): readonly TiffPageEntry[] {
  const from = chain.findIndex(({ offset }) => offset === entry.offset) + 1;
  const next = chain.findIndex(({ role }, i) => i >= from && role === "full");
  const between = chain.slice(from, next < 0 ? undefined : next);
  return entry.role === "full" ? between.filter(({ role }) => role === "reduced") : [];
}

function isLower(page: TiffPage, above: TiffPage): boolean {
  const isAlike = page.channels === above.channels && page.dtype === above.dtype;
  const isSmaller = page.width <= above.width && page.height <= above.height;
  return isAlike && isSmaller && page.width * page.height < above.width * above.height;
}
