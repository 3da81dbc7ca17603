/** InCell Analyzer: a file .xdce beside the images. Source: Bio-Formats' InCellReader. */
import { join } from "node:path";
import type { Xml } from "../../io/index.ts";
import { baseOf, below, type Found, type FoundImage, folderOf } from "./found.ts";
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
  const offsets = elements(xml, "offset_point").map((point) => offsetOf(point));
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

function offsetOf(point: Xml): Offset {
  const [x, y] = [attributeNumber(point, "x"), attributeNumber(point, "y")];
  return x === undefined || y === undefined ? undefined : [-y, x];
}

/** By their emission; the number where two have the same. */
function waveNames(xml: Xml): readonly string[] {
  const waves = elements(xml, "Wavelength");
  const names = waves.map((wave, i) => attribute(elements(wave, "EmissionFilter")[0], "name") ?? `wave ${i}`);
  return names.map((name, i) => (names.indexOf(name) === i ? name : `${name} ${i}`));
}

interface Around {
  readonly plate: string;
  readonly offsets: readonly Offset[];
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
  const positionUm = offsets[index("field")];
  return {
    path: below(folderOf(path), name),
    plate,
    well: { rowIndex: row - 1, columnIndex: column - 1 },
    site: index("field"),
    channel: names[index("wave")] ?? `wave ${index("wave")}`,
    tpoint: index("time"),
    zplane: index("z"),
    ...(positionUm !== undefined && { positionUm }),
  };
}
