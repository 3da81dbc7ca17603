import { encodePng } from "../../io/index.ts";
import {
  CURVE,
  createCanvas,
  drawText,
  INK,
  PAPER,
  paint,
  type Rgb,
  RULE,
  strokeLines,
  textWidth,
} from "../../io/render/index.ts";

const BAR: Rgb = [120, 168, 214];
const WIDTH = 720;
const ROW = 26;

/** A bar with its interval, if it has one. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly text: string;
}

/** Draws bars from 0 with intervals, one below another. @returns a PNG */
export function drawBars(bars: readonly Bar[], title: string): Uint8Array {
  const words = bars.reduce((widest, { text }) => Math.max(widest, textWidth(text, 12)), 0);
  const box = { left: 190, right: WIDTH - 26 - Math.ceil(words), top: 52 };
  const canvas = createCanvas(WIDTH, box.top + bars.length * ROW + 16, PAPER);
  drawText(canvas, title, { x: 16, y: 30, size: 13, color: INK });
  const most = bars.reduce((largest, { value, upper }) => Math.max(largest, value, upper), 0) || 1;
  const xOf = (value: number) => box.left + (Math.max(0, value) / most) * (box.right - box.left);
  bars.forEach(({ name, value, lower, upper, text }, i) => {
    const y = box.top + i * ROW;
    const width = Math.max(1, Math.round(xOf(value) - box.left));
    paint(canvas, { x: box.left, y: y + 4, width, height: ROW - 9 }, () => BAR);
    const middle = y + ROW / 2;
    const ends = [lower, upper].map((end) => [
      [xOf(end), middle - 5] as const,
      [xOf(end), middle + 5] as const,
    ]);
    const interval = [[xOf(lower), middle] as const, [xOf(upper), middle] as const];
    if (lower < upper) strokeLines(canvas, [interval, ...ends], { color: INK, width: 1.4 });
    drawText(canvas, fitting(name, box.left - 20), {
      x: box.left - 10,
      y: middle + 5,
      align: "right",
      size: 12,
      color: INK,
    });
    drawText(canvas, text, { x: box.right + 10, y: middle + 5, size: 12, color: INK });
  });
  return encodePng(canvas);
}

/** The end of a name, as much of it as there is room for. */
function fitting(name: string, width: number): string {
  let shown = name;
  for (let from = 1; textWidth(shown, 12) > width && from < name.length; from++)
    shown = `...${name.slice(from)}`;
  return shown;
}

/** Draws how many values are not above each: a distribution. @returns a PNG */
export function drawDistribution(values: ArrayLike<number>, title: string, label: string): Uint8Array {
  const box = { left: 70, right: WIDTH - 30, top: 52, bottom: 330 };
  const canvas = createCanvas(WIDTH, 390, PAPER);
  const sorted = Array.from(values).sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const xOf = (value: number) => box.left + ((value - low) / (high - low || 1)) * (box.right - box.left);
  const yOf = (share: number) => box.bottom - share * (box.bottom - box.top);
  drawText(canvas, title, { x: box.left, y: 30, size: 13, color: INK });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    strokeLines(canvas, [[[box.left, yOf(share)] as const, [box.right, yOf(share)] as const]], {
      color: RULE,
      width: 1,
    });
    drawText(canvas, `${100 * share} %`, {
      x: box.left - 8,
      y: yOf(share) + 5,
      align: "right",
      size: 12,
      color: INK,
    });
  }
  for (const part of [0, 0.5, 1]) {
    const value = low + part * (high - low);
    const text = Number(value.toPrecision(5)).toString();
    drawText(canvas, text, { x: xOf(value), y: box.bottom + 22, align: "center", size: 12, color: INK });
  }
  drawText(canvas, label, { x: (box.left + box.right) / 2, y: 376, align: "center", size: 12, color: INK });
  const steps = sorted.flatMap((value, i) => [
    [xOf(value), yOf(i / sorted.length)] as const,
    [xOf(value), yOf((i + 1) / sorted.length)] as const,
  ]);
  strokeLines(canvas, [steps], { color: CURVE, width: 2 });
  return encodePng(canvas);
}
