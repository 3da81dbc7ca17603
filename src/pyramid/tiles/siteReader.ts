import type { PixelArray } from "../../core/index.ts";
import { imageBytes, pixelView, toFault, VitrineError } from "../../core/index.ts";
import { type ImageCollection, type ImageSource, openImages } from "../../io/essentials.ts";
import { type PlacedPixels, pastePixels } from "../geometry/paste.ts";
import { otherSize } from "../illumination/models.ts";
import type { SiteRooms } from "../kernels/index.ts";
import type { BatchImage, BatchLayer } from "./batch.ts";
import { clearFlags, emptyPixels, rawPixels, type TilePixels, tilePixels } from "./pixels.ts";

/** How pixels are corrected before they are used; all of one image, in C order. */
export type Correct = (pixels: TilePixels) => TilePixels;

/** What a {@link SiteReader} takes. */
export interface SiteReaderOptions {
  readonly type: BatchLayer["dtype"];
  readonly correct?: Correct | undefined;
  /** Of images that are kept, since blocks beside one another show the same ones. */
  readonly cacheBytes?: number;
  /**
   * Memory of images that make room is used for the next ones: what was read is good until another one was read after the next, or after the next
   * `ahead`. For whoever keeps none: new memory for each costs as much as several copies. Pixels are those of `rawPixels`, without correction.
   */
  readonly reuse?: boolean;
  /** Images that are read before the ones before them are used; default 1. */
  readonly ahead?: number;
  /** Where images are read to, with `reuse`; default memory of its own. */
  readonly rooms?: Promise<Pick<SiteRooms, "take" | "give">>;
  /** Of the model by which images are corrected elsewhere: those of another number of pixels are refused. */
  readonly correctedPixels?: number | undefined;
}

/** All of an image. */
export interface SiteImage {
  readonly image: BatchImage;
  readonly data: TilePixels;
}

interface LoadedImage {
  /** As it came from the file. */
  readonly stored: PixelArray;
  readonly pixels: TilePixels;
}

/** Files that are open at once. */
const OPEN_FILES = 16;
/** Of images that are kept, where nobody says. */
export const CACHE_BYTES = 2 ** 27;

interface OpenFile {
  readonly images: ImageCollection;
  readonly sources: Map<number, Promise<ImageSource>>;
}

/** Reads the images of sites, each once as long as those of neighbours fit into memory. */
export class SiteReader implements AsyncDisposable {
  readonly #options: SiteReaderOptions;
  /** In the order of their last use, both. */
  readonly #files = new Map<string, Promise<OpenFile>>();
  readonly #pixels = new Map<BatchImage, LoadedImage>();
  /** Those that nobody asks for again. */
  readonly #done = new Set<BatchImage>();
  #spare: PixelArray[] = [];
  #bytes = 0;

  constructor(options: SiteReaderOptions) {
    this.#options = options;
  }

  /** Of all images that it holds, and of memory that it uses again. */
  get bytes(): number {
    return this.#spare.reduce((sum, { byteLength }) => sum + byteLength, this.#bytes);
  }

