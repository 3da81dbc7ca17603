import type { Axes, ImageLayout, PixelArray, PixelImage, PixelType } from "../../core/index.ts";
import type { ReadImageOptions } from "./readImage.ts";

/** Anything that JSON holds. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** One image with all that is saved of it. */
export interface DatasetImage {
  readonly axes: Axes;
  readonly image: PixelImage;
  readonly metadata: JsonObject;
  /** Bits that the camera uses of a uint16; 16 if left out. */
  readonly bitDepth?: number;
}

/**
 * Images by their axes, on disk or in memory, finished or still growing. As `ndstorage.Dataset`.
 *
 * All reading methods throw `VitrineError` missing for axes that no image has; the error names them.
 */
export interface Dataset extends AsyncDisposable {
  /** The folder, or what stands for it in messages. */
  readonly name: string;
  readonly summaryMetadata: JsonObject;
  /** Values of each axis among the images so far, sorted (numbers before strings). */
  readonly axes: Readonly<Record<string, readonly (number | string)[]>>;
  readonly axesTypes: Readonly<Record<string, "int" | "string">>;
  /** Values of the axis `channel` in order of first appearance; none without that axis. */
  readonly channelNames: readonly string[];
  /** No image will be added any more. */
  readonly isFinished: boolean;
  hasImage(axes: Axes): boolean;
  /** Axes of every image in order of saving; an image that was overwritten counts once, at its first place. */
  imageCoordinates(): readonly Axes[];
  imageLayout(axes: Axes): ImageLayout;
  readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage>;
  readMetadata(axes: Axes): Promise<JsonObject>;
  /**
   * All images as one array, of which nothing is read before it is asked for. ndstorage: `Dataset.as_array`.
   *
   * @param axes  which axes become dimensions, outermost first; without it all, in the order row, column, position, time,
   *   channel, others, z
   * @throws {VitrineError} missing: no image, or an axis that no image has; range: axes that name one image twice, or leave
   *   images with equal names; undeterminable: `stitched` without GridPixelOverlapX and GridPixelOverlapY
   */
  asArray(axes?: readonly string[], options?: ArrayOptions): DatasetArray;
  /** Resolves with the axes of the next image that is saved after the call, or null once the dataset is finished. */
  awaitNewImage(options?: { readonly signal?: AbortSignal }): Promise<Axes | null>;
  close(): Promise<void>;
}

/** Writes a dataset image by image; what it wrote can be read at once through `dataset`. */
export interface DatasetWriter extends AsyncDisposable {
  readonly dataset: Dataset;
  /** Images whose axes another one had before; the later one counts. */
  readonly duplicates: number;
  /**
   * Saves one image; resolves when it can be read, also by another program. Calls may overlap: images are written in the order
   * of the calls. The pixels must stay unchanged until it resolves.
   *
   * @throws {VitrineError} unsupported: pixels that the format cannot hold; storage: the disk refused
   */
  put(image: DatasetImage): Promise<void>;
  /**
   * As `put`, of pixels that stay unchanged until the function that it gives is called: until then the image is read from them, which spares
   * the way to the disk and back. Left out where that spares nothing.
   */
  putHeld?(image: DatasetImage): Promise<() => void>;
  /** Writes what is left and closes; the dataset stays readable. A second call does nothing. */
  finish(): Promise<void>;
}

/** How a dataset becomes an array. */
export interface ArrayOptions {
  /** Join tiles by their axes row and column to one plane; half of the overlap is cut from each side of a tile. */
  readonly stitched?: boolean;
  /** Values at which axes are held fixed; they are no dimensions: `{ channel: "DAPI", z: 3 }`. */
  readonly slice?: Axes;
  /** What missing images read as (default 0). */
  readonly fill?: number;
}

/** A part of an array, by the name of its dimension: one index, which drops it, or a range without its end. */
export type ArraySelection = Readonly<Record<string, number | readonly [from: number, to: number]>>;

/** Values with their shape, C order. */
export interface ArrayBlock {
  readonly data: PixelArray;
  readonly axes: readonly string[];
  readonly shape: readonly number[];
}

/** A dataset as one array in C order, read lazily. Its shape is that of the moment when it was made. */
export interface DatasetArray {
  /** Names of the dimensions: axes of the dataset, then `y`, `x` and, for colour, `sample`. */
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  readonly dtype: PixelType;
  /** What the indices of the dimensions that are axes of the dataset stand for. */
  readonly coordinates: Readonly<Record<string, readonly (number | string)[]>>;
  /** Images that are not there (yet); they read as fill. */
  readonly missing: readonly Axes[];
  /**
   * Reads a part, image by image; without a selection all.
   *
   * @throws {VitrineError} missing: no dimension of this name; range: an index outside, or more than memory holds;
   *   shape: an image of another size or type than the first one
   */
  read(selection?: ArraySelection): Promise<ArrayBlock>;
}
