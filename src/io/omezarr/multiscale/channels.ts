import { bytesPerValue, type PixelType } from "../../../core/index.ts";
import type { SourceChannel } from "../../source/source.ts";
import { channelColor } from "../colors.ts";
import type { MultiscaleLayout } from "./plan.ts";
import { type ValueStatistics, type ValueWindow, windowOf } from "./statistics.ts";

type WindowedChannel = SourceChannel & { readonly window: ValueWindow };

/**
 * Channels as the metadata have them: colours by the names of dyes or in turn, windows as they are given or by the values'
 * percentiles; until values are known, all that the type holds.
 */
export function channelsOf(
  layout: MultiscaleLayout & {
    readonly channels?: readonly SourceChannel[];
    readonly significantBits?: number;
  },
  statistics: ReadonlyMap<number, ValueStatistics>,
): readonly WindowedChannel[] {
  const { axes, shape, dtype, channels = [], significantBits } = layout;
  const reach = significantBits === undefined ? {} : { min: 0, max: 2 ** significantBits - 1 };
  const axis = axes.findIndex(({ kind }) => kind === "channel");
  const count = axis < 0 ? 1 : shape[axis];
  return Array.from({ length: count }, (_, i) => {
    const { window, color, ...channel } = channels[i] ?? {};
    const known = statistics.get(i);
    const made = known === undefined ? typeWindow(dtype) : windowOf(known);
    const name = channel.name ?? nameOf(axes[axis]?.values?.[i]);
    return {
      ...channel,
      ...(name !== undefined && { name }),
      color: color ?? channelColor(name ?? "", i),
      // min and max say what sliders reach: the data's, unless somebody knows better
      window: { ...made, ...reach, ...window },
    };
  });
}

function nameOf(value: number | string | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function typeWindow(dtype: PixelType): ValueWindow {
  if (dtype.startsWith("float")) return { start: 0, end: 1, min: 0, max: 1 };
  const values = 2 ** (8 * bytesPerValue(dtype));
  const min = dtype.startsWith("int") ? -values / 2 : 0;
  return { start: min, end: min + values - 1, min, max: min + values - 1 };
}
