import { listFolder, makeFolder } from "#files";
import { type OptionKeys, requireKnownOptions, Semaphore } from "../../../core/index.ts";
import { writeGroup } from "./metadata.ts";
import type { MultiscaleVersion } from "./plan.ts";
import { BandPool } from "./pool.ts";
import {
  notEmpty,
  type OmeZarrImageOptions,
  type OmeZarrImageWriter,
  OWN_IMAGE_KEYS,
  startImage,
} from "./writer.ts";

/** What {@link createOmeZarrCollection} makes. */
export interface OmeZarrCollectionOptions {
  /** The folder that becomes the store: made if it is not there, else empty. */
  readonly directory: string;
  /** Default 0.5. */
  readonly version?: MultiscaleVersion;
  /** Of all images together. */
  readonly threads?: number;
}

/** An image of a store of several. */
export type CollectedImageOptions = Omit<OmeZarrImageOptions, "directory" | "version" | "threads">;

/** Writes several images into one store. */
export interface OmeZarrCollectionWriter extends AsyncDisposable {
  /** Adds an image, listed once it can be opened; images may be open at once. */
  createImage(options: CollectedImageOptions): Promise<OmeZarrImageWriter>;
  close(): Promise<void>;
}

const KEYS: OptionKeys<OmeZarrCollectionOptions> = {
  directory: true,
  version: true,
  threads: true,
};

/**
 * Makes a store of several images, `0`, `1`, …, in the layout of bioformats2raw: series of a file, positions of a stage.
 *
 * @throws {VitrineError} exists: the folder is not empty; storage
 */
export async function createOmeZarrCollection(
  options: OmeZarrCollectionOptions,
): Promise<OmeZarrCollectionWriter> {
  requireKnownOptions("createOmeZarrCollection", options, KEYS);
  const { directory, version = "0.5" } = options;
  if ((await listFolder(directory)).length > 0) throw notEmpty(directory);
  await makeFolder(`${directory}/OME`);
  const pool = new BandPool(options.threads);
  const series: string[] = [];
  let images = 0;
  const list = () => writeGroup(`${directory}/OME`, version, { ome: { series } });
  await list();
  await writeGroup(directory, version, { ome: { "bioformats2raw.layout": 3 } });
  const listing = new Semaphore(1);
  const close = () => pool.close();
  return {
    async createImage(image) {
      requireKnownOptions<CollectedImageOptions>("createImage", image, OWN_IMAGE_KEYS);
      const path = String(images++);
      const writer = await startImage({ ...image, directory: `${directory}/${path}`, version }, { pool });
      series.push(path);
      await listing.run(list);
      return writer;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
