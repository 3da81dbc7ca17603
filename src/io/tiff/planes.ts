import { TAG } from "./directory.ts";
import { parseImageJ } from "./imagej.ts";
import { storedBytes, type TiffPageEntry, type TiffPlane, type TiffReader } from "./reader.ts";
import { parseShaped, valuesOf } from "./shaped.ts";

/** The images of a file one after another, and what was left out. */
export interface TiffPlanes {
  readonly planes: readonly TiffPlane[];
  readonly warnings: readonly string[];
}

/**
 * The planes of a file: its pages but for reduced copies and masks. A single page may stand for more, whose pixels follow its
 * own: ImageJ (above 4 GB), tifffile and MetaMorph write so.
 */
export async function readPlanes(reader: TiffReader): Promise<TiffPlanes> {
  const found = await planesOf(reader);
  const masks = reader.chain.filter(({ role }) => role === "mask").length;
  if (masks === 0 || found.planes.some(({ entry }) => entry.role === "mask")) return found;
  const words =
    masks === 1 ? "1 page that tells which pixels count" : `${masks} pages that tell which pixels count`;
  const warning = `${reader.file.name}: ${words} (NewSubfileType 4, transparency) ${masks === 1 ? "is" : "are"} left out`;
  return { planes: found.planes, warnings: [...found.warnings, warning] };
}

async function planesOf(reader: TiffReader): Promise<TiffPlanes> {
  const full = reader.chain.filter(({ role }) => role === "full");
  // a file of copies alone has nothing better
  const entries = full.length > 0 ? full : reader.chain;
  const [first] = entries;
  if (entries.length === 1) return framesOf(reader, first, await promisedFrames(reader, first));
  // arrays of tifffile may each have one page for all their planes
  if ((await shapedFrames(reader, first)) === 1) {
    return { planes: entries.map((entry) => ({ entry, frame: 0 })), warnings: [] };
  }
  const found: TiffPlanes[] = [];
  for (const entry of entries) found.push(await framesOf(reader, entry, await shapedFrames(reader, entry)));
  return {
    planes: found.flatMap(({ planes }) => planes),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

/** A page and what is behind it, of `promised` images. */
async function framesOf(reader: TiffReader, entry: TiffPageEntry, promised: number): Promise<TiffPlanes> {
  const there = promised > 1 ? await contiguousFrames(reader, { entry, frame: 0 }) : 1;
  const count = Math.max(1, Math.min(promised, there, MOST_FRAMES));
  const planes = Array.from({ length: count }, (_, frame) => ({ entry, frame }));
  const warnings =
    count < promised
      ? [`${reader.file.name}: its description promises ${promised} images, ${count} are there`]
      : [];
  return { planes, warnings };
}

/** Images of one page, each of which takes more memory here than some have in the file. */
const MOST_FRAMES = 2 ** 20;

/** Images that a description or tag tells of; 1 where none does. */
async function promisedFrames(reader: TiffReader, entry: TiffPageEntry): Promise<number> {
  const directory = await reader.directory(entry);
  const stack = directory.count(TAG.metaMorphPlanes);
  if (stack > 1) return stack;
  const [description] = await directory.descriptions();
  return parseImageJ(description)?.images ?? shapedFrames(reader, entry);
}

/** Images that tifffile's description tells of, which has one page for all of them; 1 where it does not. */
async function shapedFrames(reader: TiffReader, entry: TiffPageEntry): Promise<number> {
  const [description] = await (await reader.directory(entry)).descriptions();
  const said = parseShaped(description);
  if (said?.truncated !== true) return 1;
  const { width, height, channels } = entry.page;
  return Math.max(1, Math.floor(valuesOf(said) / (width * height * channels)));
}

/** How many planes the bytes behind the first one can hold. */
async function contiguousFrames(reader: TiffReader, { entry }: TiffPlane): Promise<number> {
  const layout = await reader.layout(entry);
  if (layout === undefined || layout.isTiled || layout.predictor !== 1 || entry.page.compression !== 1)
    return 1;
  const { offsets, byteCounts, chunkHeight, page, isPlanar } = layout;
  const row = storedBytes(page) / page.height / (isPlanar ? page.channels : 1);
  const isRun = offsets.every(
    (offset, i) => i === 0 || offset === offsets[i - 1] + Math.min(byteCounts[i - 1], chunkHeight * row),
  );
  return isRun ? Math.floor((reader.file.size - offsets[0]) / storedBytes(page)) : 1;
}
