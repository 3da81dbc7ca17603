import { type Box, type Canvas, drawText, type Rgb, strokeLines } from "./canvas.ts";
import { textWidth } from "./font.ts";

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** Units of lengths that images have, in Å, from the smallest. */
const LENGTHS_A = [
  ["angstrom", 1],
  ["nanometer", 10],
  ["micrometer", 1e4],
  ["millimeter", 1e7],
] as const;

/** The bar is the shortest round length of at least this part of the width. */
const PARTS = 8;

/** Signs of units whose names in UDUNITS-2 are longer; the font has them all. */
const SIGNS: Readonly<Record<string, string>> = {
  angstrom: "Å",
  picometer: "pm",
  nanometer: "nm",
  micrometer: "µm",
  millimeter: "mm",
  centimeter: "cm",
  meter: "m",
  kilometer: "km",
  inch: "in",
  femtosecond: "fs",
  picosecond: "ps",
  nanosecond: "ns",
  microsecond: "µs",
  millisecond: "ms",
  second: "s",
  minute: "min",
  hour: "h",
};

/** The sign of a unit, `µm` for `micrometer`; its name where it has none. */
export function unitSign(unit: string): string {
  return SIGNS[unit] ?? unit;
}

/**
 * Draws a bar of a round length with its label at the lower left of a box, where it has room.
 *
 * @param scale  size of a pixel of the picture, in the unit
 * @returns      whether there was room
 */
export function drawScaleBar(
  canvas: Canvas,
  { box, ...given }: { readonly box: Box; readonly scale: number; readonly unit: string },
): boolean {
  const { scale, unit } = readable(given, box.width / PARTS);
  const size = Math.min(26, Math.max(8, Math.round(Math.min(box.width, box.height) / 24)));
  const length = roundStep(box.width * scale, PARTS);
  const label = `${Number(length.toPrecision(6))} ${unitSign(unit)}`;
  const pixels = length / scale;
  const wide = Math.max(pixels, textWidth(label, size));
  const margin = Math.round(1.2 * size);
  if (wide + 2 * margin > box.width || 5 * size > box.height) return false;
  const left = box.x + margin + (wide - pixels) / 2;
  const y = box.y + box.height - margin;
  const line = [[[left, y] as const, [left + pixels, y] as const]];
  strokeLines(canvas, line, { color: BLACK, width: size / 2.5 + 3, opacity: 0.75 });
  strokeLines(canvas, line, { color: WHITE, width: size / 2.5 });
  const style = { align: "center", size, color: WHITE, halo: BLACK } as const;
  drawText(canvas, label, { x: left + pixels / 2, y: y - size, ...style });
  return true;
}

/** A scale in Å in the unit in which the bar is one or more: 0.5 µm are 500 nm, 8000 Å as well. */
function readable({ scale, unit }: { readonly scale: number; readonly unit: string }, barPx: number) {
  if (unit !== "angstrom") return { scale, unit };
  const [name, sizeA] = LENGTHS_A.findLast(([, length]) => barPx * scale >= 2 * length) ?? LENGTHS_A[0];
  return { scale: scale / sizeA, unit: name };
}

/** A round step (1, 2 or 5 times a power of ten) that divides `span` into at most `count` parts. */
export function roundStep(span: number, count: number): number {
  const power = 10 ** Math.floor(Math.log10(span / count));
  return power * ([1, 2, 5].find((digit) => span / (digit * power) <= count) ?? 10);
}
