import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import { BaseDataset } from "../dataset/baseDataset.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { givenPixels, type ReadImageOptions } from "../dataset/readImage.ts";
import type { ImageCollection, ImageDataset, ImageSource, SourceRegion } from "./source.ts";
import { convertUnit } from "./units.ts";

/** A plane of an image. */
interface Plane {
  readonly source: ImageSource;
  readonly layout: ImageLayout;
  readonly region: SourceRegion;
}

/** More are taken for a damaged shape. */
const MOST_PLANES = 1e7;

/**
 * The planes of a file's images as a dataset: their axes with names of channels and positions as values; `image` has the names
 * of several images. Sizes and steps stand in the summary metadata. Closing it closes the file.
 *
 * @throws {VitrineError} the errors of `collection.open`, after which the file is closed; format: more than 10 million planes
 */
export async function sourceDataset(collection: ImageCollection): Promise<ImageDataset> {
  return new PlanesDataset(collection, await openSources(collection), (image) => ({ image }));
}

/** Opens every image of a file. @throws {VitrineError} as {@link sourceDataset} */
export async function openSources(collection: ImageCollection): Promise<readonly ImageSource[]> {
  const sources: ImageSource[] = [];
  try {
    for (const name of collection.images) {
      const source = await collection.open(name);
      sources.push(source);
      requirePlanes(source);
    }
    return sources;
  } catch (error) {
    for (const source of sources) await source.close();
    await collection.close();
    throw error;
  }
}

function requirePlanes({ name, axes, levels: [{ shape }] }: ImageSource): void {
  const outer = shape.slice(
    0,
    axes.findIndex((axis) => axis.name === "y"),
  );
  if (outer.reduce((product, side) => product * side, 1) <= MOST_PLANES) return;
  const [expected, found] = [`at most ${MOST_PLANES} images`, `the shape ${shape.join(" x ")}`];
  throw new VitrineError({ code: "format", at: name, expected, found });
}

/** See {@link sourceDataset}. */
export class PlanesDataset extends BaseDataset<Plane> implements ImageDataset {
  readonly #collection: ImageCollection;
  readonly #sources: readonly ImageSource[];

  /** @param nameOf  the axis that tells images of several from each other, by the name of one */
  constructor(collection: ImageCollection, sources: readonly ImageSource[], nameOf: (image: string) => Axes) {
    super(collection.name, summaryOf(sources[0]));
    this.#collection = collection;
    this.#sources = sources;
    for (const [i, source] of sources.entries()) {
      this.#addPlanes(source, sources.length > 1 ? nameOf(collection.images[i]) : {});
    }
    this.markFinished();
  }

  #addPlanes(source: ImageSource, several: Axes): void {
    const [{ shape }] = source.levels;
    const outer = source.axes.findIndex((axis) => axis.name === "y");
    const [height, width, channels = 1] = shape.slice(outer);
    const layout = { width, height, channels, dtype: source.dtype };
    for (const indices of indicesWithin(shape.slice(0, outer).map((to) => ({ from: 0, to })))) {
      const axes = indices.map((index, i) => [source.axes[i].name, source.axes[i].values?.[index] ?? index]);
      const region = Object.fromEntries(indices.map((index, i) => [source.axes[i].name, index]));
      this.addImage({ ...several, ...Object.fromEntries(axes) }, { source, layout, region });
    }
  }

  imageLayout(axes: Axes): ImageLayout {
    return this.entryOf(axes).layout;
  }

  imageBitDepth(axes: Axes): number | undefined {
    return this.entryOf(axes).source.significantBits;
  }

  async readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage> {
    const { source, layout, region } = this.entryOf(axes);
    const into = givenPixels(layout, options, this.name);
    const { data } = await source.read({ region, ...(into && { into }) });
    const { width, height, channels } = layout;
    return { data: into ?? data, width, height, channels };
  }

  /** Files of arrays have no metadata of single images. */
  async readMetadata(axes: Axes): Promise<JsonObject> {
    this.entryOf(axes);
    return {};
  }

  protected async release(): Promise<void> {
    for (const source of this.#sources) await source.close();
    await this.#collection.close();
  }
}

/** As Micro-Manager calls them, in µm and ms. */
function summaryOf({ axes, levels }: ImageSource): JsonObject {
  const step = (name: string, unit: string) => {
    const i = axes.findIndex((axis) => axis.name === name);
    const own = axes[i]?.unit;
    const value = own === undefined ? undefined : convertUnit(levels[0].scale[i], own, unit);
    return value === undefined ? undefined : Number(value.toPrecision(9));
  };
  const [pixelUm, zUm] = [step("x", "micrometer"), step("z", "micrometer")];
  const intervalMs = step("time", "millisecond");
  return {
    ...(pixelUm !== undefined && { PixelSize_um: pixelUm }),
    ...(zUm !== undefined && { "z-step_um": zUm }),
    ...(intervalMs !== undefined && { Interval_ms: intervalMs }),
  };
}
