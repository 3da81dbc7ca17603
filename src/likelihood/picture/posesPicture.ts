import { encodePng } from "../../io/index.ts";
import {
  type Canvas,
  CURVE,
  createCanvas,
  drawText,
  INK,
  PAPER,
  paint,
  type Rgb,
  RULE,
  strokeCircle,
  strokeLines,
} from "../../io/render/index.ts";

/** Side of a panel, and what a tile of three takes. */
const [SIDE, GAP, TILE_HEIGHT] = [118, 16, 184] as const;
const TILE_WIDTH = 3 * (SIDE + GAP) + GAP;
const [COLUMNS, MOST, HEAD] = [2, 8, 66] as const;

/** A pose that is drawn: angles in radians, displacement in Å. */
export interface DrawnPose {
  readonly azimuth: number;
  readonly polar: number;
  readonly inplane: number;
  readonly posterior: number;
}

/** Posterior of one image over poses. */
export interface PosesTile {
  readonly title: string;
  /** Likeliest poses; none where nobody knows the viewing angles. */
  readonly poses: readonly DrawnPose[];
  /** Å, and the posterior of each. */
  readonly displacements: {
    readonly x: ArrayLike<number>;
    readonly y: ArrayLike<number>;
    readonly posteriors: ArrayLike<number>;
  };
  /** Posterior of each in-plane angle. */
  readonly rotations: ArrayLike<number>;
}

/** Points of a curve that are drawn at once. */
const PIECE = 6;

interface Corner {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws of up to 8 images the likeliest poses on the sphere (azimuth to the right, cosine of the polar angle upwards; the tick of a dot is its in-plane
 * rotation), the posterior over displacements, and that over in-plane rotations.
 *
 * @returns  a PNG
 */
export function drawPoses(tiles: readonly PosesTile[], title: string): Uint8Array {
  const shown = tiles.slice(0, MOST);
  const columns = Math.min(COLUMNS, Math.max(1, shown.length));
  const rows = Math.ceil(shown.length / columns);
  const canvas = createCanvas(columns * TILE_WIDTH, HEAD + rows * TILE_HEIGHT, PAPER);
  drawText(canvas, title, { x: GAP, y: 26, size: 13, color: INK });
  const legend = "views (up: polar angle 0)   |   displacements   |   in-plane rotation, 0 to 360°";
  drawText(canvas, legend, { x: GAP, y: 48, size: 10, color: INK });
  shown.forEach((tile, i) => {
    const at = { x: (i % columns) * TILE_WIDTH + GAP, y: HEAD + Math.floor(i / columns) * TILE_HEIGHT };
    drawText(canvas, tile.title, { x: at.x, y: at.y + 12, size: 11, color: INK });
    const panels = [0, 1, 2].map((panel) => ({ x: at.x + panel * (SIDE + GAP), y: at.y + 24 }));
    for (const panel of panels) frame(canvas, panel);
    drawSphere(canvas, tile.poses, panels[0]);
    drawDisplacements(canvas, tile.displacements, panels[1]);
    drawRotations(canvas, tile.rotations, panels[2]);
  });
  return encodePng(canvas);
}

function frame(canvas: Canvas, { x, y }: Corner): void {
  const corners = [
    [x, y],
    [x + SIDE, y],
    [x + SIDE, y + SIDE],
    [x, y + SIDE],
    [x, y],
  ] as const;
  strokeLines(canvas, [corners], { color: RULE, width: 1 });
}

/** The better a pose, the larger its dot. */
function drawSphere(canvas: Canvas, poses: readonly DrawnPose[], { x, y }: Corner): void {
  if (poses.length === 0) {
    drawText(canvas, "angles unknown", {
      x: x + SIDE / 2,
      y: y + SIDE / 2,
      align: "center",
      size: 10,
      color: INK,
    });
  }
  const most = poses.reduce((largest, { posterior }) => Math.max(largest, posterior), 0);
  for (const { azimuth, polar, inplane, posterior } of [...poses].reverse()) {
    const turn = azimuth / (2 * Math.PI);
    const [cx, cy] = [x + (turn - Math.floor(turn)) * SIDE, y + (SIDE * (1 - Math.cos(polar))) / 2];
    const radius = 1.5 + 3.5 * Math.sqrt(posterior / most);
    strokeCircle(canvas, { x: cx, y: cy, radius }, { color: CURVE, width: 1.6 });
    const end = [cx + 2.4 * radius * Math.cos(inplane), cy - 2.4 * radius * Math.sin(inplane)] as const;
    strokeLines(canvas, [[[cx, cy], end]], { color: CURVE, width: 1.2 });
  }
}

/** Squares at their places, the darker the likelier. */
function drawDisplacements(
  canvas: Canvas,
  { x: xs, y: ys, posteriors }: PosesTile["displacements"],
  { x, y }: Corner,
): void {
  const far = Math.max(...Array.from(xs, Math.abs), ...Array.from(ys, Math.abs), 1e-9);
  const columns = new Set(Array.from(xs)).size;
  const side = Math.max(3, Math.floor(((SIDE - 22) * 0.9) / Math.max(1, columns)));
  const most = Array.from(posteriors).reduce((largest, value) => Math.max(largest, value), 0) || 1;
  const room = (SIDE - 20 - side) / 2;
  for (let d = 0; d < xs.length; d++) {
    const left = Math.round(x + SIDE / 2 + (xs[d] / far) * room - side / 2);
    const top = Math.round(y + (SIDE - 14) / 2 - (ys[d] / far) * room - side / 2);
    const share = posteriors[d] / most;
    const color = CURVE.map((value) => Math.round(238 + share * (value - 238)));
    const shade: Rgb = [color[0], color[1], color[2]];
    paint(canvas, { x: left, y: top, width: side, height: side }, () => shade);
  }
  const label = `up to ${Number(far.toPrecision(3))} Å`;
  drawText(canvas, label, { x: x + SIDE / 2, y: y + SIDE - 4, align: "center", size: 9, color: INK });
}

function drawRotations(canvas: Canvas, rotations: ArrayLike<number>, { x, y }: Corner): void {
  const most = Array.from(rotations).reduce((largest, value) => Math.max(largest, value), 0) || 1;
  const points = Array.from(
    rotations,
    (value, w) =>
      [x + ((w + 0.5) / rotations.length) * SIDE, y + SIDE - 2 - (value / most) * (SIDE - 18)] as const,
  );
  // Piece by piece: every pixel around a line is measured against all of it.
  for (let from = 0; from < points.length - 1; from += PIECE)
    strokeLines(canvas, [points.slice(from, from + PIECE + 1)], { color: CURVE, width: 1.5 });
  const label = `at most ${Number((100 * most).toPrecision(3))} %`;
  drawText(canvas, label, { x: x + SIDE - 4, y: y + 12, align: "right", size: 9, color: INK });
}
