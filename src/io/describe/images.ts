import { VitrineError } from "../../core/index.ts";
import { openImages } from "../source/open.ts";
import type { ImageCollection, ImageSource, PlateWell, SourceChannel, SourcePart } from "../source/source.ts";
import { axisOf } from "../source/viewLevels.ts";

/** Images of a file that are opened; of further ones the names are told alone. */
const MOST_OPENED = 16;
/** Wells whose fields are opened, to tell where they lie. */
const MOST_WELLS = 16;

/** An axis of an image with its length and, where the file tells, the distance of neighbours. */
export interface AxisDescription {
  readonly name: string;
  readonly length: number;
  readonly unit?: string;
  /** In the unit. */
  readonly step?: number;
  /** Place of the first pixel, in the unit. */
  readonly start?: number;
}

/** What is known of one image of many resolutions. */
export interface ImageDescription {
  readonly name: string;
  readonly dtype: string;
  readonly axes: readonly AxisDescription[];
  readonly levels: readonly { readonly shape: readonly number[]; readonly chunkShape: readonly number[] }[];
  readonly channels: readonly SourceChannel[];
  readonly isLabels: boolean;
  /** Bits that carry something, where they are fewer than the type has. */
  readonly significantBits?: number;
}

/** What is known of a file of images, series, fields of a plate and labels. */
export interface ImagesDescription {
  readonly kind: "images";
  /** `ome-zarr`, `ome-tiff`, `imagej`, `tiff`. */
  readonly format: string;
  readonly names: readonly string[];
  readonly labels: readonly string[];
  /** The first ones. */
  readonly images: readonly ImageDescription[];
  readonly plate?: NonNullable<ImageCollection["plate"]>;
  /** Wells of several fields, the first ones. */
  readonly wells?: readonly WellDescription[];
  readonly warnings: readonly string[];
}

/** A well with the places of its fields, in pixels of the full resolution. */
export interface WellDescription extends Omit<PlateWell, "fields"> {
  readonly height: number;
  readonly width: number;
  readonly fields: readonly SourcePart[];
}

/** A file of images by what it says of them; pixels are not read. Errors as those of `openImages`. */
export async function describeImages(path: string): Promise<ImagesDescription> {
  await using collection = await openImages(path);
  const { format, images: names, labels, plate } = collection;
  const images: ImageDescription[] = [];
  const warnings = new Set(collection.warnings);
  const faults: VitrineError[] = [];
  for (const name of [...names, ...labels].slice(0, MOST_OPENED)) {
    try {
      await using image = await collection.open(name);
      images.push(describeImage(name, image));
      for (const line of image.warnings) warnings.add(line);
    } catch (error) {
      // others of the store are there all the same
      if (names.length + labels.length === 1 || !isFault(error)) throw error;
      faults.push(error);
    }
  }
  if (images.length === 0 && faults.length > 0) throw faults[0];
  for (const { message } of faults) warnings.add(`an image cannot be read: ${message}`);
  const wells: WellDescription[] = [];
  for (const well of (collection.wells ?? [])
    .filter(({ fields }) => fields.length > 1)
    .slice(0, MOST_WELLS)) {
    try {
      await using image = await collection.open(well.image);
      wells.push(describeWell(well, image));
      for (const line of image.warnings) warnings.add(`well ${well.image}: ${line}`);
    } catch (error) {
      if (!isFault(error)) throw error;
      warnings.add(`well ${well.image} cannot be read: ${error.message}`);
    }
  }
  return {
    ...{ kind: "images", format, names, labels, images },
    ...(plate && { plate }),
    ...(wells.length > 0 && { wells }),
    warnings: [...warnings],
  };
}

function isFault(error: unknown): error is VitrineError {
  return error instanceof VitrineError && error.code !== "aborted";
}

function describeWell(well: PlateWell, source: ImageSource): WellDescription {
  const [height, width] = ["y", "x"].map((axis) => source.levels[0].shape[axisOf(source, axis)]);
  return { ...well, height, width, fields: source.parts ?? [] };
}

/** The first image of a file as sources know it. */
export interface SourceDescription {
  /** Axes with units and steps, levels, chunks; absent where no image can be read of it by regions, which `warnings` says. */
  readonly image?: ImageDescription;
  /** Why there is none, and what was left out or guessed of it; absent where nothing was. */
  readonly warnings?: readonly string[];
}

/** The first image of a file that its format's own description tells of, or why it cannot be read as one. */
export async function describeSource(path: string): Promise<SourceDescription> {
  try {
    await using collection = await openImages(path);
    const [name] = collection.images;
    await using image = await collection.open(name);
    const warnings = [...new Set([...collection.warnings, ...image.warnings])];
    return { image: describeImage(name, image), ...(warnings.length > 0 && { warnings }) };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { warnings: [`no image can be read of it: ${error.message}`] };
  }
}

function describeImage(
  name: string,
  { axes, dtype, levels, channels, isLabels, significantBits }: ImageSource,
): ImageDescription {
  const [{ shape, scale, translation }] = levels;
  return {
    name,
    dtype,
    axes: axes.map((axis, i) => ({
      name: axis.name,
      length: shape[i],
      ...(axis.unit !== undefined && { unit: axis.unit, step: scale[i], start: translation[i] }),
    })),
    levels: levels.map((level) => ({ shape: level.shape, chunkShape: level.chunkShape })),
    channels,
    isLabels,
    ...(significantBits !== undefined && { significantBits }),
  };
}
