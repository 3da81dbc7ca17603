/** How channels are shown, and how the address has them. */
import { type ColormapName, isColormap } from "./colormaps.ts";

/** How a channel is shown. */
export interface ShownChannel {
  readonly isVisible: boolean;
  /** Six hexadecimal digits. */
  readonly color: string;
  /** Values that are black and full; undefined until they are known. */
  readonly limits?: readonly [number, number];
  readonly opacity: number;
  /** In place of the colour, while no other channel is visible. */
  readonly colormap?: ColormapName | undefined;
}

/** As the address has them. */
export function formatChannels(channels: readonly ShownChannel[]): string {
  return channels.map(formatChannel).join(";");
}

/** Channels of an address; what is none is left out. */
export function parseChannels(text: string): ShownChannel[] {
  return text.split(";").flatMap(parseChannel);
}

function formatChannel({ isVisible, color, limits, opacity, colormap }: ShownChannel): string {
  const values = [isVisible ? 1 : 0, color, limits?.[0] ?? "", limits?.[1] ?? "", opacity];
  return [...values, ...(colormap === undefined ? [] : [colormap])].join(":");
}

function parseChannel(text: string): ShownChannel[] {
  const [isVisible, color = "", low = "", high = "", opacity = "1", map = ""] = text.split(":");
  if (!/^[0-9A-Fa-f]{6}$/.test(color)) return [];
  const limits = [Number(low), Number(high)] as const;
  const isKnown = low !== "" && high !== "" && limits.every(Number.isFinite) && limits[0] < limits[1];
  const part = Math.min(1, Math.max(0, Number(opacity)));
  return [
    {
      isVisible: isVisible === "1",
      color,
      opacity: Number.isFinite(part) ? part : 1,
      ...(isKnown && { limits }),
      ...(isColormap(map) && { colormap: map }),
    },
  ];
}
