/** Objects of an experiment as label images. */
import { counted, pixelTypeOf, VitrineError } from "../../../core/index.ts";
import {
  createOmeZarrImage,
  createOmeZarrLabels,
  fileExists,
  openImage,
  requireKnownOptions,
  writeNpy,
  writeTiff,
} from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import type { AddMapobjectsOptions } from "../add.ts";
import { fillShape, type MapWindow } from "../fill.ts";
import { mapSizeOf } from "../mapSize.ts";
import { ALL, requireTypeId } from "../types.ts";
import { parseWkb } from "../wkb.ts";
import { EXPORT_KEYS } from "./geojson.ts";

/** Options of {@link exportLabels}. */
export interface ExportLabelsOptions {
  /** Part of the map in whole pixels; default: all of it. */
  readonly window?: MapWindow;
  readonly timepoint?: number;
  readonly zplane?: number;
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly onLog?: AddMapobjectsOptions["onLog"];
  readonly onProgress?: AddMapobjectsOptions["onProgress"];
}

/** What was written. */
export interface ExportLabelsReport {
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly objects: number;
  /** What pixels hold: the labels that objects came with, or their numbers in the experiment. */
  readonly values: "labels" | "ids";
}

/** Pixels that a TIFF or .npy may have, which are made in memory. */
const LARGEST_FILE = 2 ** 28;
/** Rows of an OME-Zarr that are made together. */
const BAND = 512;

/**
 * Writes objects of a type as a label image: .tif, .npy, or .zarr; a .zarr that is an image already gets `labels/TYPE`. A pixel belongs to the
 * object whose outline holds its centre (even-odd over all rings, so holes stay open); where several do, to the last one, which is said. Values are the
 * objects' labels where all in the window have one and none has another's, else their numbers in the experiment.
 *
 * @throws {VitrineError} missing: no such type; undeterminable: several time points or z planes, or no map and no window; range: too large a
 *   file; exists: a file of this name; shape: an image of another size; unsupported: another ending
 */
export async function exportLabels(
  experiment: Experiment,
  { path, type }: { readonly path: string; readonly type: string },
  options: ExportLabelsOptions = {},
): Promise<ExportLabelsReport> {
  requireKnownOptions("exportLabels", options, EXPORT_KEYS);
  const ending = /\.(tiff?|npy|zarr)$/i.exec(path)?.[1].toLowerCase();
  if (ending === undefined)
    throw new VitrineError({
      code: "unsupported",
      at: path,
      expected: "a name that ends with .tif, .npy or .zarr (labels), .geojson, .csv or .parquet",
      found: path,
    });
  const canvas = await openCanvas(experiment, type, options);
  if (ending === "zarr") await writeZarr(path, { canvas, type, options });
  else await writeWhole(path, { canvas, options });
  for (const warning of canvas.warnings()) options.onLog?.(warning, "warning");
  const { height, width } = canvas.window;
  return { path, height, width, objects: canvas.drawn, values: canvas.values };
}

interface CanvasOf {
  readonly canvas: LabelCanvas;
  readonly options: ExportLabelsOptions;
}

async function writeWhole(path: string, { canvas, options }: CanvasOf): Promise<void> {
  const { height, width } = canvas.window;
  if (height * width > LARGEST_FILE)
    throw new VitrineError({
      code: "range",
      at: path,
      expected: `at most ${LARGEST_FILE} pixels`,
      found: `${height} x ${width}`,
      hint: "Choose a smaller window, or write a .zarr, which is made in parts",
    });
  const pixels = await canvas.draw(0, height);
  const data = canvas.largest <= 65_535 ? Uint16Array.from(pixels) : pixels;
  const write = { overwrite: options.overwrite ?? false };
  if (/\.npy$/i.test(path)) await writeNpy(path, { data, shape: [height, width] }, write);
  else await writeTiff(path, { pages: [{ data, width, height, channels: 1 }] }, write);
}

async function writeZarr(
  path: string,
  { canvas, type, options }: CanvasOf & { readonly type: string },
): Promise<void> {
  const { height, width } = canvas.window;
  const layout = {
    directory: path,
    shape: [height, width],
    axes: [
      { name: "y", kind: "space" as const },
      { name: "x", kind: "space" as const },
    ],
    dtype: pixelTypeOf(new Uint32Array(0), path),
  };
  const isImage = await fileExists(path);
  if (isImage) await requireSize(path, canvas.window);
  const name = type.replaceAll(/[^\w.-]/g, "_");
  await using writer = isImage
    ? await createOmeZarrLabels({ ...layout, name })
    : await createOmeZarrImage({ ...layout, reduction: "nearest" });
  for (let y = 0; y < height; y += BAND) {
    options.signal?.throwIfAborted();
    const to = Math.min(height, y + BAND);
    await writer.write({ y: [y, to] }, await canvas.draw(y, to));
  }
  await writer.finish();
}

async function requireSize(path: string, { height, width }: MapWindow): Promise<void> {
  await using image = await openImage(path);
  const [rows, columns] = image.levels[0].shape.slice(-2);
  if (rows === height && columns === width) return;
  throw new VitrineError({
    code: "shape",
    at: path,
    expected: `an image of ${height} x ${width} pixels, as the window has`,
    found: `${rows} x ${columns}`,
  });
}

