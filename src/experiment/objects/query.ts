/** Which objects lie in a window of the map, and what of them is shown at a zoom. */
import { VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Experiment } from "../experiment.ts";
import { BlockBuilder, type MapobjectBlock, type MapobjectDetail } from "./block.ts";
import { type Centroids, centroidsIn } from "./centroidCache.ts";
import type { MapWindow } from "./fill.ts";
import { type LayerState, layerStates } from "./layerStates.ts";
import { outlinesIn } from "./outlineCache.ts";
import type { OutlineTable } from "./outlineTable.ts";
import { thresholdsAt } from "./thresholds.ts";
import { isInRectangle, meetsRectangle, type Rectangle, rectangleOf } from "./windowTest.ts";

/** What is asked for. */
export interface MapobjectQuery {
  readonly type: string;
  /** Objects with an outline at this one or for all; left out: any. */
  readonly timepoint?: number;
  readonly zplane?: number;
  /** Part of the map, pixels of full resolution, its edges included. */
  readonly window: MapWindow;
  /** 0 is the coarsest; left out: whole outlines. */
  readonly zoom?: number;
  /** Zoom of full resolution; default: that of the experiment's layers. */
  readonly maxZoom?: number;
}

const QUERY_KEYS: OptionKeys<MapobjectQuery> = {
  type: true,
  timepoint: true,
  zplane: true,
  window: true,
  zoom: true,
  maxZoom: true,
};

/**
 * Objects of a type in a window: at zooms below the layer's threshold of centroids nothing, below that of outlines the objects whose
 * centroid lies in the window, else those whose outline meets it, simplified by half a pixel of that zoom (not at full resolution). The
 * answer is the same on both databases, in the order in which objects were written.
 *
 * The first queries of a layer go through the database's index of boxes; a layer that is asked again and fits into memory is kept there
 * until it changes: what other processes write is seen after 50 ms at the latest.
 *
 * @throws {VitrineError} missing: no such type; undeterminable: a zoom without layers or `maxZoom`; range: no window
 */
export async function queryMapobjects(
  experiment: Experiment,
  query: MapobjectQuery,
): Promise<MapobjectBlock> {
  requireKnownOptions("queryMapobjects", query, QUERY_KEYS);
  const rectangle = rectangleOf(requireWindow(query.window));
  const layers = await layerStates(experiment, query);
  const block = new BlockBuilder();
  let most = 0;
  for (const layer of layers) {
    const shown = shownAt(layer, query);
    if (shown.detail === "nothing") continue;
    most = Math.max(most, shown.detail === "outlines" ? 2 : 1);
    if (shown.detail === "centroids") {
      addCentroids(block, await centroidsIn(experiment, layer, rectangle), rectangle);
      continue;
    }
    const { table, outlines } = await outlinesIn(experiment, layer, rectangle);
    for (const outline of outlines) addOutline(block, { table, outline, rectangle, shown });
  }
  return block.finish(most === 2 ? "outlines" : most === 1 ? "centroids" : "nothing");
}

function requireWindow(window: MapWindow): MapWindow {
  const { y, x, height, width } = window;
  if ([y, x, height, width].every(Number.isFinite) && height >= 0 && width >= 0) return window;
  throw new VitrineError({
    code: "range",
    at: "queryMapobjects window",
    expected: "y and x, and a height and width of at least 0",
    found: JSON.stringify(window),
  });
}

interface Shown {
  readonly detail: MapobjectDetail;
  /** Pixels by which outlines may differ. */
  readonly tolerance: number;
}

function shownAt(layer: LayerState, { zoom, maxZoom = layer.maxZoom ?? undefined }: MapobjectQuery): Shown {
  if (zoom === undefined) return { detail: "outlines", tolerance: 0 };
  if (maxZoom === undefined)
    throw new VitrineError({
      code: "undeterminable",
      at: "queryMapobjects zoom",
      expected: "layers, whose depth tells what a zoom is",
      found: "none",
      hint: "Give maxZoom, the zoom of full resolution",
    });
  const [polygonThresh, centroidThresh] = thresholdsAt(maxZoom, [layer.polygonThresh, layer.centroidThresh]);
  if (zoom < centroidThresh) return { detail: "nothing", tolerance: 0 };
  if (zoom < polygonThresh) return { detail: "centroids", tolerance: 0 };
  return { detail: "outlines", tolerance: zoom < maxZoom ? 2 ** (maxZoom - zoom - 1) : 0 };
}

function addCentroids(block: BlockBuilder, { ids, labels, x, y }: Centroids, rectangle: Rectangle): void {
  for (let i = 0; i < ids.length; i++)
    if (isInRectangle(x[i], y[i], rectangle))
      block.add({ id: ids[i], label: labels[i], x: x[i], y: y[i] }, []);
}

interface Candidate {
  readonly table: OutlineTable;
  readonly outline: number;
  readonly rectangle: Rectangle;
  readonly shown: Shown;
}

function addOutline(block: BlockBuilder, { table, outline, rectangle, shown }: Candidate): void {
  const [x, y] = [table.centroids[2 * outline], table.centroids[2 * outline + 1]];
  const polygons = table.polygons(outline);
  const isPoint = polygons.length === 0;
  const isIn = isPoint
    ? isInRectangle(x, y, rectangle)
    : table.isWithin(outline, rectangle) || meetsRectangle(polygons, rectangle);
  if (!isIn) return;
  const object = { id: table.ids[outline], label: table.labels[outline], x, y };
  block.add(object, isPoint ? [] : table.simplified(outline, shown.tolerance));
}
