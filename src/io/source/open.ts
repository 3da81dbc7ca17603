import { fileExists } from "#files";
import type { Axes } from "../../core/index.ts";
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { folderAddress, isWebAddress } from "../address.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { identifyFile } from "../identify.ts";
import { kindWords } from "../kindWords.ts";
import { wayToImages } from "../notMrc.ts";
import { RECORDS } from "../omezarr/records.ts";
import type { ImageCollection, ImageDataset, ImageSource } from "./source.ts";
import { withWells } from "./wells/wells.ts";

/** Name of an image that is alone in its file. */
const ONLY = "0";

/**
 * Opens whatever holds images, for reading by region and resolution: an MRC file, a .npy array, an NDTiff folder or pyramid, a
 * TIFF file, an OME-Zarr store. Nothing of the pixels is read yet. Whoever opened it closes it, and each image that it opens. The code of a format
 * is loaded when the first file of it is opened: a process that reads one format starts in half the time. Of a plate, each well
 * opens as one image of all its fields, too (`wells`): where the file says, else in a grid.
 *
 * @param from  a path, or an address of the web; the query of a store's address is sent with every part of it
 * @throws {VitrineError} missing: nothing has this path; unsupported: something else; and the errors of the format
 *
 * @example
 * await using images = await openImages("cells.zarr");
 * await using image = await images.open(images.images[0]);
 * const { data, shape } = await image.read({ level: 1, region: { channel: 0, y: [0, 256], x: [0, 256] } });
 */
export async function openImages(from: string): Promise<ImageCollection> {
  const isStore = isWebAddress(from) && /\.zarr\/*$/i.test(new URL(from).pathname);
  const path = isStore ? folderAddress(from) : from;
  const format = await identifyFile(path);
  switch (format) {
    case "mrc":
      return singleImage(path, format, (await import("./mrc.ts")).openMrcSource);
    case "npy":
      return singleImage(path, format, (await import("./npy.ts")).openNpySource);
    case "ndtiff": {
      const dataset = await (await import("../ndtiff/open.ts")).openNdtiff(path);
      const lower = dataset.levels.slice(1).map((n) => ({ dataset: dataset.level(n), factor: 2 ** n }));
      return datasetImages(dataset, format, lower);
    }
    case "ome-zarr":
      // what an acquisition of Vitrine left tells of each image; a store of others, of its levels and labels
      // what an address is of, its metadata tell
      return !isWebAddress(path) && (await fileExists(`${path}/${RECORDS}`))
        ? datasetImages(await (await import("../omezarr/open.ts")).openOmeZarr(path), format, [])
        : withWells(await (await import("./zarr/open.ts")).openZarrImages(path), async () =>
            (await import("./zarr/stagePlaces.ts")).readStagePlaces(path),
          );
    case "tiff":
      return withStage(await (await import("./tiff/open.ts")).openTiffImages(path));
    default:
      throw new VitrineError({
        code: "unsupported",
        at: path,
        expected: "images: MRC, TIFF, .npy, an NDTiff folder or an OME-Zarr store",
        found: kindWords(format),
        hint: wayToImages(format),
      });
  }
}

/**
 * Opens one image, whose warnings are the file's too; closing it closes its file. As {@link openImages}.
 *
 * @param options  `image`: its name among those of the file (default the first)
 */
export async function openImage(
  path: string,
  options: { readonly image?: string } = {},
): Promise<ImageSource> {
  requireKnownOptions("openImage", options, { image: true });
  const images = await openImages(path);
  try {
    const image = await images.open(options.image);
    const close = async () => {
      await image.close();
      await images.close();
    };
    const warnings = [...new Set([...images.warnings, ...image.warnings])];
    return { ...image, warnings, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await images.close();
    throw error;
  }
}

/** A file with one image; it is looked at at once, so that a broken one is told at once. */
async function singleImage(
  path: string,
  format: string,
  openSource: (path: string) => Promise<ImageSource>,
): Promise<ImageCollection> {
  const first = await openSource(path);
  await first.close();
  const { name, warnings } = first;
  const close = async () => {};
  return {
    name,
    format,
    images: [ONLY],
    labels: [],
    warnings,
    async open(image = ONLY) {
      requireImage(name, [ONLY], image);
      return openSource(path);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Images of one size and type are one image; its sources close with the collection. */
async function datasetImages(
  dataset: ImageDataset,
  format: string,
  lower: readonly { readonly dataset: Dataset; readonly factor: number }[],
): Promise<ImageCollection> {
  const { describeLayout, layoutsOf } = await import("./datasetPlan.ts");
  const { datasetSource } = await import("./dataset.ts");
  const layouts = layoutsOf(dataset);
  const names = layouts.length === 1 ? [ONLY] : layouts.map(describeLayout);
  const close = () => dataset.close();
  const bitDepth = (axes: Axes) => dataset.imageBitDepth(axes);
  if (layouts.length === 0) {
    await close();
    throw new VitrineError({ code: "missing", at: dataset.name, expected: "images", found: "none" });
  }
  return {
    name: dataset.name,
    format,
    images: names,
    labels: [],
    dataset,
    warnings:
      layouts.length === 1 ? [] : [`images of ${layouts.length} sizes or types: each is an image of its own`],
    async open(image = names[0]) {
      requireImage(dataset.name, names, image);
      const name = names.length === 1 ? dataset.name : `${dataset.name} ${image}`;
      return datasetSource(dataset, { name, layout: layouts[names.indexOf(image)], lower, bitDepth });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function requireImage(at: string, names: readonly string[], image: string): void {
  if (names.includes(image)) return;
  const expected = `one of the images ${names.map((name) => JSON.stringify(name)).join(", ")}`;
  throw new VitrineError({ code: "missing", at, expected, found: JSON.stringify(image) });
}

/** Wells with the stage's places that the plate itself tells. */
function withStage(collection: ImageCollection): ImageCollection {
  const places = (collection.plate?.fields ?? []).flatMap(({ image, stage }) =>
    stage === undefined ? [] : [[image, stage] as const],
  );
  return withWells(collection, async () => new Map(places));
}
