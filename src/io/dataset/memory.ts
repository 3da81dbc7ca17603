import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
import {
  checkAxes,
  describeAxes,
  layoutOf,
  plainJson,
  requireKnownOptions,
  VitrineError,
} from "../../core/index.ts";
import { BaseDataset } from "./baseDataset.ts";
import type { Dataset, DatasetImage, DatasetWriter, JsonObject } from "./dataset.ts";
import { givenPixels, type ReadImageOptions } from "./readImage.ts";

/** Options of {@link createMemoryDataset}. */
export interface MemoryDatasetOptions {
  /** How messages call it (default "memory"). */
  readonly name?: string;
  readonly summaryMetadata?: JsonObject;
}

/**
 * A dataset in memory, for `save: "memory"`: it takes images of every type and shape, and stays readable after `finish`, until
 * it is closed. It keeps a copy of what it is given and gives out copies.
 */
export function createMemoryDataset(options: MemoryDatasetOptions = {}): DatasetWriter {
  requireKnownOptions("createMemoryDataset", options, { name: true, summaryMetadata: true });
  const dataset = new MemoryDataset(options.name ?? "memory", options.summaryMetadata ?? {});
  let duplicates = 0;
  return {
    dataset,
    get duplicates() {
      return duplicates;
    },
    async put(image) {
      if (!dataset.keep(image)) duplicates++;
    },
    async finish() {
      dataset.finish();
    },
    async [Symbol.asyncDispose]() {
      dataset.finish();
    },
  };
}

interface Kept {
  readonly layout: ImageLayout;
  readonly image: PixelImage;
  readonly metadata: JsonObject;
}

class MemoryDataset extends BaseDataset<Kept> implements Dataset {
  /** Returns whether its axes are new. */
  keep({ axes, image, metadata }: DatasetImage): boolean {
    if (this.isFinished) throw finished(this.name);
    checkAxes(axes, this.name);
    const layout = layoutOf(image, `${this.name} at ${describeAxes(axes)}`);
    const plain = plainJson(metadata, `${this.name} at ${describeAxes(axes)} metadata`) as JsonObject;
    return this.addImage({ ...axes }, { layout, image: copyOf(image), metadata: structuredClone(plain) });
  }

  finish(): void {
    this.markFinished();
  }

  imageLayout(axes: Axes): ImageLayout {
    return this.entryOf(axes).layout;
  }

  async readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage> {
    const { image, layout } = this.entryOf(axes);
    const into = givenPixels(layout, options, this.name);
    if (into === undefined) return copyOf(image);
    into.set(image.data);
    return { ...image, data: into };
  }

  async readMetadata(axes: Axes): Promise<JsonObject> {
    return structuredClone(this.entryOf(axes).metadata);
  }

  protected async release(): Promise<void> {
    this.forgetImages();
  }
}

function finished(at: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "an image before finish()",
    found: "one after it",
  });
}

function copyOf(image: PixelImage): PixelImage {
  return { ...image, data: image.data.slice() };
}
