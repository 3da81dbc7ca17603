/** InCell Analyzer: a file .xdce beside the images. Source: Bio-Formats' InCellReader. */
import { join } from "node:path";
import type { Xml } from "../../io/index.ts";
import { baseOf, below, distinctNames, type Found, type FoundImage, folderOf } from "./found.ts";
import { incomplete, presentImages, type Teller } from "./teller.ts";
import { attribute, attributeNumber, elements, readXmlFile } from "./xml.ts";

/** Offsets of fields are µm from the well's centre, y up; rows and columns count from 1, fields, planes, waves and times from 0. */
export async function readInCell(teller: Teller): Promise<Found | undefined> {
  const { folder, path } = teller;
  const xml = await readXmlFile(join(folder.path, path));
  const records = elements(xml, "Image").filter((image) => attribute(image, "filename") !== undefined);
  if (records.length === 0) return undefined;
  const [plateXml] = elements(xml, "Plate");
  const plate = attribute(plateXml, "name") ?? baseOf(path).replace(/\.xdce$/i, "");
  const offsets = offsetsOf(elements(xml, "offset_point"));
  const names = waveNames(xml);
  const images = records.flatMap((record) => imageOf(record, { plate, offsets, names, path }) ?? []);
  const present = presentImages(images, teller);
  const [rows, columns] = [attributeNumber(plateXml, "rows"), attributeNumber(plateXml, "columns")];
  const size = attributeNumber(elements(xml, "ObjectiveCalibration")[0], "pixel_width");
  return {
    microscope: `InCell (${path})`,
    images: present.images,
    warnings: [...present.warnings, ...incomplete(records.length - images.length, path)],
    tellers: [path],
    ...(size !== undefined && size > 0 && { pixelSizeUm: size }),
    ...(rows !== undefined && columns !== undefined && { plates: { [plate]: [rows, columns] as const } }),
  };
}

type Offset = readonly [number, number] | undefined;

/** By the fields' numbers, where the points have them; else in their order. */
function offsetsOf(points: readonly Xml[]): ReadonlyMap<number, Offset> {
  const numbers = points.map((point) => attributeNumber(point, "index"));
  const isNumbered = !numbers.includes(undefined) && new Set(numbers).size === numbers.length;
  return new Map(points.map((point, i) => [isNumbered ? (numbers[i] ?? i) : i, offsetOf(point)]));
}

function offsetOf(point: Xml): Offset {
  const [x, y] = [attributeNumber(point, "x"), attributeNumber(point, "y")];
  return x === undefined || y === undefined ? undefined : [-y, x];
}

/** By their emission; with the number where two have the same. */
function waveNames(xml: Xml): readonly string[] {
  const waves = elements(xml, "Wavelength");
  const names = waves.map((wave, i) => attribute(elements(wave, "EmissionFilter")[0], "name") ?? `wave ${i}`);
  return [...distinctNames(new Map(names.map((name, i) => [String(i), name]))).values()];
}

interface Around {
  readonly plate: string;
  readonly offsets: ReadonlyMap<number, Offset>;
  readonly names: readonly string[];
  readonly path: string;
}

function imageOf(record: Xml, { plate, offsets, names, path }: Around): FoundImage | undefined {
  const row = attributeNumber(elements(record, "Row")[0], "number");
  const column = attributeNumber(elements(record, "Column")[0], "number");
  const name = attribute(record, "filename");
  if (row === undefined || column === undefined || row < 1 || column < 1 || name === undefined)
    return undefined;
  const [identifier] = elements(record, "Identifier");
  const index = (of: string) => attributeNumber(identifier, `${of}_index`) ?? 0;
  const positionUm = offsets.get(index("field"));
  return {
    path: below(folderOf(path), name),
    plate,
    well: { rowIndex: row - 1, columnIndex: column - 1 },
    site: index("field"),
    channel: names[index("wave")] ?? `wave ${index("wave")}`,
    tpoint: index("time"),
    zplane: index("z"),
    fromZero: FROM_ZERO,
    ...(positionUm !== undefined && { positionUm, isFromWell: true }),
  };
}

const FROM_ZERO = ["site", "tpoint", "zplane"] as const;
