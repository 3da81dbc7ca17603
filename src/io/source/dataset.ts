import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
import { bytesPerValue, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { copyBox } from "./box.ts";
import type { Chunk } from "./cache.ts";
import { chunkedSource } from "./chunked.ts";
import {
  axesOfPlan,
  type DatasetPlan,
  describeLayout,
  layoutsOf,
  levelOf,
  planDataset,
} from "./datasetPlan.ts";
import { type DatasetScale, scaleOfDataset } from "./datasetScale.ts";
import type { ImageSource, SourceChannel } from "./source.ts";

/** What a dataset becomes a source of. */
export interface DatasetSourceOptions {
  /** Lower resolutions of tiles: pixels of `dataset` are means of `factor` x `factor` pixels. Tiles below share none. */
  readonly lower?: readonly { readonly dataset: Dataset; readonly factor: number }[];
  /** Only images of this size and type; without it all, which then must be alike. */
  readonly layout?: ImageLayout;
  /** Bits of an image's values, where the format says. */
  readonly bitDepth?: (axes: Axes) => number | undefined;
  /** How messages call the source (default: the dataset's name). */
  readonly name?: string;
}

/**
 * A dataset as a source: its axes in the order of `asArray`, then y, x and, in colour, sample. Images with the axes row and
 * column are joined to one plane where the summary metadata tell their overlap, half of which is cut from each side, and stay
 * axes elsewhere. Images that are not there read as 0. PixelSize_um, z-step_um and Interval_ms give the scale.
 *
 * Its extent is that of the moment of the call. Closing it does not close the dataset.
 *
 * @throws {VitrineError} missing: no image; shape: images of several sizes or types, and no `layout` that chooses
 */
export async function datasetSource(
  dataset: Dataset,
  options: DatasetSourceOptions = {},
): Promise<ImageSource> {
  requireKnownOptions("datasetSource", options, { lower: true, layout: true, bitDepth: true, name: true });
  const name = options.name ?? dataset.name;
  const layout = options.layout ?? onlyLayout(dataset);
  const plan = planDataset(dataset, layout);
  const lower = (plan.mosaic && options.lower) ?? [];
  const scale = await scaleOfDataset(dataset, plan.images);
  const levels = [{ dataset, factor: 1 }, ...lower].map(({ dataset: images, factor }) => ({
    images,
    ...levelOf(plan, factor, scale),
  }));
  return chunkedSource(
    {
      name,
      axes: axesOfPlan(plan, scale),
      dtype: layout.dtype,
      levels: levels.map(({ level }) => level),
      channels: channelsOf(dataset, plan),
      isLabels: false,
      ...significant(plan.images, layout, options),
      metadata: dataset.summaryMetadata,
      warnings: [
        ...warningsOf(plan, scale),
        ...(plan.mosaic === undefined && options.lower?.length ? [NO_TILES] : []),
      ],
    },
    {
      readChunk: ({ level, index }) => readTile(levels[level], plan, { index, isFull: level === 0 }),
      origins: levels.map(({ origin }) => origin),
      close: async () => {},
    },
  );
}

/** The most of all images. */
function significant(
  images: readonly Axes[],
  { dtype }: ImageLayout,
  { bitDepth = () => undefined }: DatasetSourceOptions,
): { significantBits?: number } {
  const whole = 8 * bytesPerValue(dtype);
  const bits = images.reduce((most, axes) => Math.max(most, bitDepth(axes) ?? whole), 0);
  return bits < whole ? { significantBits: bits } : {};
}

const NO_TILES =
  "lower resolutions are left out: the images are no tiles with the axes row and column and a known overlap";

interface Level {
  readonly images: Dataset;
  readonly firstRow: number;
  readonly firstColumn: number;
}

async function readTile(
  { images, firstRow, firstColumn }: Level,
  plan: DatasetPlan,
  { index, isFull }: { index: readonly number[]; isFull: boolean },
): Promise<Chunk | undefined> {
  const { outer, mosaic, layout } = plan;
  const axes: Record<string, number | string> = {};
  for (const [i, { name, values }] of outer.entries()) axes[name] = values[index[i]];
  const [row, column] = [index[outer.length], index[outer.length + 1]];
  if (mosaic?.hasRows) axes.row = firstRow + row;
  if (mosaic?.hasColumns) axes.column = firstColumn + column;
  if (!images.hasImage(axes)) return undefined;
  if (isFull && !isSame(images.imageLayout(axes), layout)) return undefined;
  const image = await images.readImage(axes);
  const { data, shape } = isFull ? trimmed(image, plan) : planeOf(image);
  return { data, shape: [...outer.map(() => 1), ...shape] };
}

function planeOf({ data, width, height, channels }: PixelImage): Chunk {
  return { data, shape: [height, width, ...(channels > 1 ? [channels] : [])] };
}

/** Without the half of the overlap on each side. */
function trimmed(image: PixelImage, { tile }: DatasetPlan): Chunk {
  const whole = planeOf(image);
  if (tile.width === image.width && tile.height === image.height) return whole;
  const shape = [tile.height, tile.width, ...whole.shape.slice(2)];
  const data = image.data.slice(0, tile.height * tile.width * image.channels);
  const at = [tile.trimTop, tile.trimLeft, 0].slice(0, shape.length);
  copyBox({ ...whole, at }, { data, shape, at: shape.map(() => 0) }, shape);
  return { data, shape };
}

function isSame(a: ImageLayout, b: ImageLayout): boolean {
  return describeLayout(a) === describeLayout(b);
}

function onlyLayout(dataset: Dataset): ImageLayout {
  const layouts = layoutsOf(dataset);
  if (layouts.length === 1) return layouts[0];
  if (layouts.length === 0)
    throw new VitrineError({ code: "missing", at: dataset.name, expected: "images", found: "none" });
  throw new VitrineError({
    code: "shape",
    at: dataset.name,
    expected: "images of one size and type",
    found: layouts.map(describeLayout).join("; "),
    hint: "Open one kind of them: openImages lists each as an image of its own",
  });
}

/** Names by the channels' order along the axis. */
function channelsOf(dataset: Dataset, { outer }: DatasetPlan): SourceChannel[] {
  const axis = outer.find(({ name }) => name === "channel");
  if (axis === undefined) return [];
  const seen = [...new Set(dataset.imageCoordinates().map((at: Axes) => at.channel))].filter(
    (v) => v !== undefined,
  );
  return axis.values.map((value) => ({ name: dataset.channelNames[seen.indexOf(value)] ?? String(value) }));
}

function warningsOf({ outer, images, placed }: DatasetPlan, { warnings }: DatasetScale): string[] {
  const left = images.length - placed;
  const names = outer.map(({ name }) => name).join(", ");
  return left === 0
    ? [...warnings]
    : [...warnings, `${left} images have not all of the axes ${names} and are left out`];
}
