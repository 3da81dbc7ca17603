import { fileExists } from "#files";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { endingOf } from "../endings.ts";
import { openImages } from "../source/open.ts";
import type { ImageCollection, ImageSource } from "../source/source.ts";
import { tiffRowsLine } from "../tiff/rows.ts";
import { convertedView } from "./bits.ts";
import { copyDataset } from "./datasets.ts";
import { isTiffBesideMrc, withTiffRows } from "./flipped.ts";
import { imagesLeftOut, leftOut } from "./losses.ts";
import type { ConvertFormat, ConvertOptions, ZarrLayout } from "./options.ts";
import { countPlanes } from "./pieces.ts";
import { copyPlate, isWholePlate } from "./plate.ts";
import { type PictureReport, writePngSource } from "./toPng.ts";
import { writeSource } from "./write.ts";

/** Endings that tell what is to be written; NDTiff datasets are folders of any name. */
const ENDINGS: readonly (readonly [name: RegExp, format: ConvertFormat])[] = [
  [/\.zarr[/\\]*$/i, "ome-zarr"],
  [/\.(mrcs?|map|rec|st|ali|ccp4)$/i, "mrc"],
  [/\.npy$/i, "npy"],
  [/\.ome\.tiff?$/i, "ome-tiff"],
  [/\.tiff?$/i, "tiff"],
  [/\.png$/i, "png"],
];

/** What {@link convertDataset} did. */
export interface ConvertReport {
  /** `mrc`, `tiff`, `ome-tiff`, `imagej`, `ndtiff`, `ome-zarr`, `npy`. */
  readonly from: string;
  readonly to: ConvertFormat;
  readonly images: number;
  /** Places of an array that no image fills; they became zeros. None for datasets, which have gaps. */
  readonly filled: number;
  /** Of PNG. */
  readonly picture?: PictureReport;
}

const ZARR_KEYS: OptionKeys<ZarrLayout> = { version: true, shardPx: true, levels: true };

const KEYS: OptionKeys<ConvertOptions> = {
  format: true,
  overwrite: true,
  compression: true,
  zarr: true,
  image: true,
  tiffRows: true,
  level: true,
  at: true,
  bits: true,
  range: true,
  picture: true,
  onProgress: true,
  onLog: true,
  signal: true,
};

/**
 * Writes the image of one file or dataset as another one, or draws it. It passes by pieces, so that it may be larger than memory;
 * the result is there whole or not at all. What both formats can hold of axes, names, units, sizes and places is kept, and
 * `onLog` told in a line each what is not.
 *
 * Between MRC and TIFF the order of rows changes, as RELION and IMOD have it, unless `tiffRows` is "keep".
 *
 * Between NDTiff and the OME-Zarr of acquisitions, images keep their axes, metadata, summary metadata and bit depths, and
 * gaps stay gaps. A plate becomes a plate: every field a field of OME-Zarr, or a series of OME-TIFF.
 *
 * @throws {VitrineError} exists: the path is taken; unsupported: values that the format cannot hold; range: no known ending, no
 *   such level or place; missing: no such image or axis; aborted: by `signal`; and the errors of the formats
 */
export async function convertDataset(
  from: string,
  to: string,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  requireKnownOptions("convertDataset", options, KEYS);
  requireKnownOptions("convertDataset zarr", options.zarr, ZARR_KEYS);
  const format = options.format ?? formatOf(to);
  if (samePath(from, to)) throw onItself(to);
  if (options.zarr !== undefined && format !== "ome-zarr")
    options.onLog?.(`${to}: version, shards and number of levels are those of OME-Zarr: left out`, "warning");
  await using collection = await openImages(from);
  return await convertCollection(collection, to, options);
}

/**
 * As {@link convertDataset}, of images that are open; whoever opened them closes them.
 *
 * @throws {VitrineError} as `convertDataset`
 */
