import type { ImageSource } from "../source/source.ts";
import { axisAt, labelOf } from "./axes.ts";
import { type Box, type Canvas, createCanvas, drawText, paint, type Rgb } from "./canvas.ts";
import { textWidth } from "./font.ts";
import type { PictureLayout } from "./layout.ts";
import type { Palette } from "./palette.ts";
import type { ShrunkPlane } from "./planes.ts";

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/** A canvas with the places of its panels. */
export interface Composed {
  readonly canvas: Canvas;
  readonly boxes: readonly Box[];
}

/** Paints every panel. */
export function compose(
  planes: readonly (readonly ShrunkPlane[])[],
  {
    layout,
    colorOf,
    zoom,
  }: Pick<Palette, "colorOf"> & { readonly layout: PictureLayout; readonly zoom: number },
): Composed {
  const [[{ height, width }]] = planes;
  const across = (count: number, side: number) => zoom * count * side + layout.gap * (count - 1);
  const canvas = createCanvas(across(layout.columns, width), across(layout.rows, height), WHITE);
  const boxes = layout.panels.map(({ row, column }) => ({
    x: column * (zoom * width + layout.gap),
    y: row * (zoom * height + layout.gap),
    width: zoom * width,
    height: zoom * height,
  }));
  for (const [panel, ofPanel] of planes.entries()) {
    paint(canvas, boxes[panel], (x, y) => {
      const index = Math.floor(y / zoom) * width + Math.floor(x / zoom);
      const [red, green, blue] = colorOf({ planes: ofPanel, index, panel });
      return [Math.round(red), Math.round(green), Math.round(blue)];
    });
  }
  return { canvas, boxes };
}

/** Writes at the upper left of each panel what it is, where it has room. */
export function drawLabels({ canvas, boxes }: Composed, source: ImageSource, layout: PictureLayout): void {
  for (const [panel, { fixed }] of layout.panels.entries()) {
    const { x, y, width, height } = boxes[panel];
    const size = Math.min(18, Math.max(8, Math.round(Math.min(width, height) / 14)));
    const text = Object.entries(fixed)
      .map(([name, index]) => panelText(source, name, index))
      .join(", ");
    if (text === "" || textWidth(text, size) + size > width || 3 * size > height) continue;
    drawText(canvas, text, { x: x + size / 2, y: y + 1.6 * size, size, color: WHITE, halo: BLACK });
  }
}

/** Names speak for themselves, numbers with their axis. */
function panelText(source: ImageSource, name: string, index: number): string {
  const label = labelOf(source, name, index);
  return Number.isFinite(Number(label)) ? `${source.axes[axisAt(source, name)].name} ${label}` : label;
}

/** Pixels of one sample where all are grey. */
export function withoutColor({ width, height, data }: Canvas): {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
} {
  for (let i = 0; i < data.length; i += 3)
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return { width, height, channels: 3, data };
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[3 * i];
  return { width, height, channels: 1, data: grey };
}
