/** Drawn objects as layers of deck.gl: their arrays go to the graphics card as they are. */
import type { Layer } from "@deck.gl/core";
import { PathLayer, ScatterplotLayer, SolidPolygonLayer } from "@deck.gl/layers";
import type { DrawnObjects } from "./drawn.ts";
import { layerDataOf } from "./layerData.ts";
import { fillOf, lineOf, type ObjectLook } from "./look.ts";

interface AccessorInfo {
  readonly index: number;
}

/** The layers, over the image. @param look  another one where colours changed */
export function objectLayers(drawn: DrawnObjects, look: ObjectLook): Layer[] {
  return [...areaLayers(drawn, look), lineLayer(drawn, look), pointLayer(drawn, look)];
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
