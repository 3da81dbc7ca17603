import type { Axes, PixelImage } from "../../io/index.ts";
import type { ProcessedImage } from "../processors/processor.ts";
import { axesOf } from "../processors/results.ts";
import type { ImageMetadata } from "./metadata.ts";

/** A processed image that several consumers hold; its memory is given back after the last one. */
export class SharedImage {
  readonly axes: Axes;
  readonly image: PixelImage;
  readonly metadata: ImageMetadata;
  readonly #release: (() => void) | undefined;
  #holders = 1;

  constructor({ image, metadata, release }: ProcessedImage) {
    this.axes = axesOf(metadata, "metadata");
    this.image = image;
    this.metadata = metadata;
    this.#release = release;
  }

  /** One more holder, which will call `release`. */
  hold(): this {
    this.#holders++;
    return this;
  }

  /** One holder less. */
  release(): void {
    if (--this.#holders === 0) this.#release?.();
  }

  /** The image for somebody who may keep it; a copy where the memory goes back to work. */
  toKeep(): PixelImage {
    return this.#release === undefined ? this.image : { ...this.image, data: this.image.data.slice() };
  }
}
