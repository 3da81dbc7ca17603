/** Arrays of drawn objects in the form that deck.gl's layers take, made once for the same objects: other ones are cut into triangles anew. */
import type { DrawnObjects } from "./drawn.ts";

/** Arrays of the layers of areas, lines and points. */
export interface LayerData {
  /** Polygons without holes; `polygons` has which each is. */
  readonly areas: FlatData<"getPolygon"> & { readonly polygons: Uint32Array };
  /** Polygons with holes. */
  readonly holed: readonly number[];
  /** Rings; `objects` has the object of each. */
  readonly lines: FlatData<"getPath"> & { readonly objects: Uint32Array };
  readonly points: {
    readonly length: number;
    readonly attributes: { readonly getPosition: { readonly value: Float32Array; readonly size: 2 } };
  };
}

interface FlatData<Accessor extends string> {
  readonly length: number;
  readonly startIndices: Uint32Array;
  readonly attributes: Readonly<Record<Accessor, { readonly value: Float32Array; readonly size: 2 }>>;
}

const made = new WeakMap<DrawnObjects, LayerData>();

/** The arrays of the layers. */
export function layerDataOf(drawn: DrawnObjects): LayerData {
  const known = made.get(drawn) ?? { ...areasOf(drawn), lines: linesOf(drawn), points: pointsOf(drawn) };
  made.set(drawn, known);
  return known;
}

function areasOf({
  objectOf,
  polygonRings,
  ringPoints,
  points,
}: DrawnObjects): Pick<LayerData, "areas" | "holed"> {
  const isWhole = (p: number) => polygonRings[p + 1] - polygonRings[p] === 1;
  const polygons = Uint32Array.from(objectOf.keys()).filter(isWhole);
  const holed = [...objectOf.keys()].filter((p) => !isWhole(p));
  const startIndices = new Uint32Array(polygons.length + 1);
  for (const [i, p] of polygons.entries())
    startIndices[i + 1] = startIndices[i] + ringPoints[polygonRings[p] + 1] - ringPoints[polygonRings[p]];
  const value = holed.length === 0 ? points : new Float32Array(2 * startIndices[polygons.length]);
  if (holed.length > 0)
    for (const [i, p] of polygons.entries()) {
      const ring = polygonRings[p];
      value.set(points.subarray(2 * ringPoints[ring], 2 * ringPoints[ring + 1]), 2 * startIndices[i]);
    }
  const attributes = { getPolygon: { value, size: 2 } } as const;
  return { areas: { length: polygons.length, startIndices, attributes, polygons }, holed };
}

function linesOf({ objectOf, polygonRings, ringPoints, points }: DrawnObjects): LayerData["lines"] {
  const objects = new Uint32Array(ringPoints.length - 1);
  for (let p = 0; p < objectOf.length; p++) objects.fill(objectOf[p], polygonRings[p], polygonRings[p + 1]);
  const attributes = { getPath: { value: points, size: 2 } } as const;
  return { length: objects.length, startIndices: ringPoints, attributes, objects };
}

function pointsOf({ ids, centroids, pointsOf: objects }: DrawnObjects): LayerData["points"] {
  const value =
    objects.length === ids.length
      ? centroids
      : Float32Array.from({ length: 2 * objects.length }, (_, i) => centroids[2 * objects[i >> 1] + (i & 1)]);
  return { length: objects.length, attributes: { getPosition: { value, size: 2 } } };
}
