import type { Shape3 } from "../../core/index.ts";
import {
  type Box,
  type Canvas,
  createCanvas,
  drawScaleBar,
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
const PLOT = { width: 720, height: 300, left: 60, bottom: 68 };
/** Above a row of slices: its name, and what each slice is. */
const HEAD = 42;
/** Curves whose names have room. */
const MOST_NAMED = 8;
/** Where halves agree, by the two usual rules. */
const THRESHOLDS = [0.143, 0.5];

/** A volume with a name. */
export interface NamedVolume {
  readonly name: string;
  readonly volume: PipeImage;
  /** Voxel that the slices go through; default the centre. */
  readonly through?: readonly [z: number, y: number, x: number];
  /** nm/voxel, where it is another than the picture's. */
  readonly scale?: number;
  /** A stack of images, of which the first, the middle one and the last are shown. */
  readonly isStack?: boolean;
}

/**
 * Slices through volumes, a row a volume: across z, across y, across x; black and white as 0.5 and 99.5 % of its values. Each says where it lies and which axes it
 * has; the first of a row has a scale bar.
 *
 * @param scale  nm/voxel
 */
export function drawSlices(title: string, volumes: readonly NamedVolume[], scale: number): Canvas {
  const longest = Math.max(...volumes.flatMap(({ volume }) => volume.shape));
  const zoom = Math.max(1, Math.round(PANEL / longest));
  const side = zoom * longest;
  const rows = volumes.length * (side + GAP + HEAD);
  const canvas = createCanvas(2 * MARGIN + 3 * side + 2 * GAP, TITLE + rows + MARGIN, PAPER);
  drawText(canvas, title, { x: MARGIN, y: 40, size: 18, color: INK, isBold: true });
  volumes.forEach(({ name, volume, through, isStack = false, scale: own = scale }, row) => {
    const y = TITLE + row * (side + GAP + HEAD);
    drawText(canvas, name, { x: MARGIN, y: y + 14, size: 13, color: SOFT_INK });
    const range = rangeOf(volume);
    const ownZoom = Math.max(1, Math.floor(side / Math.max(...volume.shape)));
    for (const [column, { axis, index, says }] of slicesOf(volume.shape, isStack, through).entries()) {
      const corner = { x: MARGIN + column * (side + GAP), y: y + HEAD - 2 };
      drawText(canvas, says, { x: corner.x, y: corner.y - 8, size: 11, color: SOFT_INK });
      const box = drawSlice(canvas, corner, { volume, axis, index, zoom: ownZoom, range });
      if (column === 0) drawScaleBar(canvas, { box, scale: own / ownZoom, unit: "nanometer" });
    }
  });
  return canvas;
}

const AXES = ["z", "y", "x"];

function slicesOf(
  shape: Shape3,
  isStack: boolean,
  through: NamedVolume["through"],
): readonly { readonly axis: number; readonly index: number; readonly says: string }[] {
  const middle = shape.map((n, axis) => through?.[axis] ?? Math.floor(n / 2));
  if (isStack)
    return [...new Set([0, middle[0], shape[0] - 1])].map((index) => {
      return { axis: 0, index, says: `image ${index}: x right, y down` };
    });
  return AXES.map((name, axis) => {
    const [down, across] = AXES.filter((other) => other !== name);
    return { axis, index: middle[axis], says: `${name} = ${middle[axis]}: ${across} right, ${down} down` };
  });
}

/**
 * Curves of agreement by frequency, with the lines of 0.143 and 0.5.
 *
 * @param scale  nm/voxel: frequencies stand in cycles/voxel and as lengths
 */
export function drawShellCurves(
  title: string,
  { frequencies, curves }: { readonly frequencies: Float64Array; readonly curves: readonly Float64Array[] },
  scale: number,
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
  // between two labels of the axis
  drawText(canvas, "FSC", { x: box.x - 8, y: at(0, 0.75)[1] + 5, align: "right", size: 12, color: SOFT_INK });
  drawFrequencies(canvas, box, { end, scale });
  curves.forEach((curve, i) => {
    // as the columns of the table are called
    const place = { x: box.x + box.width - 56 * (curves.length - 1 - i), y: 40, align: "right" } as const;
    if (curves.length > 1 && curves.length <= MOST_NAMED)
      drawText(canvas, `FSC-${i}`, { ...place, size: 12, color: COLORS[i % COLORS.length] });
    const points = Array.from(curve.subarray(0, last), (value, k) => at(frequencies[k], value)).filter(
      ([, y]) => Number.isFinite(y),
    );
    strokeLines(canvas, [points], { color: COLORS[i % COLORS.length], width: 2.2 });
  });
  return canvas;
}

/** The axis, in cycles/voxel and, below, as lengths. */
function drawFrequencies(
  canvas: Canvas,
  box: Box,
  { end, scale }: { readonly end: number; readonly scale: number },
): void {
  const bottom = box.y + box.height;
  const style = { align: "center", size: 12 } as const;
  const step = roundStep(end, 6);
  for (let tick = 0; tick <= end + 1e-9; tick += step) {
    const x = box.x + (box.width * tick) / end;
    drawText(canvas, String(Number(tick.toFixed(3))), { ...style, x, y: bottom + 22, color: INK });
    if (tick > 0)
      drawText(canvas, `${(scale / tick).toPrecision(3)} nm`, {
        ...style,
        x,
        y: bottom + 42,
        color: SOFT_INK,
      });
  }
  drawText(canvas, "cycles/voxel", { x: box.x, y: bottom + 62, size: 12, color: SOFT_INK });
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
): Box {
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
  return box;
}

/** Black and white of values: 0.5 and 99.5 % of them. */
export function rangeOf({ data }: Pick<PipeImage, "data">): readonly [number, number] {
  const sorted = data.slice().sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return [at(0.005), at(0.995)];
}
