import { type Polyline, textStrokes, textWidth } from "./font.ts";

/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A picture of 8-bit RGB pixels, row by row from the top left. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Left, top, width and height in whole pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Pen {
  readonly color: Rgb;
  /** Pixels. */
  readonly width: number;
  /** 0 to 1; 1 where absent. */
  readonly opacity?: number;
}

export interface TextStyle {
  /** Where the text's left end, middle or right end stands on the baseline. */
  readonly x: number;
  readonly y: number;
  readonly align?: "left" | "center" | "right";
  /** Height of a capital letter, pixels. */
  readonly size: number;
  readonly color: Rgb;
  readonly isBold?: boolean;
  /** A border around the letters that keeps them legible on an image. */
  readonly halo?: Rgb;
}

/** A canvas of one colour. */
export function createCanvas(width: number, height: number, background: Rgb): Canvas {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = background[i % 3];
  return { width, height, channels: 3, data };
}

/** Sets the pixels of a box; `colorAt` gets coordinates from the box's corner. What lies outside is left out. */
export function paint(canvas: Canvas, box: Box, colorAt: (x: number, y: number) => Rgb): void {
  for (let y = Math.max(0, -box.y); y < Math.min(box.height, canvas.height - box.y); y++) {
    for (let x = Math.max(0, -box.x); x < Math.min(box.width, canvas.width - box.x); x++) {
      const color = colorAt(x, y);
      const i = 3 * ((box.y + y) * canvas.width + box.x + x);
      for (let c = 0; c < 3; c++) canvas.data[i + c] = color[c];
    }
  }
}

/** Draws lines with a round pen; where they cross, they cover once. */
export function strokeLines(canvas: Canvas, lines: readonly Polyline[], pen: Pen): void {
  const points = lines.flat();
  const reach = pen.width / 2 + 1;
  const bounds = {
    left: Math.min(...points.map(([x]) => x)) - reach,
    right: Math.max(...points.map(([x]) => x)) + reach,
    top: Math.min(...points.map(([, y]) => y)) - reach,
    bottom: Math.max(...points.map(([, y]) => y)) + reach,
  };
  blend(canvas, { ...bounds, pen }, (x, y) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (const line of lines)
      for (let i = 0; i < line.length; i++)
        nearest = Math.min(nearest, squaredDistance(x, y, line[Math.max(0, i - 1)], line[i]));
    return Math.sqrt(nearest);
  });
}

/** Draws a circle's line. */
export function strokeCircle(
  canvas: Canvas,
  circle: { readonly x: number; readonly y: number; readonly radius: number },
  pen: Pen,
): void {
  const reach = circle.radius + pen.width / 2 + 1;
  const bounds = {
    left: circle.x - reach,
    right: circle.x + reach,
    top: circle.y - reach,
    bottom: circle.y + reach,
  };
  blend(canvas, { ...bounds, pen }, (x, y) =>
    Math.abs(Math.hypot(x - circle.x, y - circle.y) - circle.radius),
  );
}

/** Writes one line of text. */
export function drawText(canvas: Canvas, text: string, style: TextStyle): void {
  const { size, align = "left", color, halo } = style;
  const fraction = { left: 0, center: 0.5, right: 1 }[align];
  const x = style.x - fraction * textWidth(text, size);
  const width = size * (style.isBold === true ? 0.17 : 0.12);
  const letters = textStrokes(text, { x, y: style.y, size });
  if (halo !== undefined)
    for (const letter of letters) strokeLines(canvas, letter, { color: halo, width: width + 0.3 * size });
  for (const letter of letters) strokeLines(canvas, letter, { color, width });
}

interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly pen: Pen;
}

/** Mixes the pen's colour in where the distance to the line says so; the edge is one pixel soft. */
function blend(canvas: Canvas, { pen, ...bounds }: Bounds, distance: (x: number, y: number) => number): void {
  const [left, right] = [
    Math.max(0, Math.floor(bounds.left)),
    Math.min(canvas.width - 1, Math.ceil(bounds.right)),
  ];
  const [top, bottom] = [
    Math.max(0, Math.floor(bounds.top)),
    Math.min(canvas.height - 1, Math.ceil(bounds.bottom)),
  ];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const cover = Math.min(1, Math.max(0, 0.5 + pen.width / 2 - distance(x + 0.5, y + 0.5)));
      const share = cover * (pen.opacity ?? 1);
      if (share === 0) continue;
      const i = 3 * (y * canvas.width + x);
      for (let c = 0; c < 3; c++)
        canvas.data[i + c] = canvas.data[i + c] * (1 - share) + pen.color[c] * share + 0.5;
    }
  }
}

function squaredDistance(
  x: number,
  y: number,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2;
}
