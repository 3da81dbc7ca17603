import { encodePng } from "../../io/index.ts";
import { CURVE, createCanvas, drawText, INK, PAPER, RULE, strokeLines } from "../../io/render/index.ts";
import type { PowerSpectrum } from "../images/polar.ts";

const SIZE = { width: 720, height: 460 } as const;
const BOX = { left: 84, right: 692, top: 52, bottom: 400 } as const;

/** Draws a power spectrum over the resolution, both in powers of ten, coarse to the left. @returns a PNG */
export function drawPowerSpectrum({ power, resolutionsA }: PowerSpectrum, title: string): Uint8Array {
  const canvas = createCanvas(SIZE.width, SIZE.height, PAPER);
  const points = [...power].flatMap((value, i) =>
    value > 0 ? [[Math.log10(resolutionsA[i]), Math.log10(value)] as const] : [],
  );
  const [coarse, fine] = [Math.max(...points.map(([x]) => x)), Math.min(...points.map(([x]) => x))];
  const [low, high] = [
    Math.floor(Math.min(...points.map(([, y]) => y))),
    Math.ceil(Math.max(...points.map(([, y]) => y))),
  ];
  const xOf = (value: number) =>
    BOX.left + ((coarse - value) / (coarse - fine || 1)) * (BOX.right - BOX.left);
  const yOf = (value: number) => BOX.bottom - ((value - low) / (high - low || 1)) * (BOX.bottom - BOX.top);
  drawText(canvas, title, { x: BOX.left, y: 30, size: 13, color: INK });
  for (let decade = low; decade <= high; decade += Math.max(1, Math.round((high - low) / 8))) {
    const y = yOf(decade);
    strokeLines(canvas, [[[BOX.left, y] as const, [BOX.right, y] as const]], { color: RULE, width: 1 });
    drawText(canvas, `1e${decade}`, { x: BOX.left - 9, y: y + 5, align: "right", size: 12, color: INK });
  }
  for (const resolution of ticks(10 ** fine, 10 ** coarse)) {
    const x = xOf(Math.log10(resolution));
    strokeLines(canvas, [[[x, BOX.bottom] as const, [x, BOX.bottom + 5] as const]], {
      color: INK,
      width: 1.4,
    });
    drawText(canvas, `${resolution}`, { x, y: BOX.bottom + 24, align: "center", size: 12, color: INK });
  }
  drawText(canvas, "resolution, Å", {
    x: (BOX.left + BOX.right) / 2,
    y: SIZE.height - 10,
    align: "center",
    size: 12,
    color: INK,
  });
  if (points.length > 0)
    strokeLines(canvas, [points.map(([x, y]) => [xOf(x), yOf(y)] as const)], { color: CURVE, width: 2 });
  return encodePng(canvas);
}

/** 2, 5, 10, 20, 50 … */
function ticks(from: number, to: number): number[] {
  const decades = Array.from({ length: 9 }, (_, i) => 10 ** (i - 2));
  return decades
    .flatMap((decade) => [decade, 2 * decade, 5 * decade])
    .filter((tick) => tick >= from && tick <= to);
}
