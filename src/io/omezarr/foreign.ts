import type { Axes } from "../../core/index.ts";
import type { ImageCollection, ImageSource } from "../source/source.ts";
import { openSources, PlanesDataset } from "../source/toDataset.ts";
import { openZarrImages } from "../source/zarr/open.ts";
import type { OmeZarrReader } from "./dataset.ts";

/** Opens a store that another program wrote, as its images are opened; `openOmeZarr` says how it is understood. */
export async function openForeign(folder: string): Promise<OmeZarrReader> {
  const collection = await openZarrImages(folder);
  return new ForeignDataset(collection, await openSources(collection));
}

/** Images are positions: by their numbers where they are numbered from 0, else by their names. */
class ForeignDataset extends PlanesDataset implements OmeZarrReader {
  readonly lostImages: readonly Axes[] = [];

  constructor(collection: ImageCollection, sources: readonly ImageSource[]) {
    const isNumbered = collection.images.every((name, i) => name === String(i));
    super(collection, sources, (name) => ({ position: isNumbered ? Number(name) : name }));
  }

  /** Nobody tells whether such a store grows. */
  async refresh(): Promise<void> {}
}
