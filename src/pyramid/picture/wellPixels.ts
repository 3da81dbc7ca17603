import type { PixelArray } from "../../core/index.ts";
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";

/** A part of a well at some resolution. */
export interface SitePixels extends PixelSize {
  readonly data: PixelArray;
  /** Pixels of full resolution that one stands for, down and across. */
  readonly factor: PixelOffset;
}

/** Means of a well's pixels, shrunk; NaN where no site shows anything. */
export class WellPixels {
  readonly #size: PixelSize;
  readonly #shrink: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(size: PixelSize, shrink: number) {
    this.#size = size;
    this.#shrink = shrink;
    this.#sums = new Float64Array(size.height * size.width);
    this.#counts = new Uint32Array(size.height * size.width);
  }

  /** @param place  of the site's first pixel in the well, in pixels of full resolution */
  add({ height, width, data, factor }: SitePixels, place: PixelOffset): void {
    const columns = Int32Array.from({ length: width }, (_, x) => this.#at(place.x + (x + 0.5) * factor.x));
    for (let y = 0; y < height; y++) {
      const row = this.#at(place.y + (y + 0.5) * factor.y);
      if (row < 0 || row >= this.#size.height) continue;
      for (let x = 0; x < width; x++) {
        if (columns[x] < 0 || columns[x] >= this.#size.width) continue;
        const i = row * this.#size.width + columns[x];
        this.#sums[i] += data[y * width + x];
        this.#counts[i]++;
      }
    }
  }

  #at(place: number): number {
    return Math.floor(place / this.#shrink);
  }

  means(): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.#sums, (sum, i) => sum / this.#counts[i]);
  }
}
