import type { ImageSource } from "../source/source.ts";
import { labelOf, type PlaneChoice } from "./axes.ts";
import type { Rgb } from "./canvas.ts";
import { colorsOf, labelColor, rgbOf } from "./colors.ts";
import { fileRange, rangeOf } from "./contrast.ts";
import type { PictureLayout } from "./layout.ts";
import type { PictureOptions, ShownChannel } from "./options.ts";
import type { ShrunkPlane } from "./planes.ts";

/** The colour of a pixel from the planes of its panel. */
type ColorOf = (pixel: {
  readonly planes: readonly ShrunkPlane[];
  readonly index: number;
  readonly panel: number;
}) => Rgb;

/** How pixels become colours. */
export interface Palette {
  readonly colorOf: ColorOf;
  readonly shown: readonly ShownChannel[];
}

/** What is drawn, on its way to colours. */
export interface Drawn {
  readonly options: PictureOptions;
  readonly choice: PlaneChoice;
  readonly layout: PictureLayout;
  /** Which are mixed; the one that is shown, or undefined, where there is nothing to mix. */
  readonly channels: readonly (number | undefined)[];
  /** By panel, then by channel. */
  readonly planes: readonly (readonly ShrunkPlane[])[];
}

/** @throws {VitrineError} range: colours that do not suit */
export function paletteOf(source: ImageSource, drawn: Drawn): Palette {
  const { planes, channels, options, choice } = drawn;
  if (source.isLabels)
    return { colorOf: ({ planes: [{ data }], index }) => labelColor(data[index]), shown: [] };
  const [[{ samples }]] = planes;
  if (samples >= 3) return colourPalette(source, drawn);
  if (choice.montage.includes("channel")) return channelMontage(source, drawn);
  const indices = channels.map((channel) => channel ?? 0);
  const colors = colorsOf(source, indices, options.colors);
  const shown = channels.map((channel, i): ShownChannel => {
    const name = channel === undefined ? "" : labelOf(source, "channel", channel);
    const range = rangeOf(
      planes.map((ofPanel) => ofPanel[i]),
      options,
      fileRange(source, channel ?? 0),
    );
    return { name, color: colors[i], range };
  });
  return { colorOf: mixing(shown, samples), shown };
}

/** Light of all channels added. */
function mixing(shown: readonly ShownChannel[], samples: number): ColorOf {
  const lights = shown.map(({ color, range }) => ({ rgb: rgbOf(color), range }));
  return ({ planes, index }) => {
    const mixed: [number, number, number] = [0, 0, 0];
    for (let i = 0; i < lights.length; i++) {
      const { rgb, range } = lights[i];
      const share = shareOf(planes[i].data[index * samples], range);
      for (let c = 0; c < 3; c++) mixed[c] += share * rgb[c];
    }
    return [Math.min(255, mixed[0]), Math.min(255, mixed[1]), Math.min(255, mixed[2])];
  };
}

/** Panels are of one channel each, and every channel has a contrast of its own. */
function channelMontage(source: ImageSource, { planes, options, layout }: Drawn): Palette {
  const channelAt = (panel: number) => layout.panels[panel].fixed.channel;
  const channels = [...new Set(layout.panels.map((_, panel) => channelAt(panel)))];
  const shown = new Map(
    channels.map((channel) => {
      const own = planes.flatMap((ofPanel, panel) => (channelAt(panel) === channel ? ofPanel : []));
      const name = labelOf(source, "channel", channel);
      return [
        channel,
        { name, color: "FFFFFF", range: rangeOf(own, options, fileRange(source, channel ?? 0)) },
      ];
    }),
  );
  const ranges = layout.panels.map((_, panel) => shown.get(channelAt(panel))?.range ?? ([0, 1] as const));
  return {
    colorOf: ({ planes: [{ data, samples }], index, panel }) => {
      const value = 255 * shareOf(data[index * samples], ranges[panel]);
      return [value, value, value];
    },
    shown: [...shown.values()],
  };
}

/** Red, green and blue with one contrast; bytes as they are where none is asked for. */
function colourPalette(source: ImageSource, { planes, options }: Drawn): Palette {
  const isPlain = source.dtype === "uint8" && options.contrast === undefined && options.range === undefined;
  const range = isPlain ? ([0, 255] as const) : rangeOf(planes.flat(), options, fileRange(source, 0));
  const colorOf: ColorOf = ({ planes: [{ data, samples }], index }) => {
    const at = (sample: number) => 255 * shareOf(data[index * samples + sample], range);
    return [at(0), at(1), at(2)];
  };
  return { colorOf, shown: [] };
}

/** 0 to 1; NaN is 0. */
function shareOf(value: number, [low, high]: readonly [number, number]): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}
