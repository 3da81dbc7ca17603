import {
  bytesPerValue,
  type OptionKeys,
  type PixelArray,
  type PixelType,
  pickOptions,
  requireKnownOptions,
  VitrineError,
} from "../../core/index.ts";
import type { ArrayBlock } from "../dataset/dataset.ts";
import type { ImageSource, SourceChannel, SourceRead } from "../source/source.ts";
import type { ConvertOptions } from "./options.ts";
import { VIEW_KEYS, type ViewOptions, viewOf } from "./view.ts";

type BitsOptions = Pick<ConvertOptions, "bits" | "range" | "onLog">;

const BITS_KEYS: OptionKeys<BitsOptions> = { bits: true, range: true, onLog: true };

/** What becomes of each value, and how many were held at the ends of the range. */
interface Scaling {
  readonly bits: 8 | 16;
  readonly low: number;
  readonly high: number;
  /** Values stay as they are. */
  readonly isExact: boolean;
}

/** A source in other bits, whose `close` closes the whole, and what is to be said once all of it is read. */
export interface RescaledSource {
  readonly source: ImageSource;
  /** Pixels of the full resolution outside the range so far. */
  clipped(): number;
}

/**
 * Values as unsigned integers of 8 or 16 bits. Those that fit stay as they are; else the range, by default all that the
 * integers of the source can be, is spread over the bits and rounded.
 *
 * @throws {VitrineError} undeterminable: floats or signed values and no `range`; range: not ascending; unsupported: labels that do not fit
 */
export function withBits(source: ImageSource, options: BitsOptions): RescaledSource {
  requireKnownOptions("withBits", options, BITS_KEYS);
  const { bits, range } = options;
  if (bits === undefined) {
    if (range !== undefined) throw wrongRange(source, "only with bits (--bits 8 or 16)", range);
    return { source, clipped: () => 0 };
  }
  if (range !== undefined && !(range[0] < range[1] && range.every(Number.isFinite)))
    throw wrongRange(source, "two numbers, the first below the second", range);
  const scaling = scalingOf(source, bits, range);
  options.onLog?.(sentence(source, scaling), scaling.isExact ? "note" : "warning");
  return rescaled(source, scaling);
}

/** The part of a source that the options of a conversion name, in the bits that they name. @throws {VitrineError} as {@link viewOf} and {@link withBits} */
export function convertedView(source: ImageSource, options: BitsOptions & ViewOptions): RescaledSource {
  const part = pickOptions<ViewOptions>(options, VIEW_KEYS);
  return withBits(viewOf(source, part), pickOptions<BitsOptions>(options, BITS_KEYS));
}

function scalingOf(source: ImageSource, bits: 8 | 16, range: BitsOptions["range"]): Scaling {
  const { dtype, isLabels, name } = source;
  const whole = integerRange(source);
  const most = 2 ** bits - 1;
  if (range === undefined && whole !== undefined && whole[0] === 0 && whole[1] <= most)
    return { bits, low: 0, high: most, isExact: true };
  if (isLabels) {
    const hint = "Labels name objects: fewer bits would join objects";
    throw new VitrineError({
      code: "unsupported",
      at: name,
      expected: `labels of at most ${bits} bits`,
      found: dtype,
      hint,
    });
  }
  const [low, high] = range ?? (whole?.[0] === 0 ? whole : [undefined, undefined]);
  if (low !== undefined && high !== undefined)
    return { bits, low, high, isExact: low === 0 && high === most && whole !== undefined };
  throw new VitrineError({
    code: "undeterminable",
    at: `${name} bits`,
    expected: "the values that become 0 and the highest number",
    found: `${dtype} values and no range`,
    hint: "Name them: range (--range LOW,HIGH)",
  });
}

/** What the integers of a source can be; undefined for floats. */
function integerRange({ dtype, significantBits }: ImageSource): readonly [number, number] | undefined {
  if (dtype.startsWith("float")) return undefined;
  const bits = significantBits ?? 8 * bytesPerValue(dtype);
  return dtype.startsWith("uint") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

function sentence({ name, dtype }: ImageSource, { bits, low, high, isExact }: Scaling): string {
  if (isExact) return `${name}: all values fit in ${bits} bits and stay as they are`;
  const most = 2 ** bits - 1;
  const share = (high - low) / most;
  const joined =
    dtype.startsWith("float") || share <= 1 ? "" : `; about ${Number(share.toPrecision(3))} values share one`;
  return `${name}: values ${low} to ${high} become 0 to ${most}${joined}`;
}

function rescaled(source: ImageSource, scaling: Scaling): RescaledSource {
  const dtype: PixelType = scaling.bits === 8 ? "uint8" : "uint16";
  let clipped = 0;
  const read = async (what: SourceRead = {}): Promise<ArrayBlock> => {
    const block = await source.read(what);
    const data = scaling.bits === 8 ? new Uint8Array(block.data.length) : new Uint16Array(block.data.length);
    const outside = scale(block.data, data, scaling);
    if ((what.level ?? 0) === 0) clipped += outside;
    return { ...block, data };
  };
  const close = () => source.close();
  const { significantBits: before, ...rest } = source;
  const kept =
    scaling.isExact && before !== undefined && before < scaling.bits ? { significantBits: before } : {};
  const channels = source.channels.map((channel) => withWindow(channel, scaling));
  const changed = { dtype, channels, read, close, [Symbol.asyncDispose]: close };
  return { source: { ...rest, ...kept, ...changed }, clipped: () => clipped };
}

/** Spreads values and counts those outside; NaN is 0 and counts. */
function scale(
  from: PixelArray,
  to: Uint8Array | Uint16Array,
  { bits, low, high, isExact }: Scaling,
): number {
  const most = 2 ** bits - 1;
  const factor = isExact ? 1 : most / (high - low);
  let outside = 0;
  for (let i = 0; i < from.length; i++) {
    const value = (from[i] - low) * factor;
    if (value >= 0 && value <= most) to[i] = Math.round(value);
    else {
      outside++;
      to[i] = value > most ? most : 0;
    }
  }
  return outside;
}

function withWindow(channel: SourceChannel, { bits, low, high, isExact }: Scaling): SourceChannel {
  const { window, ...rest } = channel;
  if (window === undefined || isExact) return channel;
  const most = 2 ** bits - 1;
  const at = (value: number) =>
    Math.min(most, Math.max(0, Math.round(((value - low) / (high - low)) * most)));
  const [start, end] = [at(window.start), at(window.end)];
  return end > start ? { ...rest, window: { start, end, min: 0, max: most } } : rest;
}

function wrongRange({ name }: ImageSource, expected: string, found: readonly number[]): VitrineError {
  return new VitrineError({ code: "range", at: `${name} range`, expected, found: found.join(", ") });
}
