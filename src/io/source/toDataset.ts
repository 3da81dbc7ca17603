import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
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

/**
 * The planes of a file's images as a dataset: their axes with names of channels and positions as values; `image` has the names
 * of several images. Sizes and steps stand in the summary metadata. Closing it closes the file.
 *
 * @throws {VitrineError} the errors of `collection.open`, after which the file is closed
 */
export async function sourceDataset(collection: ImageCollection): Promise<ImageDataset> {
  try {
    const sources: ImageSource[] = [];
    for (const name of collection.images) sources.push(await collection.open(name));
    return new PlanesDataset(collection, sources);
  } catch (error) {
    await collection.close();
    throw error;
  }
}

class PlanesDataset extends BaseDataset<Plane> implements ImageDataset {
  readonly #collection: ImageCollection;
  readonly #sources: readonly ImageSource[];

  constructor(collection: ImageCollection, sources: readonly ImageSource[]) {
    super(collection.name, summaryOf(sources[0]));
    this.#collection = collection;
    this.#sources = sources;
    for (const [i, source] of sources.entries()) this.#addPlanes(collection.images[i], source);
    this.markFinished();
  }

  #addPlanes(name: string, source: ImageSource): void {
    const [{ shape }] = source.levels;
    const outer = source.axes.findIndex((axis) => axis.name === "y");
    const [height, width, channels = 1] = shape.slice(outer);
    const layout = { width, height, channels, dtype: source.dtype };
    const several = this.#collection.images.length > 1 ? { image: name } : {};
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
    const { data } = await source.read({ region });
    into?.set(data);
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