  /**
   * The pixels of an image, with their place on the map.
   *
   * @throws {VitrineError} of the code of what is wrong (missing, format, shape, type, storage): names site and file
   */
  async read(image: BatchImage): Promise<PlacedPixels<TilePixels>> {
    return placed(image, await this.#whole(image));
  }

  /** All pixels of an image, whatever its window. @throws {VitrineError} as {@link read} */
  async readWhole(image: BatchImage): Promise<SiteImage> {
    return { image, data: await this.#whole(image) };
  }

  /** Opens the file of an image that is read soon, which loads what reads its format. What goes wrong is told when it is read. */
  prepare(image: BatchImage): void {
    this.#open(image).catch(() => undefined);
  }

  /** Says that nobody asks for an image again. */
  release(image: BatchImage): void {
    if (this.#pixels.has(image)) this.#done.add(image);
  }

  async #whole(image: BatchImage): Promise<TilePixels> {
    const known = this.#pixels.get(image);
    this.#pixels.delete(image);
    const loaded = known ?? (await this.#readNew(image));
    this.#pixels.set(image, loaded);
    return loaded.pixels;
  }

  async #readNew(image: BatchImage): Promise<LoadedImage> {
    this.#makeRoom(image.height * image.width * (this.#options.type.endsWith("8") ? 1 : 2));
    const loaded = await this.#load(image);
    this.#bytes += loaded.stored.byteLength;
    return loaded;
  }

  /** Those that are done with go first, then the oldest ones. */
  #makeRoom(bytes: number): void {
    const { cacheBytes = CACHE_BYTES, reuse = false, ahead = 1 } = this.#options;
    // the one that is used stays whatever the memory, and those that are read before it is their turn
    const images = [...this.#pixels.keys()].slice(0, Math.max(0, this.#pixels.size - ahead));
    const done = images.filter((image) => this.#done.has(image));
    const others = images.filter((image) => !this.#done.has(image));
    for (const image of [...done, ...others]) {
      if (!this.#done.has(image) && this.#bytes + bytes <= cacheBytes) break;
      const stored = this.#pixels.get(image)?.stored;
      if (stored !== undefined && reuse) this.#spare.push(stored);
      this.#bytes -= stored?.byteLength ?? 0;
      this.#pixels.delete(image);
      this.#done.delete(image);
    }
  }

  async #load(image: BatchImage): Promise<LoadedImage> {
    const { correct, reuse = false, correctedPixels } = this.#options;
    try {
      const source = await this.#open(image);
      requireAlike(source, image, this.#options.type);
      const area = image.height * image.width;
      if (correctedPixels !== undefined && area !== correctedPixels) throw otherSize(correctedPixels, area);
      requirePlane(source, image);
      const data = await this.#readInto(source, image, await this.#room(area));
      clearFlags(data, image.pixelMask);
      if (reuse) return { stored: data, pixels: rawPixels(data) };
      const pixels = tilePixels(data);
      return { stored: data, pixels: correct?.(pixels) ?? pixels };
    } catch (error) {
      throw named(image, error);
    }
  }

  /** Into memory of the caller's: chunks of the file are not kept beside it. */
  async #readInto(source: ImageSource, { plane }: BatchImage, into: PixelArray): Promise<PixelArray> {
    try {
      return (await source.read({ region: plane, into })).data;
    } catch (error) {
      this.#spare.push(into);
      throw error;
    }
  }

  async #room(pixels: number): Promise<PixelArray> {
    const spare = this.#spare.findIndex(({ length }) => length === pixels);
    if (spare !== -1) return this.#spare.splice(spare, 1)[0];
    const rooms = await this.#options.rooms;
    for (const data of this.#spare) rooms?.give(data);
    this.#spare = []; // of another size: nobody can use it
    const layout = { width: pixels, height: 1, channels: 1, dtype: this.#options.type };
    if (rooms === undefined) return pixelView(layout, new ArrayBuffer(imageBytes(layout)));
    const { buffer, byteOffset } = rooms.take(imageBytes(layout));
    return pixelView(layout, buffer, byteOffset);
  }

  async #open({ path, imageIndex }: BatchImage): Promise<ImageSource> {
    const file = this.#files.get(path) ?? openFile(path);
    this.#files.delete(path);
    this.#files.set(path, file);
    const [oldest] = this.#files.keys();
    if (this.#files.size > OPEN_FILES) await this.#close(oldest);
    const { images, sources } = await file;
    const source = sources.get(imageIndex) ?? openOne(images, imageIndex);
    sources.set(imageIndex, source);
    return source;
  }

  async #close(path: string): Promise<void> {
    const file = this.#files.get(path);
    this.#files.delete(path);
    const open = await file?.catch(() => undefined); // what could not be opened has been told
    for (const source of open?.sources.values() ?? []) await (await source.catch(() => undefined))?.close();
    await open?.images.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of [...this.#files.keys()]) await this.#close(path);
    this.#pixels.clear();
    this.#spare = [];
  }
}

async function openFile(path: string): Promise<OpenFile> {
  return { images: await openImages(path), sources: new Map() };
}

async function openOne(images: ImageCollection, index: number): Promise<ImageSource> {
  const name = images.images[index];
  if (name !== undefined) return images.open(name);
  throw new VitrineError({
    code: "missing",
    at: images.name,
    expected: `image ${index}`,
    found: `${images.images.length} images`,
  });
}

/** The part of an image that counts, where it lies on the map. */
function placed({ y, x, height, width, window }: BatchImage, data: TilePixels): PlacedPixels<TilePixels> {
  if (window === null) return { y, x, height, width, data };
  const size = { height: window.height, width: window.width };
  const part = emptyPixels(data instanceof Uint8Array ? "uint8" : "uint16", size);
  pastePixels<TilePixels>({ y: 0, x: 0, height, width, data }, { ...window, data: part });
  return { y, x, ...size, data: part };
}

function requireAlike(source: ImageSource, image: BatchImage, type: BatchLayer["dtype"]): void {
  if (source.dtype !== type)
    throw new VitrineError({
      code: "type",
      at: source.name,
      expected: `pixels of type ${type}, as the others of its layer`,
      found: source.dtype,
    });
  const lengthOf = (name: string) =>
    source.levels[0].shape[source.axes.findIndex((axis) => axis.name === name)];
  const [height, width] = [lengthOf("y"), lengthOf("x")];
  if (height === image.height && width === image.width) return;
  throw new VitrineError({
    code: "shape",
    at: source.name,
    expected: `${image.height} x ${image.width} pixels, as its site`,
    found: `${height} x ${width}`,
  });
}

function requirePlane(
  { axes, levels: [{ shape }] }: ImageSource,
  { path, height, width, plane }: BatchImage,
): void {
  const values = axes.reduce((all, { name }, i) => (Object.hasOwn(plane, name) ? all : all * shape[i]), 1);
  if (values === height * width) return;
  throw new VitrineError({
    code: "shape",
    at: path,
    expected: `one grey plane of ${height} x ${width} pixels`,
    found: `${values} values`,
  });
}

/** The same trouble with the name of the site before it. */
function named({ site, path }: BatchImage, error: unknown): VitrineError {
  const fault = toFault(error, path);
  // what a reader says of the file tells how to mend it; that there is another way out, it cannot know
  const mend = fault.hint === undefined ? "Mend it and" : `${fault.hint}. Once mended,`;
  const hint = `${mend} resubmit, which runs this job alone; or leave its site black: resubmit --missing-sites black`;
  return new VitrineError({ ...fault, at: `${site}: ${fault.at}`, hint }, { cause: error });
}
