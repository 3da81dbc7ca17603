/** The places of a plan over the newest image. */
import type { Layer } from "@deck.gl/core";
import { PolygonLayer } from "@deck.gl/layers";
import { type PlacedFrame, pixelAt } from "../live/places.ts";
import type { Planned } from "./usePlanned.ts";

const COLOR: [number, number, number] = [255, 190, 60];

/** Outlines of what the camera will see. */
export function planLayers(planned: Planned | undefined, frame: PlacedFrame): Layer[] {
  if (planned === undefined || planned.tiles.length === 0) return [];
  const half = [frame.width, frame.height].map((length) => (length * frame.pixelSizeUm) / 2);
  return [
    new PolygonLayer<readonly [number, number]>({
      id: "plan",
      data: planned.tiles,
      getPolygon: ([x, y]) => {
        const [left, upper] = pixelAt(frame, [x - half[0], y - half[1]]);
        const [right, lower] = pixelAt(frame, [x + half[0], y + half[1]]);
        return [
          [left, upper],
          [right, upper],
          [right, lower],
          [left, lower],
        ];
      },
      // the places are the same where the stage has moved, their pixels are not
      updateTriggers: { getPolygon: [...frame.place, frame.step] },
      filled: false,
      stroked: true,
      getLineColor: COLOR,
      lineWidthUnits: "pixels",
      getLineWidth: 1.5,
    }),
  ];
}
