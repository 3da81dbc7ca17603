/** Files and stores of several images: OME-TIFF, OME-Zarr, NDTiff. */
import { basename, join } from "node:path";
import { VitrineError } from "../../core/index.ts";
import {
  type Axes,
  type ImageCollection,
  type JsonObject,
  type NdtiffDataset,
  openImages,
  openNdtiff,
  type PlateField,
} from "../../io/index.ts";
import { baseOf, type Found, type FoundImage, folderOf, type ImageFolder } from "./found.ts";
import { groupBy } from "./group.ts";
import type { NameOptions } from "./names.ts";
import { affineOf, imagePosition, namedPosition, UNKNOWN_SIGN } from "./stage.ts";

/** Files of Micro-Manager: the position's name, then the number of the part where a position fills several files. */
const STACK_NAME =
  /MMStack(?:_(?<position>(?:\d+-)?Pos[-_]?\d{3}_\d{3}|(?:\d+-)?Pos-?\d+|[A-Z]+\d+-Site_\d+|Default))?(?<part>_\d+)?\.ome\.tiff?$/i;

/**
 * Images of stores and OME-TIFF files: fields of a plate where they are one, else sites by the names of positions. Files of one series that
 * tell the same images are read once.
 *
 * @throws {VitrineError} aborted
 */
export async function readContainers(
  folder: ImageFolder,
  files: readonly string[],
  options: NameOptions,
): Promise<readonly Found[]> {
  const founds: Found[] = [];
  const seen = new Map<string, string>();
  const all = new Set(files);
  for (const path of [...folder.stores, ...files]) {
    const part = STACK_NAME.exec(path)?.groups?.part;
    const first = part === undefined ? path : path.replace(new RegExp(`${part}(?=\\.ome)`), "");
    // the first file of a position tells of the others
    if (part !== undefined && all.has(first)) {
      founds.push({ microscope: "Micro-Manager (OME-TIFF)", images: [], tellers: [path] });
      continue;
    }
    const found = await readContainer(folder, path, { ...options, seen });
    founds.push(found);
  }
  return founds;
}

type ContainerOptions = NameOptions & { readonly seen: Map<string, string> };

async function readContainer(folder: ImageFolder, path: string, options: ContainerOptions): Promise<Found> {
  const plate = options.plateOf(path);
  try {
    await using collection = await openImages(join(folder.path, path));
    if (collection.format === "ndtiff") return await readNdtiff(join(folder.path, path), path, plate);
    const series = [folderOf(path), ...collection.images].join("\u0000");
    const before = options.seen.get(series);
    // all files of a series list all its images
    if (before !== undefined && collection.images.length > 1)
      return { microscope: "OME-TIFF", images: [], tellers: [path] };
    options.seen.set(series, path);
    return collection.plate === undefined
      ? imagesOf(collection, path, plate)
      : fieldsOf(collection, path, plate);
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
    const warnings = [`${path || basename(folder.path)} cannot be read and is left out: ${error.message}`];
    return { microscope: "a store or file", images: [], tellers: [path], warnings };
  }
}

const FORMATS: Readonly<Record<string, string>> = { "ome-zarr": "OME-Zarr", "ome-tiff": "OME-TIFF" };

/** A plate with its wells and fields. */
function fieldsOf({ plate: told, format, warnings }: ImageCollection, path: string, plate: string): Found {
  const name = told?.name ?? (path === "" ? plate : baseOf(path).replace(/\.(ome\.)?(zarr|tiff?)$/i, ""));
  const siteOf = siteNumbers(told?.fields ?? []);
  const images = (told?.fields ?? []).map(
    ({ image, rowIndex, columnIndex, field, acquisition }): FoundImage => ({
      ...{
        path,
        plate: name,
        well: { rowIndex, columnIndex },
        site: siteOf({ image, field, acquisition }),
        image,
      },
      // a later acquisition is another round on the same wells
      ...(acquisition !== undefined && { cycle: acquisition }),
    }),
  );
  return {
    microscope: `${FORMATS[format] ?? format} plate`,
    ...(told !== undefined && { plates: { [name]: [told.rows.length, told.columns.length] as const } }),
    images: images.map((image) => ({ ...image, cycle: (image.cycle ?? 0) - leastCycle(images) })),
    warnings,
  };
}

/**
 * Numbers of sites, the same in all wells and acquisitions: by the fields' paths where those are numbers (`B/3/7`), else by their places in
 * the wells' lists; an acquisition's first is 0.
 */
