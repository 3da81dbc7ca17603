/** How objects look, in layers and in pictures. */
import type { DrawnObjects } from "./drawn.ts";
import type { ObjectPaints } from "./picture/protocol.ts";

/** How an object is shown beside others. */
export type ObjectState = "plain" | "dim" | "chosen";

/** How objects look. */
export interface ObjectLook {
  /** Of areas beside lines, 0 to 1: full where colours mean something. */
  readonly opacity: number;
  readonly colorOf: (id: number) => readonly [red: number, green: number, blue: number];
  readonly stateOf: (id: number) => ObjectState;
}

/** Red, green, blue and opacity, 0 to 255. */
export type Color = [number, number, number, number];

/** Opacity of areas and lines by the state of an object. */
const FILL = { plain: 150, dim: 20, chosen: 190 };
const LINE = { plain: 255, dim: 60, chosen: 255 };
const WHITE: Color = [255, 255, 255, 255];
const RANKS: Readonly<Record<ObjectState, number>> = { dim: 0, plain: 1, chosen: 2 };

/** Corners and points in view from which on objects are a picture instead of layers: drawing them in each frame would take longer than a frame. */
const MANY = 20_000;

/** Whether there are more objects than a frame draws. */
export function isMany({ points, pointsOf }: Pick<DrawnObjects, "points" | "pointsOf">): boolean {
  return points.length / 2 + pointsOf.length > MANY;
}

/** The colour of an object's area. */
export function fillOf({ colorOf, stateOf, opacity }: ObjectLook, id: number): Color {
  const [red, green, blue] = colorOf(id);
  return [red, green, blue, FILL[stateOf(id)] * opacity];
}

/** The colour of an object's line, or of its point. */
export function lineOf({ colorOf, stateOf }: ObjectLook, id: number): Color {
  const state = stateOf(id);
  if (state === "chosen") return WHITE;
  const [red, green, blue] = colorOf(id);
  return [red, green, blue, LINE[state]];
}

/** How each object looks, for a picture of many. */
export function objectPaints({ ids }: Pick<DrawnObjects, "ids">, look: ObjectLook): ObjectPaints {
  const [areas, lines] = [new Uint32Array(ids.length), new Uint32Array(ids.length)];
  const ranks = new Uint8Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const [state, color] = [look.stateOf(ids[i]), look.colorOf(ids[i])];
    areas[i] = numberOf(color, FILL[state] * look.opacity);
    lines[i] = state === "chosen" ? 0xff_ff_ff_ff : numberOf(color, LINE[state]);
    ranks[i] = RANKS[state];
  }
  return { areas, lines, ranks };
}

/** A colour in four bytes, red lowest: the order of a picture's pixels. */
function numberOf([red, green, blue]: readonly number[], opacity: number): number {
  return ((opacity << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