export async function convertCollection(
  collection: ImageCollection,
  to: string,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  requireKnownOptions("convertCollection", options, KEYS);
  requireKnownOptions("convertCollection zarr", options.zarr, ZARR_KEYS);
  const format = options.format ?? formatOf(to);
  if (!options.overwrite && (await fileExists(to))) throw taken(to);
  const { dataset, name: from } = collection;
  if (dataset !== undefined && !isPart(options) && (format === "ndtiff" || format === "ome-zarr")) {
    const images = await copyDataset(dataset, to, { ...options, format });
    return { from: collection.format, to: format, images, filled: 0 };
  }
  if (isWholePlate(collection, options) && (format === "ome-zarr" || format === "ome-tiff"))
    return {
      from: collection.format,
      to: format,
      filled: 0,
      images: await copyPlate(collection, to, { ...options, format }),
    };
  await using image = await collection.open(options.image);
  for (const line of imagesLeftOut(collection, options)) options.onLog?.(line, "warning");
  for (const line of new Set([...collection.warnings, ...image.warnings]))
    options.onLog?.(line.startsWith(from) ? line : `${from}: ${line}`, "warning");
  const formats = { from: collection.format, to: format };
  if (options.tiffRows === undefined && isTiffBesideMrc(formats.from, format))
    options.onLog?.(tiffRowsLine(format === "mrc" ? from : to), "warning");
  const turned = withTiffRows(image, formats, options);
  return { from: collection.format, ...(await writeImage(turned, to, { ...options, format, dataset })) };
}

type ImageOptions = ConvertOptions & {
  readonly format: ConvertFormat;
  readonly dataset: Dataset | undefined;
};

async function writeImage(
  image: ImageSource,
  to: string,
  options: ImageOptions,
): Promise<Omit<ConvertReport, "from">> {
  const { format, overwrite = false, onLog, signal } = options;
  if (format === "png") {
    if (options.bits !== undefined)
      onLog?.(
        `${to}: bits (--bits) are those of the other formats: left out; a range (--range) is a picture's contrast`,
        "warning",
      );
    const { at, level, picture, onProgress } = options;
    const drawn = await writePngSource(image, to, {
      ...picture,
      ...(at && { at }),
      ...(level !== undefined && { level }),
      ...(signal && { signal }),
      ...(onLog && { onLog }),
      overwrite,
    });
    onProgress?.({ done: 1, total: 1 });
    return { to: format, images: 1, filled: 0, picture: drawn };
  }
  const { source: view, clipped } = convertedView(image, options);
  for (const line of leftOut(view, to, format)) onLog?.(line, "warning");
  await writeSource(view, to, { ...options, format, overwrite });
  if (clipped() > 0)
    onLog?.(`${to}: ${clipped()} pixels lay outside the range and are held at its ends`, "warning");
  const planes = countPlanes(view);
  const isWhole = options.at === undefined && options.image === undefined;
  const gaps = isWhole && options.dataset !== undefined ? countImages(options.dataset) : undefined;
  return { to: format, ...(gaps ?? { images: planes, filled: 0 }) };
}

/** Images that are there, and places of their axes that none fills. */
function countImages(dataset: Dataset): Pick<ConvertReport, "images" | "filled"> {
  const images = dataset.imageCoordinates().length;
  const places = Object.values(dataset.axes).reduce((product, values) => product * values.length, 1);
  return { images, filled: Math.max(0, places - images) };
}

/** What images one by one have no room for. */
function isPart({ image, level, at, zarr, bits }: ConvertOptions): boolean {
  return [image, level, at, zarr, bits].some((option) => option !== undefined);
}

function formatOf(path: string): ConvertFormat {
  const known = ENDINGS.find(([ending]) => ending.test(path));
  if (known !== undefined) return known[1];
  throw new VitrineError({
    code: "range",
    at: path,
    expected: "a path that ends with .zarr, .mrc, .ome.tif, .tif, .npy or .png",
    found: endingOf(path),
    hint: "Name one with --format: ndtiff, ome-zarr, mrc, ome-tiff, tiff, npy or png; tables of particles become .csv, .star or .h5",
  });
}

function samePath(a: string, b: string): boolean {
  const plain = (path: string) => path.replace(/[/\\]+$/, "").replace(/^(\.[/\\])+/, "");
  return plain(a) === plain(b);
}

function onItself(at: string): VitrineError {
  const expected = "another path than that of the source";
  return new VitrineError({ code: "exists", at, expected, found: "the same" });
}

function taken(at: string): VitrineError {
  const hint = "Remove it, choose another name, or replace it with --overwrite";
  return new VitrineError({ code: "exists", at, expected: "nothing of this name", found: "something", hint });
}
