/** Images that stay open between requests, the ones used last. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ImageCollection, type ImageSource, isWebAddress, openImages } from "../../io/index.ts";

/** An open file with the images of it that were asked for. */
interface Opened {
  readonly collection: Promise<ImageCollection>;
  readonly images: Map<string, Promise<ImageSource>>;
  /** Requests that use it now: it closes after the last. */
  users: number;
  isDropped: boolean;
}

/** Files that are kept open. */
const KEPT = 16;

/** Files whose change makes a store another one. */
const MARKS = ["", ".zattrs", ".zgroup", ".zmetadata", "zarr.json", "NDTiff.index"];

/** Opens images once for many requests. Whoever made it closes it. */
export class OpenImages implements AsyncDisposable {
  /** In the order of their last use. */
  readonly #opened = new Map<string, Opened>();

  /** Runs a task on the images of a path. @throws {VitrineError} as `openImages`, and whatever the task throws */
  async withCollection<T>(path: string, task: (collection: ImageCollection) => Promise<T>): Promise<T> {
    return this.#with(path, async (opened) => task(await opened.collection));
  }

  /** Runs a task on one image (default the first). @throws {VitrineError} missing: no such image; and as `withCollection` */
  async withImage<T>(
    path: string,
    image: string | undefined,
    task: (source: ImageSource) => Promise<T>,
  ): Promise<T> {
    return this.#with(path, async (opened) => {
      const collection = await opened.collection;
      const name = image ?? collection.images[0];
      const source = opened.images.get(name) ?? collection.open(name);
      opened.images.set(name, source);
      source.catch(() => opened.images.delete(name));
      return task(await source);
    });
  }

  async #with<T>(path: string, task: (opened: Opened) => Promise<T>): Promise<T> {
    const key = await identityOf(path);
    const opened = this.#opened.get(key) ?? {
      collection: openImages(path),
      images: new Map(),
      users: 0,
      isDropped: false,
    };
    this.#opened.delete(key);
    this.#opened.set(key, opened);
    opened.users++;
    try {
      return await task(opened);
    } catch (error) {
      await opened.collection.catch(() => this.#opened.delete(key));
      throw error;
    } finally {
      opened.users--;
      await this.#dropOldest();
      if (opened.isDropped && opened.users === 0) await closeOpened(opened);
    }
  }

  async #dropOldest(): Promise<void> {
    for (const [key, opened] of this.#opened) {
      if (this.#opened.size <= KEPT) return;
      this.#opened.delete(key);
      opened.isDropped = true;
      if (opened.users === 0) await closeOpened(opened);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.values()) await closeOpened(opened);
    this.#opened.clear();
  }
}

async function closeOpened({ collection, images }: Opened): Promise<void> {
  for (const source of images.values()) await (await source.catch(() => undefined))?.close();
  await (await collection.catch(() => undefined))?.close();
}

/** Another text once the file, or what describes the store, was written anew. */
async function identityOf(path: string): Promise<string> {
  // whether something was written anew at an address, nobody tells
  if (isWebAddress(path)) return path;
  const marks = MARKS.map((name) => stat(join(path, name)).catch(() => undefined));
  const times = (await Promise.all(marks)).map(
    (found) => found && `${found.mtimeMs} ${found.size} ${found.ino}`,
  );
  return `${path}\0${times.join("\0")}`;
}