/** Which outlines are drawn, and as what. */
interface DrawnOutline {
  readonly id: number;
  readonly mapobjectId: number;
  readonly label: number | null;
}

async function openCanvas(
  experiment: Experiment,
  type: string,
  options: ExportLabelsOptions,
): Promise<LabelCanvas> {
  const layers = await layersAt(experiment, type, options);
  const map = options.window ?? (await mapSizeOf(experiment.query));
  if (map === undefined)
    throw new VitrineError({
      code: "undeterminable",
      at: `map objects ${type}`,
      expected: "a part of the map",
      found: "none, and there are no layers whose size it would have",
      hint: "Give a window, plate, well or site",
    });
  const window = { y: 0, x: 0, ...map };
  if (!Object.values(window).every(Number.isSafeInteger) || window.height < 1 || window.width < 1)
    throw new VitrineError({
      code: "range",
      at: "window",
      expected: "whole pixels, at least one",
      found: JSON.stringify(window),
    });
  const outlines = await outlinesIn(experiment, layers, window)
    .select(["s.id", "mapobjectId", "label"])
    .execute();
  return new LabelCanvas(experiment, layers, { window, outlines });
}

async function layersAt(
  { query }: Experiment,
  type: string,
  { timepoint, zplane }: ExportLabelsOptions,
): Promise<readonly number[]> {
  const typeId = await requireTypeId(query, type);
  const layers = await query
    .selectFrom("segmentationLayers")
    .selectAll()
    .where("mapobjectTypeId", "=", typeId)
    .execute();
  const isAt = (index: number, wanted: number | undefined) =>
    wanted === undefined || index === ALL || index === wanted;
  const found = layers.filter((layer) => isAt(layer.tpoint, timepoint) && isAt(layer.zplane, zplane));
  for (const axis of ["tpoint", "zplane"] as const) {
    const indices = new Set(found.map((layer) => layer[axis]).filter((index) => index !== ALL));
    if (indices.size > 1)
      throw new VitrineError({
        code: "undeterminable",
        at: `map objects ${type}`,
        expected: axis === "tpoint" ? "a time point (--timepoint)" : "a z plane (--zplane)",
        found: `several: ${[...indices].sort((a, b) => a - b).join(", ")}`,
      });
  }
  return found.map(({ id }) => id);
}

function outlinesIn({ query }: Experiment, layers: readonly number[], { y, x, height, width }: MapWindow) {
  return query
    .selectFrom("mapobjectSegmentations as s")
    .where("segmentationLayerId", "in", layers.length > 0 ? [...layers] : [ALL])
    .where("minY", "<=", y + height)
    .where("maxY", ">=", y)
    .where("minX", "<=", x + width)
    .where("maxX", ">=", x)
    .orderBy("s.id");
}

/** Draws labels band by band. */
class LabelCanvas {
  readonly window: MapWindow;
  readonly values: "labels" | "ids";
  /** The largest value there is. */
  readonly largest: number;
  readonly #experiment: Experiment;
  readonly #layers: readonly number[];
  readonly #drawn = new Set<number>();
  readonly #covered = new Set<number>();
  #coveredPixels = 0;

  constructor(
    experiment: Experiment,
    layers: readonly number[],
    { window, outlines }: { readonly window: MapWindow; readonly outlines: readonly DrawnOutline[] },
  ) {
    this.#experiment = experiment;
    this.#layers = layers;
    this.window = window;
    const labels = new Set(outlines.map(({ label }) => label ?? 0));
    this.values = labels.size === outlines.length && !labels.has(0) ? "labels" : "ids";
    this.largest = outlines.reduce((most, outline) => Math.max(most, this.#valueOf(outline)), 0);
  }

  /** Objects that have a pixel. */
  get drawn(): number {
    return this.#drawn.size;
  }

  #valueOf({ mapobjectId, label }: Omit<DrawnOutline, "id">): number {
    return this.values === "labels" ? (label ?? 0) : mapobjectId;
  }

  /** The pixels of rows of the window. @throws whatever a query throws */
  async draw(from: number, to: number): Promise<Uint32Array> {
    const { y, x, width } = this.window;
    const band = { y: y + from, x, height: to - from, width };
    const pixels = new Uint32Array(band.height * width);
    const rows = await outlinesIn(this.#experiment, this.#layers, band)
      .select(["s.id", "mapobjectId", "label", "geometry"])
      .execute();
    for (const row of rows) {
      const value = this.#valueOf(row);
      fillShape(parseWkb(row.geometry, `map object ${row.mapobjectId}`), band, (line, left, right) => {
        this.#drawn.add(value);
        for (let i = line * width + left; i < line * width + right; i++) {
          if (pixels[i] !== 0) this.#cover(pixels[i]);
          pixels[i] = value;
        }
      });
    }
    return pixels;
  }

  #cover(value: number): void {
    this.#covered.add(value);
    this.#coveredPixels++;
  }

  /** What the image does not hold, a sentence each. */
  warnings(): string[] {
    if (this.#coveredPixels === 0) return [];
    return [
      `objects overlap: ${counted(this.#coveredPixels, "pixel")} of ${counted(this.#covered.size, "object")} ${this.#coveredPixels === 1 ? "is that" : "are those"} of a later one`,
    ];
  }
}
