import { toFault, VitrineError } from "../../core/index.ts";
import { type ImageCollection, type ImageSource, openImages } from "../../io/essentials.ts";
import { type PlacedPixels, pastePixels } from "../geometry/paste.ts";
import type { BatchImage, BatchLayer } from "./batch.ts";
import { emptyPixels, type TilePixels, tilePixels } from "./pixels.ts";

/** How pixels are corrected before they are used; all of one image, in C order. */
export type Correct = (pixels: TilePixels) => TilePixels;

/** What a {@link SiteReader} takes. */
export interface SiteReaderOptions {
  readonly type: BatchLayer["dtype"];
  readonly correct?: Correct | undefined;
  /** Of images that are kept, since blocks beside one another show the same ones. */
  readonly cacheBytes?: number;
}

/** Files that are open at once. */
const OPEN_FILES = 16;
const CACHE_BYTES = 2 ** 28;

interface OpenFile {
  readonly images: ImageCollection;
  readonly sources: Map<number, Promise<ImageSource>>;
}

/** Reads the images of sites, each once as long as those of neighbours fit into memory. */
export class SiteReader implements AsyncDisposable {
  readonly #options: SiteReaderOptions;
  /** In the order of their last use, both. */
  readonly #files = new Map<string, Promise<OpenFile>>();
  readonly #pixels = new Map<BatchImage, PlacedPixels<TilePixels>>();
  #bytes = 0;

  constructor(options: SiteReaderOptions) {
    this.#options = options;
  }

  /**
   * The pixels of an image, with their place on the map.
   *
   * @throws {VitrineError} of the code of what is wrong (missing, format, shape, type, storage): names site and file
   */
  async read(image: BatchImage): Promise<PlacedPixels<TilePixels>> {
    const known = this.#pixels.get(image);
    this.#pixels.delete(image);
    const pixels = known ?? (await this.#readNew(image));
    this.#pixels.set(image, pixels);
    return pixels;
  }

  async #readNew(image: BatchImage): Promise<PlacedPixels<TilePixels>> {
    const pixels = placed(image, await this.#load(image));
    this.#bytes += pixels.data.byteLength;
    const { cacheBytes = CACHE_BYTES } = this.#options;
    for (const [oldest, { data }] of this.#pixels) {
      if (this.#bytes <= cacheBytes) break;
      this.#pixels.delete(oldest);
      this.#bytes -= data.byteLength;
    }
    return pixels;
  }

  async #load(image: BatchImage): Promise<TilePixels> {
    try {
      const source = await this.#open(image);
      requireAlike(source, image, this.#options.type);
      const { data } = await source.read({ region: image.plane });
      const pixels = tilePixels(data);
      if (pixels.length !== image.height * image.width) throw notAPlane(image, pixels.length);
      return this.#options.correct?.(pixels) ?? pixels;
    } catch (error) {
      throw named(image, error);
    }
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

function notAPlane({ path, height, width }: BatchImage, found: number): VitrineError {
  return new VitrineError({
    code: "shape",
    at: path,
    expected: `one grey plane of ${height} x ${width} pixels`,
    found: `${found} values`,
  });
}

/** The same trouble with the name of the site before it. */
function named({ site, path }: BatchImage, error: unknown): VitrineError {
  const fault = toFault(error, path);
  const hint =
    fault.hint ??
    "Mend it and resubmit, which runs this job alone; or leave its site black: resubmit --missing-sites black";
  return new VitrineError({ ...fault, at: `${site}: ${fault.at}`, hint }, { cause: error });
}
