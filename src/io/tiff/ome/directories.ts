import { bytesPerValue } from "../../../core/index.ts";
import { TAG } from "../directory.ts";
import { COMPRESSIONS, predictorOf, type TiffCompression } from "../encode.ts";
import { ASCII, formatDirectory, LONG, LONG8, padding, SHORT, type TiffEntry } from "../entries.ts";
import { formatOmeXml } from "./format.ts";
import type { OmePlan } from "./layout.ts";

/** One resolution of a plane whose tiles are in the file. */
export interface OmePageLevel {
  readonly height: number;
  readonly width: number;
  /** Of the tiles, in rows; both 0 for one that is left out. */
  readonly offsets: Float64Array;
  readonly byteCounts: Float64Array;
}

interface What {
  readonly plan: OmePlan;
  readonly tile: number;
  readonly compression: TiffCompression;
  /** Where the directories begin: a multiple of 8. */
  readonly end: number;
}

const LARGEST_LONG = 2 ** 32 - 1;

/** The directories of a file, one after another: each plane's, then those of its lower resolutions. BigTIFF where it must be. */
export function writeDirectories(planes: readonly (readonly OmePageLevel[])[], what: What) {
  const classic = directoriesOf(planes, { ...what, isBig: false });
  const end = classic.pieces.reduce((sum, { length }) => sum + length, what.end);
  return end > LARGEST_LONG
    ? { ...directoriesOf(planes, { ...what, isBig: true }), isBig: true }
    : { ...classic, isBig: false };
}

function directoriesOf(
  planes: readonly (readonly OmePageLevel[])[],
  what: What & { readonly isBig: boolean },
) {
  const xml = new TextEncoder().encode(`${formatOmeXml(what.plan.content)}\0`);
  const pieces: Uint8Array[] = [];
  let offset = what.end;
  for (const [i, levels] of planes.entries()) {
    const description = i === 0 ? xml : undefined;
    const place = { isBig: what.isBig, offset: 0, next: 0 };
    // the lengths do not depend on the numbers in them
    const lengths = levels.map((level, at) => {
      const subIfds = at === 0 ? levels.slice(1).map(() => 0) : [];
      return padded(formatDirectory(entriesOf(level, { ...what, at, subIfds, description }), place)).length;
    });
    const offsets = lengths.map((_, at) =>
      lengths.slice(0, at).reduce((sum, length) => sum + length, offset),
    );
    const behind = lengths.reduce((sum, length) => sum + length, offset);
    for (const [at, level] of levels.entries()) {
      const subIfds = at === 0 ? offsets.slice(1) : [];
      const next = at === 0 && i + 1 < planes.length ? behind : 0;
      const entries = entriesOf(level, { ...what, at, subIfds, description });
      pieces.push(padded(formatDirectory(entries, { isBig: what.isBig, offset: offsets[at], next })));
    }
    offset = behind;
  }
  return { pieces, firstOffset: what.end };
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + padding(bytes.length));
  whole.set(bytes);
  return whole;
}

interface Page extends What {
  readonly isBig: boolean;
  /** 0 is the full resolution. */
  readonly at: number;
  readonly subIfds: readonly number[];
  readonly description: Uint8Array | undefined;
}

/** In ascending order, as TIFF demands. */
function entriesOf(level: OmePageLevel, page: Page): TiffEntry[] {
  const { plan, tile, compression, isBig, at, subIfds, description } = page;
  const { samples, content } = plan;
  const { dtype } = content;
  const isRgb = (samples === 3 || samples === 4) && dtype.startsWith("uint");
  const extra = samples - (isRgb ? 3 : 1);
  const format = dtype.startsWith("float") ? 3 : dtype.startsWith("uint") ? 1 : 2;
  const each = (value: number) => Array.from({ length: samples }, () => value);
  const word = isBig ? LONG8 : LONG;
  const predictor = predictorOf(dtype, compression);
  const entries: (TiffEntry | undefined)[] = [
    [TAG.subfileType, LONG, [at === 0 ? 0 : 1]],
    [TAG.width, LONG, [level.width]],
    [TAG.height, LONG, [level.height]],
    [TAG.bitsPerSample, SHORT, each(8 * bytesPerValue(dtype))],
    [TAG.compression, SHORT, [COMPRESSIONS[compression]]],
    [TAG.photometric, SHORT, [isRgb ? 2 : 1]],
    at === 0 && description !== undefined ? [TAG.description, ASCII, description] : undefined,
    [TAG.samplesPerPixel, SHORT, [samples]],
    [TAG.planar, SHORT, [1]],
    predictor === 1 ? undefined : [TAG.predictor, SHORT, [predictor]],
    [TAG.tileWidth, LONG, [tile]],
    [TAG.tileHeight, LONG, [tile]],
    [TAG.tileOffsets, word, level.offsets],
    [TAG.tileByteCounts, word, level.byteCounts],
    subIfds.length > 0 ? [TAG.subIfds, word, subIfds] : undefined,
    extra > 0 ? [TAG.extraSamples, SHORT, Array.from({ length: extra }, () => 0)] : undefined,
    [TAG.sampleFormat, SHORT, each(format)],
  ];
  return entries.filter((entry) => entry !== undefined);
}
