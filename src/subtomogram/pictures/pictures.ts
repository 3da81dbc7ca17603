import {
  type Box,
  type Canvas,
  createCanvas,
  drawText,
  INK,
  PAPER,
  paint,
  type Rgb,
  RULE,
  roundStep,
  SOFT_INK,
  strokeLines,
} from "../../io/render/index.ts";
import type { PipeImage } from "../../pipe/index.ts";

const COLORS: readonly Rgb[] = [
  [33, 102, 172],
  [178, 24, 43],
  [27, 120, 55],
  [118, 42, 131],
];
export const MARGIN = 36;
const GAP = 16;
export const TITLE = 64;
/** Pixels of a slice, at least. */
const PANEL = 220;
const PLOT = { width: 720, height: 300, left: 60, bottom: 48 };
/** Where halves agree, by the two usual rules. */
const THRESHOLDS = [0.143, 0.5];

/** A volume with a name. */
export interface NamedVolume {
  readonly name: string;
  readonly volume: PipeImage;
  /** Voxel that the slices go through; default the centre. */
  readonly through?: readonly [z: number, y: number, x: number];
}

/** Slices through volumes, a row a volume: across z, across y, across x; black and white as 0.5 and 99.5 % of its values. */
export function drawSlices(title: string, volumes: readonly NamedVolume[]): Canvas {
  const longest = Math.max(...volumes.flatMap(({ volume }) => volume.shape));
  const zoom = Math.max(1, Math.round(PANEL / longest));
  const side = zoom * longest;
  const rows = volumes.length * (side + GAP + 24);
  const canvas = createCanvas(2 * MARGIN + 3 * side + 2 * GAP, TITLE + rows + MARGIN, PAPER);
  drawText(canvas, title, { x: MARGIN, y: 40, size: 18, color: INK, isBold: true });
  volumes.forEach(({ name, volume, through }, row) => {
    const y = TITLE + row * (side + GAP + 24);
    drawText(canvas, name, { x: MARGIN, y: y + 14, size: 13, color: SOFT_INK });
    const range = rangeOf(volume);
    const own = Math.max(1, Math.floor(side / Math.max(...volume.shape)));
    for (let axis = 0; axis < 3; axis++) {
      const index = through?.[axis] ?? Math.floor(volume.shape[axis] / 2);
      const slice = { volume, axis, index, zoom: own, range };
      drawSlice(canvas, { x: MARGIN + axis * (side + GAP), y: y + 22 }, slice);
    }
  });
  return canvas;
}

/** Curves of agreement by frequency, with the lines of 0.143 and 0.5. */
export function drawShellCurves(
  title: string,
  { frequencies, curves }: { readonly frequencies: Float64Array; readonly curves: readonly Float64Array[] },
): Canvas {
  const { width, height, left, bottom } = PLOT;
  const canvas = createCanvas(width + left + 2 * MARGIN, TITLE + height + bottom + MARGIN, PAPER);
  const box: Box = { x: MARGIN + left, y: TITLE, width, height };
  drawText(canvas, title, { x: MARGIN, y: 40, size: 18, color: INK, isBold: true });
  const shown = frequencies.findIndex((frequency) => frequency > 0.5);
  const last = shown < 0 ? frequencies.length : shown;
  const end = Math.min(0.5, frequencies[Math.max(0, last - 1)]);
  const at = (frequency: number, value: number) =>
    [
      box.x + (box.width * frequency) / end,
      box.y + (box.height * (1 - Math.min(1, Math.max(-0.2, value)))) / 1.2,
    ] as const;
  for (const value of [0, ...THRESHOLDS, 1]) {
    strokeLines(canvas, [[at(0, value), at(end, value)]], { color: RULE, width: 1 });
    drawText(canvas, String(value), {
      x: box.x - 8,
      y: at(0, value)[1] + 5,
      align: "right",
      size: 12,
      color: INK,
    });
  }
  const step = roundStep(end, 6);
  for (let tick = 0; tick <= end + 1e-9; tick += step)
    drawText(canvas, String(Number(tick.toFixed(3))), {
      x: at(tick, 0)[0],
      y: box.y + box.height + 22,
      align: "center",
      size: 12,
      color: INK,
    });
  drawText(canvas, "cycles/voxel", {
    x: box.x + box.width,
    y: box.y + box.height + 42,
    align: "right",
    size: 12,
    color: SOFT_INK,
  });
  curves.forEach((curve, i) => {
    const points = Array.from(curve.subarray(0, last), (value, k) => at(frequencies[k], value)).filter(
      ([, y]) => Number.isFinite(y),
    );
    strokeLines(canvas, [points], { color: COLORS[i % COLORS.length], width: 2.2 });
  });
  return canvas;
}

function drawSlice(
  canvas: Canvas,
  corner: { readonly x: number; readonly y: number },
  {
    volume,
    axis,
    index,
    zoom,
    range,
  }: { volume: PipeImage; axis: number; index: number; zoom: number; range: readonly [number, number] },
): void {
  const { data, shape } = volume;
  const [down, across] = [0, 1, 2].filter((one) => one !== axis);
  const strides = [shape[1] * shape[2], shape[2], 1];
  const start = index * strides[axis];
  const [low, high] = range;
  const box = { ...corner, width: zoom * shape[across], height: zoom * shape[down] };
  paint(canvas, box, (x, y) => {
    const [i, j] = [Math.floor(y / zoom), Math.floor(x / zoom)];
    const value = data[start + i * strides[down] + j * strides[across]];
    const grey = Math.round((255 * Math.min(Math.max(value - low, 0), high - low)) / (high - low || 1));
    return [grey, grey, grey];
  });
}

/** Black and white of values: 0.5 and 99.5 % of them. */
export function rangeOf({ data }: Pick<PipeImage, "data">): readonly [number, number] {
  const sorted = data.slice().sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return [at(0.005), at(0.995)];
}