function siteNumbers(fields: readonly PlateField[]) {
  const isNumbered = fields.every(({ image }) => /\/\d+$/.test(image));
  const numberOf = ({ image, field }: Field) => (isNumbered ? Number(baseOf(image)) : field);
  const numbers = new Map(
    [...groupBy(fields, ({ acquisition }) => acquisition)].map(([acquisition, of]) => [
      acquisition,
      [...new Set(of.map(numberOf))].sort((a, b) => a - b),
    ]),
  );
  return (field: Field) => numbers.get(field.acquisition)?.indexOf(numberOf(field)) ?? field.field;
}

type Field = Pick<PlateField, "image" | "field"> & { readonly acquisition?: number | undefined };

function leastCycle(images: readonly FoundImage[]): number {
  return images.reduce((least, { cycle = 0 }) => Math.min(least, cycle), Number.POSITIVE_INFINITY);
}

/** Images that name positions, of one file or a file each. */
function imagesOf({ images, format, warnings }: ImageCollection, path: string, plate: string): Found {
  const file = STACK_NAME.exec(path)?.groups?.position;
  const found = images.map((image, i): FoundImage => {
    const { well, site, grid } = namedPosition(images.length === 1 && file !== undefined ? file : image);
    return {
      ...{ path, plate, image, well: well ?? { rowIndex: 0, columnIndex: 0 }, site: site ?? i },
      ...(grid !== undefined && { grid, site: Number.NaN }),
    };
  });
  const kind = /MMStack/.test(path) ? "Micro-Manager (OME-TIFF)" : (FORMATS[format] ?? format);
  return { microscope: kind, images: found, warnings };
}

/** Axes of a dataset along which sites lie. */
const SITE_AXES = ["position", "grid", "row", "column"] as const;

/** Positions and tiles of an acquisition, each by its name and the stage. */
async function readNdtiff(store: string, path: string, plate: string): Promise<Found> {
  await using dataset = await openNdtiff(store);
  const images: FoundImage[] = [];
  const warnings: string[] = [];
  for (const [i, axes] of sitesOf(dataset).entries()) {
    const metadata = await dataset.readMetadata(axes);
    const name = positionName(dataset, axes, metadata);
    const { well, site, grid } = name === undefined ? {} : namedPosition(name);
    const stage = stageOf(metadata);
    if (stage !== undefined && !stage.isSigned && i === 0)
      warnings.push(`${basename(store)}: ${UNKNOWN_SIGN}`);
    const tile = tileOf(axes) ?? grid;
    const plane = SITE_AXES.flatMap((axis): [string, number][] =>
      axes[axis] === undefined ? [] : [[axis, dataset.axes[axis].indexOf(axes[axis])]],
    );
    images.push({
      ...{ path, plate, well: well ?? { rowIndex: 0, columnIndex: 0 }, site: site ?? i },
      ...(tile !== undefined && { grid: tile, ...(site === undefined && { site: Number.NaN }) }),
      ...(plane.length > 0 && { plane: Object.fromEntries(plane) }),
      ...(stage !== undefined && { positionUm: stage.positionUm }),
    });
  }
  const size = Number(dataset.summaryMetadata.PixelSize_um ?? Number.NaN);
  return { microscope: "NDTiff", images, warnings, ...(size > 0 && { pixelSizeUm: size }) };
}

/** The first image of each site. */
function sitesOf(dataset: NdtiffDataset): Axes[] {
  const sites = new Map<string, Axes>();
  for (const axes of dataset.imageCoordinates()) {
    const key = SITE_AXES.map((axis) => axes[axis]).join("\u0000");
    if (!sites.has(key)) sites.set(key, axes);
  }
  return [...sites.values()];
}

/** The position itself, else what its image or the summary calls it. */
function positionName(
  { summaryMetadata }: NdtiffDataset,
  { position }: Axes,
  metadata: JsonObject,
): string | undefined {
  if (typeof position === "string") return position;
  const { PositionNames: names } = summaryMetadata;
  const listed = Array.isArray(names) && typeof position === "number" ? names[position] : undefined;
  const name = metadata.PositionName ?? listed;
  return typeof name === "string" ? name : undefined;
}

function tileOf({ row, column }: Axes): readonly [number, number] | undefined {
  return typeof row === "number" && typeof column === "number" ? [row, column] : undefined;
}

/** Where the stage was, else where it was sent. */
function stageOf(metadata: JsonObject) {
  const xUm = metadata.XPositionUm ?? metadata.XPosition_um_Intended;
  const yUm = metadata.YPositionUm ?? metadata.YPosition_um_Intended;
  if (typeof xUm !== "number" || typeof yUm !== "number") return undefined;
  const affine = typeof metadata.PixelSizeAffine === "string" ? metadata.PixelSizeAffine : undefined;
  const pixelSizeUm = typeof metadata.PixelSizeUm === "number" ? metadata.PixelSizeUm : 1;
  return {
    positionUm: imagePosition({ xUm, yUm }, { affine, pixelSizeUm }),
    isSigned: affineOf(affine) !== undefined,
  };
}
