import { type PixelType, VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import type { SourceAxis, SourceChannel } from "../../source/source.ts";
import { isOmeUnit, type OmeAxis, type OmeContent, type OmePlateContent } from "./format.ts";

/** An image that becomes an OME-TIFF file. */
export interface OmeTiffLayout {
  /** Outermost first; `time`, `channel`, `z` in any order, then `y`, `x`, `sample`; further axes before them become series. */
  readonly axes: readonly SourceAxis[];
  readonly shape: readonly number[];
  readonly dtype: PixelType;
  /** Of the full resolution, in the axes' units (default 1). */
  readonly scale?: readonly number[];
  /** Place of the centre of the first pixel, in the axes' units (default 0); kept as positions of planes. */
  readonly translation?: readonly number[];
  /** Bits that carry something, where they are fewer than `dtype` has. */
  readonly significantBits?: number;
  /** An entry a channel. */
  readonly channels?: readonly SourceChannel[];
  /** Of the image (default `image`); series have it before the names of their axes. */
  readonly name?: string;
  /** Names of series, in place of those of their axes. */
  readonly seriesNames?: readonly string[];
  /** Place of each series, as `translation`; left out: `translation`. */
  readonly seriesTranslations?: readonly (readonly number[])[];
  /** The plate of which every series is a field. */
  readonly plate?: OmePlateContent;
  /** `AcquisitionDate`, `Description`, `StageLabel`, `Planes` as the reader gives them; a list has an entry a series. */
  readonly metadata?: JsonObject | readonly JsonObject[];
}

/** How the planes of a layout lie in a file. */
export interface OmePlan {
  readonly content: OmeContent;
  /** Lengths of all axes before rows, whose product are the planes in the order of the file. */
  readonly outer: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly samples: number;
  /** What OME-XML cannot hold, a sentence each. */
  readonly warnings: readonly string[];
}

const LETTERS: Readonly<Record<string, "T" | "C" | "Z">> = { time: "T", channel: "C", z: "Z" };

/**
 * Checks a layout and puts its dimensions in OME's words.
 *
 * @throws {VitrineError} shape: lengths that are none, or not as many as axes; unsupported: axes in an order that OME-TIFF cannot hold
 */
export function planOmeTiff(layout: OmeTiffLayout, at: string): OmePlan {
  const { axes, shape, dtype, channels = [], name = "image" } = layout;
  checkShape(layout, at);
  const names = axes.map((axis) => axis.name);
  const samples = names.at(-1) === "sample" ? (shape.at(-1) ?? 1) : 1;
  const plane = names.at(-1) === "sample" ? 3 : 2;
  const outerNames = names.slice(0, -plane);
  const firstKnown = outerNames.findIndex((one) => Object.hasOwn(LETTERS, one));
  const series = firstKnown < 0 ? outerNames.length : firstKnown;
  const inner = outerNames.slice(series);
  const wrong = inner.find((one) => !Object.hasOwn(LETTERS, one)) ?? checkPlane(names.slice(-plane));
  if (wrong !== undefined) throw wrongAxes(names, at);
  const size = (axis: string) => (inner.includes(axis) ? shape[names.indexOf(axis)] : 1);
  // an axis of one place is not there when the file is read, so that it must not change the order
  const letters = inner
    .filter((one) => size(one) > 1)
    .map((one) => LETTERS[one])
    .reverse();
  const rest = (["Z", "C", "T"] as const).filter((letter) => !letters.includes(letter));
  const [height, width] = [shape[names.indexOf("y")], shape[names.indexOf("x")]];
  const seriesNames = layout.seriesNames ?? namesOfSeries(name, axes.slice(0, series), shape);
  const translations = layout.seriesTranslations ?? seriesNames.map(() => layout.translation);
  requireSeries(layout, seriesNames.length, shape.slice(0, series), at);
  const { metadata = {} } = layout;
  return {
    content: {
      names: seriesNames,
      dtype,
      sizes: { X: width, Y: height, Z: size("z"), C: size("channel") * samples, T: size("time") },
      samples,
      order: `XY${[...letters, ...rest].join("")}`,
      axes: translations.map((translation) => measured({ ...layout, ...(translation && { translation }) })),
      ...(layout.plate !== undefined && { plate: layout.plate }),
      ...(layout.significantBits !== undefined && { significantBits: layout.significantBits }),
      channels: channelsOf(axes, channels),
      metadata: seriesNames.map((_, i) => (isList(metadata) ? (metadata[i] ?? {}) : metadata)),
    },
    outer: shape.slice(0, outerNames.length),
    height,
    width,
    samples,
    warnings: unitsLeftOut(axes, at),
  };
}

/** Names, places and fields are as many as series. */
function requireSeries(
  { seriesTranslations, plate }: OmeTiffLayout,
  names: number,
  axes: readonly number[],
  at: string,
): void {
  const count = axes.reduce((product, side) => product * side, 1);
  const lengths = [names, seriesTranslations?.length, plate?.fields.length];
  const wrong = lengths.find((length) => length !== undefined && length !== count);
  if (wrong === undefined) return;
  const expected = `names, places and fields of ${count} series`;
  throw new VitrineError({ code: "shape", at: `${at} series`, expected, found: `${wrong}` });
}

function isList(metadata: JsonObject | readonly JsonObject[]): metadata is readonly JsonObject[] {
  return Array.isArray(metadata);
}

function checkShape({ axes, shape, scale = shape, translation = shape }: OmeTiffLayout, at: string): void {
  const isWhole = shape.every((side) => Number.isSafeInteger(side) && side >= 1);
  if (isWhole && [shape, scale, translation].every(({ length }) => length === axes.length)) return;
  const expected = `${axes.length} lengths of at least 1, one an axis`;
  throw new VitrineError({ code: "shape", at: `${at} shape`, expected, found: shape.join(" x ") });
}

function checkPlane(names: readonly string[]): string | undefined {
  const [y, x] = names;
  return y === "y" && x === "x" ? undefined : "y";
}

function wrongAxes(names: readonly string[], at: string): VitrineError {
  const expected = "others, then time, channel, z in any order, then y, x and perhaps sample";
  return new VitrineError({ code: "unsupported", at: `${at} axes`, expected, found: names.join(", ") });
}

function namesOfSeries(name: string, axes: readonly SourceAxis[], shape: readonly number[]): string[] {
  return axes.reduce<string[]>(
    (before, axis, i) =>
      before.flatMap((one) =>
        Array.from(
          { length: shape[i] },
          (_, index) => `${one} ${axis.name} ${axis.values?.[index] ?? index}`,
        ),
      ),
    [name],
  );
}

function measured({
  axes,
  scale = axes.map(() => 1),
  translation = axes.map(() => 0),
}: OmeTiffLayout): Readonly<Partial<Record<"X" | "Y" | "Z" | "T", OmeAxis>>> {
  const of = (name: string) => {
    const i = axes.findIndex((axis) => axis.name === name);
    return i < 0 ? undefined : { axis: axes[i], scale: scale[i], start: translation[i] };
  };
  const all = { X: of("x"), Y: of("y"), Z: of("z"), T: of("time") };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Names of channels stand at the axis too. */
function channelsOf(axes: readonly SourceAxis[], channels: readonly SourceChannel[]): SourceChannel[] {
  const values = axes.find(({ name }) => name === "channel")?.values ?? [];
  const count = Math.max(values.length, channels.length);
  return Array.from({ length: count }, (_, c) => {
    const value = values[c];
    return { ...(value !== undefined && { name: String(value) }), ...channels[c] };
  });
}

function unitsLeftOut(axes: readonly SourceAxis[], at: string): string[] {
  const odd = axes.filter(({ unit }) => unit !== undefined && !isOmeUnit(unit));
  return odd.map(
    ({ name, unit }) => `${at}: OME-XML has no sign for the unit ${unit} of ${name}; it is left out`,
  );
}
