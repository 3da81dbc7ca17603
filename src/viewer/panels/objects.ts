/** Map objects of a window as layers over the image. */
import type { Layer } from "@deck.gl/core";
import { PolygonLayer, ScatterplotLayer } from "@deck.gl/layers";
import { decodeMapobjects, type MapobjectBlock } from "../../experiment/objects/block.ts";
import type { View } from "../core/stage.ts";
import { ask, askJson } from "../scene/api.ts";
import type { Places, Scene } from "../scene/scene.ts";

/** An object, as layers draw it. */
export interface DrawnObject {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** Rings of each polygon; none of a point. */
  readonly polygons: readonly (readonly Float32Array[])[];
}

/** Objects of a window. */
export interface DrawnObjects {
  readonly detail: MapobjectBlock["detail"];
  readonly objects: readonly DrawnObject[];
}

/** A feature's values by the numbers of objects, and their ends. */
export interface FeatureColors {
  readonly values: ReadonlyMap<number, number>;
  readonly low: number;
  readonly high: number;
}

interface Window {
  readonly at: string;
  readonly type: string;
  readonly scene: Scene;
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
  readonly places: Places;
}

/** Asks for what the stage shows of a type. @throws {Error} with what the server says */
export async function readObjects(
  { at, type, scene, view, size, places }: Window,
  signal: AbortSignal,
): Promise<DrawnObjects> {
  const [width, height] = [size.width / 2 ** view.zoom, size.height / 2 ** view.zoom];
  const deepest = scene.levels.length - 1;
  const query = {
    at,
    type,
    x: Math.round(view.x - width / 2),
    y: Math.round(view.y - height / 2),
    width: Math.ceil(width),
    height: Math.ceil(height),
    zoom: Math.min(deepest, Math.max(0, Math.ceil(deepest + view.zoom))),
    timepoint: places.time ?? 0,
    zplane: places.z ?? 0,
    format: "binary",
  };
  const bytes = await (await ask("experiment/objects", query, signal)).arrayBuffer();
  const block = decodeMapobjects(new Uint8Array(bytes));
  return { detail: block.detail, objects: objectsOf(block) };
}

/** The values of a feature. @throws {Error} with what the server says */
export async function readFeature(at: string, type: string, feature: string): Promise<FeatureColors> {
  const pairs = await askJson<readonly (readonly [number, number | null])[]>("experiment/features", {
    at,
    type,
    feature,
  });
  const values = new Map(pairs.flatMap(([id, value]) => (value === null ? [] : [[id, value] as const])));
  const sorted = Float64Array.from(values.values()).sort();
  const at1 = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { values, low: at1(0.01), high: at1(0.99) };
}

/** The layers of objects. @param chosen  number of the one that is looked at */
export function objectLayers(
  { objects }: DrawnObjects,
  colors: FeatureColors | undefined,
  chosen: number | undefined,
): Layer[] {
  const colorOf = ({ id }: DrawnObject) => (id === chosen ? CHOSEN : featureColor(colors, id));
  const outlines = objects.flatMap(({ polygons, ...object }) =>
    polygons.map((rings) => ({ ...object, polygons: [rings], rings: rings.map(pointsOf) })),
  );
  const common = {
    pickable: true,
    updateTriggers: { getLineColor: [colors, chosen], getFillColor: [colors, chosen] },
  };
  return [
    new PolygonLayer<(typeof outlines)[number]>({
      ...common,
      id: "outlines",
      data: outlines,
      getPolygon: ({ rings }) => rings,
      getLineColor: colorOf,
      getFillColor: (object) => [...rgb(colorOf(object)), colors === undefined ? 30 : 150],
      lineWidthUnits: "pixels",
      getLineWidth: 1.5,
    }),
    new ScatterplotLayer<DrawnObject>({
      ...common,
      id: "points",
      data: objects.filter(({ polygons }) => polygons.length === 0),
      getPosition: ({ x, y }) => [x, y],
      radiusUnits: "pixels",
      getRadius: ({ id }) => (id === chosen ? 7 : 4),
      getFillColor: colorOf,
    }),
  ];
}

/** Screen pixels beside a point that still mean it. */
const NEAR = 7;

/** The number of the object at a place, the one drawn last; undefined: none. @param pixel  side of a pixel of the screen */
export function objectAt({ objects }: DrawnObjects, [x, y]: readonly [number, number], pixel: number) {
  return objects.findLast((object) =>
    object.polygons.length === 0
      ? Math.hypot(object.x - x, object.y - y) <= NEAR * pixel
      : object.polygons.some((rings) => rings.filter((ring) => isWithin(ring, x, y)).length % 2 === 1),
  )?.id;
}

/** Whether a ray to the right crosses a ring an odd number of times. */
function isWithin(ring: Float32Array, x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0; i + 3 < ring.length; i += 2) {
    const [x1, y1, x2, y2] = ring.subarray(i, i + 4);
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) isInside = !isInside;
  }
  return isInside;
}

const CHOSEN: [number, number, number] = [255, 255, 255];
const PLAIN: [number, number, number] = [255, 176, 0];
const UNKNOWN: [number, number, number] = [128, 128, 128];

/** Steps of the map viridis, dark to bright: legible in grey and by colour-blind eyes. */
export const RAMP: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

function featureColor(colors: FeatureColors | undefined, id: number): [number, number, number] {
  if (colors === undefined) return PLAIN;
  const value = colors.values.get(id);
  if (value === undefined) return UNKNOWN;
  const part =
    Math.min(1, Math.max(0, (value - colors.low) / (colors.high - colors.low || 1))) * (RAMP.length - 1);
  const step = Math.min(RAMP.length - 2, Math.floor(part));
  const between = (c: 0 | 1 | 2) => RAMP[step][c] + (part - step) * (RAMP[step + 1][c] - RAMP[step][c]);
  return [between(0), between(1), between(2)];
}

function rgb([r, g, b]: readonly [number, number, number]): [number, number, number] {
  return [r, g, b];
}

function objectsOf({
  ids,
  origin,
  centroids,
  objectPolygons,
  polygonRings,
  ringPoints,
  points,
}: MapobjectBlock): DrawnObject[] {
  const ringOf = (r: number) =>
    Float32Array.from(
      points.subarray(2 * ringPoints[r], 2 * ringPoints[r + 1]),
      (value, i) => value + (i % 2 === 0 ? origin.x : origin.y),
    );
  const between = (offsets: Uint32Array, i: number) =>
    Array.from({ length: offsets[i + 1] - offsets[i] }, (_, k) => offsets[i] + k);
  return Array.from(ids, (id, i) => ({
    id,
    x: centroids[2 * i] + origin.x,
    y: centroids[2 * i + 1] + origin.y,
    polygons: between(objectPolygons, i).map((p) => between(polygonRings, p).map(ringOf)),
  }));
}

function pointsOf(ring: Float32Array): [number, number][] {
  return Array.from({ length: ring.length / 2 }, (_, i) => [ring[2 * i], ring[2 * i + 1]]);
}
