/** Drawn objects as layers of deck.gl: their arrays go to the graphics card as they are. */
import type { Layer } from "@deck.gl/core";
import { PathLayer, ScatterplotLayer, SolidPolygonLayer } from "@deck.gl/layers";
import type { DrawnObjects } from "./drawn.ts";
import { layerDataOf } from "./layerData.ts";
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

interface AccessorInfo {
  readonly index: number;
}

type Color = [number, number, number, number];

/** Opacity of areas and lines by the state of an object. */
const FILL = { plain: 150, dim: 20, chosen: 190 };
const LINE = { plain: 255, dim: 60, chosen: 255 };
const WHITE: Color = [255, 255, 255, 255];

/** Corners and points in view from which on objects are a picture instead of layers: drawing them in each frame would take longer than a frame. */
const MANY = 20_000;

/** Whether there are more objects than a frame draws. */
export function isMany({ points, pointsOf }: Pick<DrawnObjects, "points" | "pointsOf">): boolean {
  return points.length / 2 + pointsOf.length > MANY;
}

/** The layers, over the image. @param look  another one where colours changed */
export function objectLayers(drawn: DrawnObjects, look: ObjectLook): Layer[] {
  return [...areaLayers(drawn, look), lineLayer(drawn, look), pointLayer(drawn, look)];
}

const RANKS: Readonly<Record<ObjectState, number>> = { dim: 0, plain: 1, chosen: 2 };

/** How each object looks, for a picture of many. */
export function objectPaints({ ids }: Pick<DrawnObjects, "ids">, look: ObjectLook): ObjectPaints {
  const [areas, lines] = [new Uint32Array(ids.length), new Uint32Array(ids.length)];
  const ranks = new Uint8Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const state = look.stateOf(ids[i]);
    const color = look.colorOf(ids[i]);
    ranks[i] = RANKS[state];
    areas[i] = numberOf(color, FILL[state] * look.opacity);
    lines[i] = state === "chosen" ? numberOf(WHITE, 255) : numberOf(color, LINE[state]);
  }
  return { areas, lines, ranks };
}

/** Red, green, blue and opacity in four bytes, lowest first: the order of a picture's pixels. */
function numberOf([red, green, blue]: readonly number[], opacity: number): number {
  return ((opacity << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function fillOf({ colorOf, stateOf, opacity }: ObjectLook, id: number): Color {
  const [red, green, blue] = colorOf(id);
  return [red, green, blue, FILL[stateOf(id)] * opacity];
}

function lineOf({ colorOf, stateOf }: ObjectLook, id: number): Color {
  const state = stateOf(id);
  if (state === "chosen") return WHITE;
  const [red, green, blue] = colorOf(id);
  return [red, green, blue, LINE[state]];
}

/** Polygons without holes as flat arrays, the others one by one. */
function areaLayers(drawn: DrawnObjects, look: ObjectLook): Layer[] {
  const { areas, holed } = layerDataOf(drawn);
  const color = (polygon: number) => fillOf(look, drawn.ids[drawn.objectOf[polygon]]);
  const common = {
    positionFormat: "XY",
    pickable: false,
    updateTriggers: { getFillColor: [look.colorOf, look.stateOf, look.opacity] },
  } as const;
  return [
    new SolidPolygonLayer({
      ...common,
      id: "areas",
      data: areas,
      _normalize: false,
      getFillColor: (_: unknown, { index }: AccessorInfo) => color(areas.polygons[index]),
    }),
    new SolidPolygonLayer<number>({
      ...common,
      id: "areas with holes",
      data: holed,
      getPolygon: (polygon) => ringsOf(drawn, polygon),
      getFillColor: color,
    }),
  ];
}

function ringsOf({ polygonRings, ringPoints, points }: DrawnObjects, polygon: number): [number, number][][] {
  const rings: [number, number][][] = [];
  for (let r = polygonRings[polygon]; r < polygonRings[polygon + 1]; r++) {
    const ring: [number, number][] = [];
    for (let i = ringPoints[r]; i < ringPoints[r + 1]; i++) ring.push([points[2 * i], points[2 * i + 1]]);
    rings.push(ring);
  }
  return rings;
}

function lineLayer(drawn: DrawnObjects, look: ObjectLook): Layer {
  const { lines } = layerDataOf(drawn);
  return new PathLayer({
    id: "outlines",
    data: lines,
    positionFormat: "XY",
    // rings end where they began
    _pathType: "open",
    widthUnits: "pixels",
    getWidth: 1.5,
    getColor: (_: unknown, { index }: AccessorInfo) => lineOf(look, drawn.ids[lines.objects[index]]),
    updateTriggers: { getColor: [look] },
    pickable: false,
  });
}

function pointLayer(drawn: DrawnObjects, look: ObjectLook): Layer {
  return new ScatterplotLayer({
    id: "points",
    data: layerDataOf(drawn).points,
    positionFormat: "XY",
    radiusUnits: "pixels",
    getRadius: 4,
    getFillColor: (_: unknown, { index }: AccessorInfo) => lineOf(look, drawn.ids[drawn.pointsOf[index]]),
    updateTriggers: { getFillColor: [look] },
    pickable: false,
  });
}
