/** Colours by values, for a channel that is shown alone. */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Colours from dark to full, at equal steps. viridis, magma, inferno: van der Walt and Smith 2015; turbo: Mikhailov 2019. */
const STOPS = {
  grey: ["000000", "FFFFFF"],
  "inverted grey": ["FFFFFF", "000000"],
  viridis: ["440154", "472C7A", "3B518B", "2C718E", "21908D", "27AD81", "5CC863", "AADC32", "FDE725"],
  magma: ["000004", "1C1044", "4F127B", "812581", "B5367A", "E55064", "FB8761", "FEC287", "FCFDBF"],
  inferno: ["000004", "1F0C48", "550F6D", "88226A", "BA3655", "E35933", "F98C0A", "F9C932", "FCFFA4"],
  turbo: [
    ...["23171B", "493EAE", "4569EE", "3295F7", "26BCE1", "29DCBC", "3FF393", "65FD6E", "95FB51"],
    ...["C5EC3C", "ECD12E", "FFAD24", "FF821D", "F05616", "CB2F0D", "A31302", "900C00"],
  ],
} as const;

/** The name of a colour map. */
export type ColormapName = keyof typeof STOPS;

/** Their names. */
export const COLORMAPS = Object.keys(STOPS) as readonly ColormapName[];

/** Whether a text names a colour map. */
export function isColormap(name: string): name is ColormapName {
  return Object.hasOwn(STOPS, name);
}

/** The colour map by which channels are shown: that of the only one that is visible; undefined: colours are added up. */
export function shownColormap(
  channels: readonly { readonly isVisible: boolean; readonly colormap?: ColormapName | undefined }[],
): ColormapName | undefined {
  const [only, ...others] = channels.filter(({ isVisible }) => isVisible);
  return others.length === 0 ? only?.colormap : undefined;
}

/** Red, green and blue of a map's steps, 0 to 255. */
export function colormapStops(name: ColormapName): readonly Rgb[] {
  return STOPS[name].map(rgbOfHex);
}

/** Red, green and blue of six hexadecimal digits, 0 to 255. */
export function rgbOfHex(color: string): Rgb {
  const value = Number.parseInt(color, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The colour of a place between black and full, 0 to 1; what lies beyond has that of the end. */
export function colormapColor(stops: readonly Rgb[], part: number): Rgb {
  const place = Math.min(1, Math.max(0, part)) * (stops.length - 1);
  const step = Math.min(stops.length - 2, Math.floor(place));
  const between = (i: 0 | 1 | 2) => stops[step][i] + (place - step) * (stops[step + 1][i] - stops[step][i]);
  return [between(0), between(1), between(2)];
}

/** A map as CSS's gradient. */
export function colormapGradient(name: ColormapName): string {
  return `linear-gradient(90deg, ${STOPS[name].map((color) => `#${color}`).join(", ")})`;
}
