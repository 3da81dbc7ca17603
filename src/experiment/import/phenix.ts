/** Opera Phenix and Operetta: Index.idx.xml or Index.xml beside the images. Source: Bio-Formats' OperettaReader. */
import { join } from "node:path";
import { wellName, type Xml } from "../../io/index.ts";
import { below, type Found, type FoundChannel, type FoundImage, folderOf } from "./found.ts";
import { incomplete, presentImages, type Teller } from "./teller.ts";
import { attribute, elements, numberIn, readXmlFile, textOf } from "./xml.ts";

const UM_PER_M = 1e6;

/** Positions are metres from the well's centre, y up; field 1 is the centre. Rows, columns, fields and planes count from 1, times from 0. */
export async function readPhenix(teller: Teller): Promise<Found | undefined> {
  const { folder, path, options } = teller;
  const xml = await readXmlFile(join(folder.path, path));
  // `Well` and `Plate` name images as well, by their id alone
  const records = elements(xml, "Image").filter((image) => textOf(image, "URL") !== undefined);
  if (records.length === 0) return undefined;
  const [plateXml] = elements(xml, "Plate");
  const plate = textOf(plateXml, "PlateID") ?? textOf(plateXml, "Name") ?? options.plateOf(path);
  const entries = new Map(
    elements(xml, "Entry").flatMap((entry) =>
      attribute(entry, "ChannelID") === undefined ? [] : [[attribute(entry, "ChannelID"), entry]],
    ),
  );
  const entryOf = (image: Xml) => entries.get(textOf(image, "ChannelID"));
  const images = records.flatMap((image) => imageOf(image, { plate, entry: entryOf(image), path }) ?? []);
  const present = presentImages(images, teller);
  const [rows, columns] = [numberIn(plateXml, "PlateRows"), numberIn(plateXml, "PlateColumns")];
  const size = numberIn(records[0], "ImageResolutionX") ?? numberIn(entryOf(records[0]), "ImageResolutionX");
  return {
    microscope: `Opera Phenix or Operetta (${path})`,
    images: present.images,
    warnings: [...present.warnings, ...incomplete(records.length - images.length, path)],
    tellers: [path],
    ...(size !== undefined && size > 0 && { pixelSizeUm: size * UM_PER_M }),
    ...(rows !== undefined && columns !== undefined && { plates: { [plate]: [rows, columns] as const } }),
    channels: Object.fromEntries(records.map((image) => channelOf(image, entryOf(image)))),
    planned: { wells: { [plate]: plannedWells(plateXml) } },
  };
}

interface Around {
  readonly plate: string;
  readonly entry: Xml | undefined;
  readonly path: string;
}

function imageOf(image: Xml, { plate, entry, path }: Around): FoundImage | undefined {
  const [row, column] = [numberIn(image, "Row"), numberIn(image, "Col")];
  const url = textOf(image, "URL");
  if (row === undefined || column === undefined || row < 1 || column < 1 || url === undefined)
    return undefined;
  const [x, y] = [numberIn(image, "PositionX"), numberIn(image, "PositionY")];
  return {
    path: below(folderOf(path), url),
    plate,
    well: { rowIndex: row - 1, columnIndex: column - 1 },
    site: numberIn(image, "FieldID") ?? 1,
    channel: channelOf(image, entry)[0],
    tpoint: numberIn(image, "TimepointID") ?? 0,
    zplane: numberIn(image, "PlaneID") ?? 1,
    ...(x !== undefined && y !== undefined && { positionUm: [-y * UM_PER_M, x * UM_PER_M] as const }),
  };
}

/** Since version 6 a channel's facts are in an `Entry` of their own. */
function channelOf(image: Xml, entry: Xml | undefined): [string, FoundChannel] {
  const name =
    textOf(image, "ChannelName") ?? textOf(entry, "ChannelName") ?? textOf(image, "ChannelID") ?? "1";
  const most = numberIn(image, "MaxIntensity") ?? numberIn(entry, "MaxIntensity");
  const wavelength = textOf(image, "MainEmissionWavelength") ?? textOf(entry, "MainEmissionWavelength");
  return [
    name,
    {
      ...(most !== undefined && most > 1 && { bitDepth: Math.ceil(Math.log2(most)) }),
      ...(wavelength !== undefined && { wavelength }),
    },
  ];
}

/** `<Well id="0203"/>`: row and column. */
function plannedWells(plate: Xml | undefined): string[] {
  const ids = plate === undefined ? [] : elements(plate, "Well").map((well) => attribute(well, "id") ?? "");
  return ids.flatMap((id) => {
    const [, row, column] = /^(\d\d)(\d\d)$/.exec(id) ?? [];
    return row === undefined
      ? []
      : [wellName({ rowIndex: Number(row) - 1, columnIndex: Number(column) - 1 })];
  });
}
