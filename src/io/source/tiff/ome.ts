import { VitrineError } from "../../../core/index.ts";
import type { OmeChannel, OmeImage, OmeModel, OmeQuantity } from "../../tiff/ome/model.ts";
import type { TiffReader } from "../../tiff/reader.ts";
import type { ImageCollection, SourceChannel } from "../source.ts";
import { convertUnit, unitName } from "../units.ts";
import { TiffFiles } from "./files.ts";
import { lowerPage, lowerPages } from "./image.ts";
import { type OmePlane, placeOmePlanes } from "./omePlanes.ts";
import { omeScales } from "./omeScales.ts";
import type { PlacedPlane, TiffImagePlan } from "./plan.ts";

/** The file that holds OME-XML. */
export interface OmeFile {
  readonly reader: TiffReader;
  readonly model: OmeModel;
  /** Where other files are looked for. */
  readonly folder: string | undefined;
  /** Name of the file itself without its folder. */
  readonly baseName: string;
}

/** Finds planes, axes, units and channels of an image of OME-XML. @throws {VitrineError} missing, format: no plane can be read */
export async function planOme(
  ome: OmeFile,
  { image, name }: { readonly image: OmeImage; readonly name: string },
): Promise<TiffImagePlan> {
  const files = new TiffFiles(ome.reader, ome.folder);
  const alone = await isAlone(ome, image, files);
  const warnings: string[] =
    alone === undefined ? [] : [`${name}: ${alone} is not there; its pages are looked for in this file`];
  const missing = new Set<string>();
  const placed = await placeOmePlanes(image, {
    name,
    model: ome.model,
    pages: ome.reader.chain.length,
    samples: ome.reader.chain[0].page.channels,
    isOwn: (fileName) => alone !== undefined || fileName === ome.baseName,
    pagesOf: async (fileName) => {
      if (await files.exists(fileName)) return files.use(fileName, async (reader) => reader.chain.length);
      missing.add(fileName);
      return undefined;
    },
  });
  warnings.push(...placed.warnings, ...image.unread.map((words) => `${name}: ${words}: left out`));
  if (missing.size > 0) warnings.push(missingFiles(name, missing));
  const seen = [...placed.planes.values()].find(
    ({ fileName }) => fileName === undefined || !missing.has(fileName),
  );
  const any = seen ?? placed.planes.values().next().value;
  if (any === undefined) {
    const found = "none";
    throw new VitrineError({ code: "format", at: name, expected: "pages of the image's planes", found });
  }
  const first = await withPlane(files, any, async (plane) => plane);
  warnings.push(...contradictions(image, { name, first, samples: placed.samples }));
  return {
    name,
    first,
    lower: await lowerPages(first.reader, first.plane.entry),
    ...omeScales(image, { channels: placed.channels, name, warnings }),
    ...(image.significantBits !== undefined && { significantBits: image.significantBits }),
    channels: image.channels.slice(0, placed.channels).map(channelOf),
    metadata: image.metadata,
    warnings,
    withPlane: async (index, use) => {
      const plane = placed.planes.get(index);
      return plane === undefined ? undefined : withPlane(files, plane, use);
    },
    lowerPage,
    close: () => files.close(),
  };
}

async function withPlane<T>(
  files: TiffFiles,
  { fileName, ifd }: OmePlane,
  use: (plane: PlacedPlane) => Promise<T>,
): Promise<T> {
  return files.use(fileName, (reader) => {
    const entry = reader.chain[ifd];
    if (entry !== undefined) return use({ reader, plane: { entry, frame: 0 } });
    const [expected, found] = [`page ${ifd}, which OME-XML names`, `${reader.chain.length} pages`];
    throw new VitrineError({ code: "format", at: reader.file.name, expected, found });
  });
}

/** A file that was renamed after it was written names itself by its old name: the only one, which is not there. */
async function isAlone(
  { model, baseName }: OmeFile,
  image: OmeImage,
  files: TiffFiles,
): Promise<string | undefined> {
  const names = new Set(image.data.map(({ fileName }) => fileName));
  const [name] = names;
  if (names.size !== 1 || name === undefined || name === baseName) return undefined;
  const others = model.images.flatMap(({ data }) => data.map(({ fileName }) => fileName));
  if (others.some((other) => other !== name) || (await files.exists(name))) return undefined;
  return name;
}

function missingFiles(name: string, missing: ReadonlySet<string>): string {
  const [first] = missing;
  const more = missing.size > 1 ? ` and ${missing.size - 1} more files` : "";
  return `${name}: ${first}${more} of its planes are not beside it; reading those planes is an error`;
}

/** Where pages are not what the XML says, pages are right. */
function contradictions(
  image: OmeImage,
  { name, first, samples }: { readonly name: string; readonly first: PlacedPlane; readonly samples: number },
): string[] {
  const { page } = first.plane.entry;
  const said = `${image.sizeX} x ${image.sizeY} x ${samples}`;
  const found = `${page.width} x ${page.height} x ${page.channels}`;
  const type = TYPES[image.type.toLowerCase()] ?? image.type;
  const differences = [];
  if (said !== found) differences.push(`${name}: OME-XML says ${said}, its pages are ${found}`);
  if (type !== "" && type !== page.dtype && page.bits % 8 === 0)
    differences.push(`${name}: OME-XML says ${image.type}, its pages are ${page.dtype}`);
  return differences;
}

const TYPES: Readonly<Record<string, string>> = { float: "float32", double: "float64" };

function channelOf({ name, color, emission, excitation }: OmeChannel): SourceChannel {
  const [emissionNm, excitationNm] = [nanometers(emission), nanometers(excitation)];
  return {
    ...(name !== undefined && { name }),
    ...(color !== undefined && { color }),
    ...(emissionNm !== undefined && { emissionNm }),
    ...(excitationNm !== undefined && { excitationNm }),
  };
}

function nanometers(quantity: OmeQuantity | undefined): number | undefined {
  const unit = quantity && unitName(quantity.unit);
  return unit === undefined || quantity === undefined
    ? undefined
    : convertUnit(quantity.value, unit, "nanometer");
}

/** Names of images for people: those of the XML where they differ, else with their identifiers. */
export function omeNames(images: readonly OmeImage[]): string[] {
  const names = images.map(({ name, id }, i) => name ?? (id === "" ? String(i) : id));
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name, i) => (counts.get(name) === 1 ? name : `${name} (${i})`));
}

/** Fields of a plate by the names of the images. */
export function omePlate({ images, plates }: OmeModel, names: readonly string[]): ImageCollection["plate"] {
  const [plate] = plates;
  if (plate === undefined) return undefined;
  const byId = new Map(images.map(({ id }, i) => [id, names[i]]));
  const fields = plate.fields.flatMap(({ row, column, field, image, acquisition, stage }) => {
    const name = byId.get(image);
    if (name === undefined) return [];
    const well = `${plate.rows[row]}${plate.columns[column].padStart(2, "0")}`;
    const place = { image: name, well, rowIndex: row, columnIndex: column, field };
    return [{ ...place, ...(acquisition !== undefined && { acquisition }), ...(stage && { stage }) }];
  });
  const { rows, columns, name } = plate;
  return { ...(name !== undefined && { name }), rows, columns, fields };
}
