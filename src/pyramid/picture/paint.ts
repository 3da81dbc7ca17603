import { memorySource, renderPicture, rowLetters } from "../../io/index.ts";
import {
  type Box,
  type Canvas,
  createCanvas,
  drawText,
  paint,
  type Rgb,
  strokeLines,
  textWidth,
} from "../../io/render/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import type { PlacedImage } from "../geometry/map.ts";
import type { DrawnPlate, Well, WellValues } from "./content.ts";
import { plateRange } from "./contrast.ts";
import type { PlatePicture, PlatePictureOptions } from "./options.ts";

const INK: Rgb = [225, 225, 225];
const PAPER: Rgb = [18, 18, 20];
const EMPTY: Rgb = [44, 44, 48];
const MARK: Rgb = [110, 110, 116];
const ALARM: Rgb = [235, 120, 60];

/** All wells as one image, through the colours of every picture; what no site shows is left as the paper. */
export async function paintWells(
  { layers, wells, layout }: DrawnPlate,
  values: WellValues,
  options: PlatePictureOptions,
) {
  const { height, width } = layout;
  const data = new Float32Array(layers.length * height * width).fill(Number.NaN);
  values.channels.forEach((channel, c) => {
    for (const well of wells)
      copyCell(
        channel.get(well.id) ?? new Float32Array(0),
        layout.boxOf(well),
        data.subarray(c * height * width),
        width,
      );
  });
  const contrast = options.contrast ?? [0.1, 99.9];
  const channels = layers.map(({ channel, color, bitDepth }, c) => {
    const [start, end] = plateRange([...values.channels[c].values()], contrast, bitDepth);
    return { name: channel, ...(color !== null && { color }), window: { start, end } };
  });
  const source = memorySource(
    { data, axes: ["channel", "y", "x"], shape: [layers.length, height, width] },
    { channels },
  );
  const picture = await renderPicture(source, {
    ...{ contrast: "file", maxSize: Math.max(height, width), labels: false, scaleBar: false },
    ...(options.colors !== undefined && { colors: options.colors }),
  });
  const canvas = createCanvas(width, height, PAPER);
  for (let i = 0; i < height * width; i++) {
    if (!layers.some((_, c) => !Number.isNaN(data[c * height * width + i]))) continue;
    for (let k = 0; k < 3; k++)
      canvas.data[3 * i + k] = picture.data[picture.channels * i + (k % picture.channels)];
  }
  return { canvas, shown: picture.shown };
}

function copyCell(values: Float32Array, box: Box, into: Float32Array, width: number): void {
  for (let y = 0; y < box.height && values.length > 0; y++)
    into.set(values.subarray(y * box.width, (y + 1) * box.width), (box.y + y) * width + box.x);
}

/** Crosses wells without images out, and marks sites without. */
export function drawMarks(
  canvas: Canvas,
  { wells, layout }: DrawnPlate,
  { shown, missing }: WellValues,
): void {
  for (const well of wells) {
    const corner = layout.boxOf(well);
    if (!shown.has(well.id)) {
      paint(canvas, corner, () => EMPTY);
      cross(canvas, corner, ALARM);
      continue;
    }
    for (const site of [...well.sites.filter(({ id }) => missing.has(id)), ...holesOf(well, wells)]) {
      const [x, y] = [
        corner.x + (site.x - well.x) / layout.shrink,
        corner.y + (site.y - well.y) / layout.shrink,
      ];
      cross(canvas, { x, y, ...shrunk(site, layout.shrink) }, ALARM);
    }
  }
}

/** Places of sites that the well with the most has, and this one has not. */
function holesOf(well: Well, wells: readonly Well[]): readonly Omit<PlacedImage, "id">[] {
  const whole = wells.reduce((most, one) => (one.sites.length > most.sites.length ? one : most));
  return whole.sites.flatMap(({ y, x, height, width }) => {
    const place = { y: y - whole.y + well.y, x: x - whole.x + well.x, height, width };
    const isThere = well.sites.some(
      (own) => Math.abs(own.y - place.y) < height / 2 && Math.abs(own.x - place.x) < width / 2,
    );
    return isThere ? [] : [place];
  });
}

function shrunk({ height, width }: PixelSize, by: number): PixelSize {
  return { height: Math.max(2, height / by), width: Math.max(2, width / by) };
}

function cross(canvas: Canvas, { x, y, width, height }: Box, color: Rgb): void {
  const [left, top, right, bottom] = [x + 0.5, y + 0.5, x + width - 0.5, y + height - 0.5];
  const pen = { color, width: Math.max(1, Math.min(width, height) / 60) };
  strokeLines(canvas, [frame(left, top, right, bottom)], pen);
  const lines = [
    [
      [left, top],
      [right, bottom],
    ],
    [
      [left, bottom],
      [right, top],
    ],
  ] as const;
  for (const line of lines) strokeLines(canvas, [line], pen);
}

function frame(left: number, top: number, right: number, bottom: number) {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
    [left, top],
  ] as const;
}

interface Framed extends DrawnPlate {
  readonly plate: { readonly name: string; readonly nRows: number; readonly nColumns: number };
  readonly shown: PlatePicture["shown"];
}

/** Names of rows and columns, of the plate and its channels; wells that have no images. */
export function drawFrame(canvas: Canvas, { layout, plate, wells, shown, layers }: Framed): void {
  const { textSize: size, body, cell } = layout;
  const known = new Set(wells.map(({ rowIndex, columnIndex }) => `${rowIndex} ${columnIndex}`));
  for (let rowIndex = 0; rowIndex < plate.nRows; rowIndex++)
    for (let columnIndex = 0; columnIndex < plate.nColumns; columnIndex++) {
      const box = layout.boxOf({ rowIndex, columnIndex });
      if (known.has(`${rowIndex} ${columnIndex}`)) continue;
      paint(canvas, box, () => EMPTY);
      cross(canvas, box, MARK);
    }
  const isRoomy = (side: number, index: number) => side > 1.6 * size || index % 5 === 0;
  for (let row = 0; row < plate.nRows; row++) {
    if (!isRoomy(cell.height, row)) continue;
    const { y } = layout.boxOf({ rowIndex: row, columnIndex: 0 });
    drawText(canvas, rowLetters(row), {
      x: body.x - size,
      y: y + (cell.height + size) / 2,
      size,
      color: INK,
      align: "right",
    });
  }
  for (let column = 0; column < plate.nColumns; column++) {
    if (!isRoomy(cell.width, column)) continue;
    const { x } = layout.boxOf({ rowIndex: 0, columnIndex: column });
    drawText(canvas, `${column + 1}`, {
      x: x + cell.width / 2,
      y: body.y - 0.7 * size,
      size,
      color: INK,
      align: "center",
    });
  }
  drawText(canvas, plate.name, { x: body.x, y: 2.2 * size, size: 1.2 * size, color: INK, isBold: true });
  let x = body.x;
  for (const [i, { name, color, range }] of shown.entries()) {
    const text = `${name} t ${layers[i].tpoint} z ${layers[i].zplane}: ${range.map((value) => Math.round(value)).join(" to ")}`;
    const value = Number.parseInt(color, 16);
    drawText(canvas, text, {
      x,
      y: 4.2 * size,
      size: 0.9 * size,
      color: [value >> 16, (value >> 8) & 255, value & 255],
    });
    x += textWidth(text, 0.9 * size) + 2 * size;
  }
}
