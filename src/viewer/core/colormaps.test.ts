import { expect, test } from "vitest";
import { formatChannels, parseChannels } from "./channels.ts";
import { COLORMAPS, colormapColor, colormapStops, shownColormap } from "./colormaps.ts";

test("maps go from their first to their last colour, grey as values, and the others rise in brightness", () => {
  expect(colormapColor(colormapStops("grey"), 0.4)).toEqual([102, 102, 102]);
  expect(colormapColor(colormapStops("inverted grey"), 0.4)).toEqual([153, 153, 153]);
  for (const name of ["viridis", "magma", "inferno"] as const) {
    const stops = colormapStops(name);
    const bright = Array.from({ length: 101 }, (_, i) => {
      const [r, g, b] = colormapColor(stops, i / 100);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    expect(bright.every((value, i) => i === 0 || value > bright[i - 1])).toBe(true);
  }
  for (const name of COLORMAPS) {
    const stops = colormapStops(name);
    expect([colormapColor(stops, -1), colormapColor(stops, 2)]).toEqual([stops[0], stops.at(-1)]);
  }
});

test("the map of the only visible channel counts, and the address has it", () => {
  const channel = { isVisible: true, color: "FF0000", opacity: 1, limits: [1, 5] as const };
  const mapped = { ...channel, colormap: "inverted grey" as const };
  expect(shownColormap([{ ...channel, isVisible: false }, mapped])).toBe("inverted grey");
  expect(shownColormap([channel, mapped])).toBeUndefined();
  expect(shownColormap([])).toBeUndefined();
  expect(parseChannels(formatChannels([channel, mapped]))).toEqual([channel, mapped]);
  expect(parseChannels("1:FF0000:1:5:1:jet")).toEqual([channel]);
});
