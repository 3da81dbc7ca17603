import type { Axes } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { ArrayBlock } from "../dataset/dataset.ts";
import { axisNamed, indexOn } from "../render/axes.ts";
import type { ImageSource, SourceLevel, SourceRead } from "../source/source.ts";

/** Part of an image that is to be written. */
export interface ViewOptions {
  /** Which resolution becomes the full one (default 0); lower ones stay below it. */
  readonly level?: number | undefined;
  /** Places on axes, which then are none of the view: values of the axis, else indices from 0. */
  readonly at?: Axes | undefined;
  /** As `at`, by names of axes and indices alone. */
  readonly indices?: Readonly<Record<string, number>> | undefined;
}

export const VIEW_KEYS: OptionKeys<ViewOptions> = { level: true, at: true, indices: true };

/**
 * A part of a source as a source of its own, whose `close` closes the whole.
 *
 * @throws {VitrineError} range: no such level or place; missing: no axis of this name
 */
export function viewOf(source: ImageSource, options: ViewOptions): ImageSource {
  requireKnownOptions("viewOf", options, VIEW_KEYS);
  const { level = 0, at = {}, indices = {} } = options;
  if (source.levels[level] === undefined) {
    const expected = `a level from 0 to ${source.levels.length - 1}`;
    throw new VitrineError({ code: "range", at: source.name, expected, found: `${level}` });
  }
  const fixed = new Map([...placesOn(source, at), ...Object.entries(indices)]);
  if (level === 0 && fixed.size === 0) return source;
  const kept = source.axes.flatMap(({ name }, i) => (fixed.has(name) ? [] : [i]));
  const only = <T>(list: readonly T[]) => kept.map((i) => list[i]);
  const channel = fixed.get("channel");
  const fixedAt = (index: number) => {
    const { shape } = source.levels[index];
    const scaled = (name: string, place: number) => {
      const i = source.axes.findIndex((axis) => axis.name === name);
      return Math.min(shape[i] - 1, Math.floor((place * shape[i]) / source.levels[0].shape[i]));
    };
    return Object.fromEntries([...fixed].map(([name, place]) => [name, scaled(name, place)]));
  };
  const { name, dtype, isLabels, warnings, significantBits } = source;
  // which planes these are told of is no longer so
  const { Planes: _, ...metadata } = source.metadata;
  return {
    ...{ name, dtype, isLabels, metadata, warnings },
    ...(significantBits !== undefined && { significantBits }),
    axes: only(source.axes),
    levels: source.levels.slice(level).map(
      ({ shape, chunkShape, scale, translation }): SourceLevel => ({
        shape: only(shape),
        chunkShape: only(chunkShape),
        scale: only(scale),
        translation: only(translation),
      }),
    ),
    channels: channel === undefined ? source.channels : source.channels.slice(channel, channel + 1),
    async read({ level: below = 0, region = {}, ...rest }: SourceRead = {}): Promise<ArrayBlock> {
      const index = level + below;
      const { data, shape } = await source.read({
        ...rest,
        level: index,
        region: { ...region, ...fixedAt(index) },
      });
      return { data, axes: only(source.axes).map(({ name }) => name), shape: only(shape) };
    },
    close: () => source.close(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}

function placesOn(source: ImageSource, at: Axes): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [given, value] of Object.entries(at)) {
    const name = axisNamed(source, given);
    places.set(name, indexOn(source, name, value));
  }
  return places;
}
